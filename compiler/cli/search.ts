/** `whittle search`: ONNX model + goal + samples → the best packed model that was found for it, and the recipe that makes it. */
import { InvalidArgumentError } from 'commander';
import { type CompiledModel, type FloatModel, importModel } from '../compile.ts';
import { applyRecipe } from '../compression/apply-recipe.ts';
import { Referee } from '../compression/measure.ts';
import { packCompressed } from '../compression/pack-compressed.ts';
import { parseRecipe } from '../compression/recipe.ts';
import { type CompressionReport, compressionReport } from '../compression/report.ts';
import { sampleSet, withoutLabels } from '../compression/sample-set.ts';
import { UsageError } from '../errors.ts';
import { writeOutputFile } from '../files.ts';
import { version } from '../root.ts';
import { preprocessNote } from '../samples/images.ts';
import { type Samples, sha256 } from '../samples/samples.ts';
import { decisionsOf, type RecipeFrame } from '../search/decisions.ts';
import { type Goal, metrics, parseGoal } from '../search/goal.ts';
import { Judge } from '../search/judge.ts';
import { Laboratory, type Measured, type Meter } from '../search/laboratory.ts';
import { paretoFront } from '../search/pareto.ts';
import { type SearchResult, searchRecipe } from '../search/search.ts';
import { SearchState } from '../search/state.ts';
import type { Candidate } from '../search/trials.ts';
import { loadModelSamples, reportText } from './compress.ts';
import { addInputShapeOption, type InputShape } from './input-shapes.ts';
import { modelName } from './model-file.ts';
import type { Output } from './output.ts';
import { type Invocation, integerOption, type Verb } from './program.ts';
import { findingsText, measuredText } from './search-text.ts';

/** Opens the device that times or counts; who assembles the command line knows the devices. */
export type OpenMeter = (device: string, output: Output) => Promise<Meter & { close(): Promise<void> }>;

interface SearchVerbOptions {
  readonly goal: string;
  readonly samples: string;
  readonly validate?: string;
  readonly on?: string;
  readonly limit: number;
  readonly maxMinutes: number;
  readonly compact: boolean;
  readonly input?: readonly InputShape[];
  readonly name?: string;
  readonly output?: string;
}

/** A plan that was measured as a whole, as the document lists it. */
export interface SearchCandidate extends Measured {
  /** Nothing that was measured is better in everything. */
  readonly pareto: boolean;
  readonly written: boolean;
  /** Absent: several methods or strengths. One method at one strength everywhere: which. */
  readonly single?: string;
  /** `magnitude-pruning 0.5 on conv1` */
  readonly options: readonly string[];
}

/** So many validation samples tell options apart; all of them judge what is written. */
const PROBE_SAMPLES = 256;
/**
 * Where plans are compared that lose little, this share of the validation samples is run. Of the answers that 53 weights per
 * layer change in ResNet-8, 19 of 20 are among these 1000 of 5000.
 */
const CONTESTED_SHARE = 0.2;
const STATISTICS_PATCHES = 8192;
const EXIT_GATE = 5;

interface Files {
  readonly model: string;
  readonly recipe: string;
  readonly state: string;
}

function filesOf(target: string): Files {
  const stem = target.replace(/\.whittle$/, '');
  return { model: target, recipe: `${stem}.recipe.yaml`, state: `${stem}.search.json` };
}

/** @throws UsageError when the goal needs another device than there is. */
function checkDevice({ text, budgets }: Goal, meter: Meter | undefined): void {
  for (const unit of ['time', 'instructions'] as const) {
    if (budgets[unit] === undefined || meter?.unit === unit) continue;
    throw new UsageError(
      meter
        ? `--goal "${text}": ${meter.device} measures ${meter.unit}, not ${unit}`
        : `--goal "${text}": ${unit} is measured on a device: give --on ${unit === 'time' ? 'node' : 'qemu:BOARD'}`,
    );
  }
}

interface Made {
  readonly compiled: CompiledModel;
  readonly report: CompressionReport;
}

/**
 * What `whittle compress` with this recipe and these samples writes, and how it came about.
 * @param found the packed model where it was made just now: what a measured time chose (encodings) is chosen once
 */
async function compressAgain(
  { recipe: text }: Candidate,
  found: CompiledModel | undefined,
  { model, samples, validation, name, seed }: { model: FloatModel; samples: Samples; validation: Samples; name: string; seed: number },
): Promise<Made> {
  const recipe = parseRecipe(text, 'search');
  const compressed = await applyRecipe({
    original: model.graph,
    recipe,
    samples: withoutLabels(sampleSet(samples, model.graph)),
    seed,
  });
  const compiled = found ?? (await packCompressed({ model, ...compressed, recipe, name, seed, samples }));
  const referee = await Referee.create(model.graph, sampleSet(validation, model.graph));
  const measured = await referee.measure(compiled.graph);
  return { compiled, report: compressionReport({ original: model.graph, compressed, compiled, measured }) };
}

async function run(path: string, options: SearchVerbOptions, invocation: Invocation, openMeter: OpenMeter): Promise<void> {
  const { output, seed } = invocation;
  const start = performance.now();
  const goal = parseGoal(options.goal);
  const name = options.name ?? modelName(path);
  const model = importModel({ onnx: path, name, inputShapes: new Map(options.input) });
  const samples = loadModelSamples(options.samples, model.graph, options.limit);
  const validation = options.validate === undefined ? samples : loadModelSamples(options.validate, model.graph);
  const note = preprocessNote(samples);
  if (note) output.note(note);
  if (!validation.label) output.note(`${validation.source} has no labels: the drop is that of agreement with the original model`);
  const files = filesOf(options.output ?? `${name}.whittle`);
  const meter = options.on === undefined ? undefined : await openMeter(options.on, output);
  try {
    checkDevice(goal, meter);
    const frame: RecipeFrame = {
      encoding: goal.budgets.time === undefined ? 'bytes' : 'time',
      // A board runs the file from where it lies: it cannot expand it.
      compact: options.compact && meter?.unit !== 'instructions',
      patches: STATISTICS_PATCHES,
    };
    const digest = sha256(
      version,
      sha256(model.source),
      samples.hash(),
      validation.hash(),
      JSON.stringify([options.limit, seed, options.on, goal.budgets.time === undefined]),
    );
    const { state, isForeign } = SearchState.open(files.state, digest);
    if (isForeign) output.note(`${files.state} is of another model, other samples or another version: it is begun anew`);
    if (state.count) output.note(`${files.state}: ${state.count} measurements are there already`);
    const set = sampleSet(validation, model.graph);
    const full = await Judge.create(model.graph, set);
    const contested = full.contested(Math.max(PROBE_SAMPLES, Math.ceil(CONTESTED_SHARE * set.count)));
    const judges = { probe: await Judge.create(model.graph, set, PROBE_SAMPLES), contested, full };
    const isTimed = goal.budgets.time !== undefined || goal.budgets.instructions !== undefined;
    const shown = metrics.filter(
      (metric) => metric === 'size' || metric === 'macs' || metric === meter?.unit || goal.budgets[metric] !== undefined,
    );
    let found: CompiledModel | undefined;
    const result: SearchResult = await searchRecipe({
      goal,
      graph: model.graph,
      decisions: decisionsOf(model.graph, samples.count > 0),
      frame,
      laboratory: new Laboratory({
        model,
        name,
        seed,
        samples,
        fitting: withoutLabels(sampleSet(samples, model.graph)),
        judges,
        ...(meter && { meter }),
        metersProbes: isTimed,
      }),
      state,
      seconds: options.maxMinutes * 60,
      seed,
      onNote: (text) => output.detail(text),
      onFailure: (text) => output.note(text),
      onProgress: (label, done, total) => output.progress(label, done, total),
      onBest: ({ recipe, measured }, compiled) => {
        output.note(`best so far: ${measuredText(measured, shown)}`);
        writeOutputFile(files.recipe, recipe);
        found = compiled;
        if (compiled) writeOutputFile(files.model, compiled.bytes);
      },
    });
    const { best, candidates, isMet, isCut } = result;
    const { compiled, report } = await compressAgain(best, found, { model, samples, validation, name, seed });
    writeOutputFile(files.model, compiled.bytes);
    const front = paretoFront(
      candidates.map((candidate) => ({ ...candidate.measured, candidate })),
      shown,
    ).map(({ candidate }) => candidate);
    if (isCut) output.note(`the time is up (--max-minutes ${options.maxMinutes}); the same call goes on where this one stopped`);
    if (!isMet) {
      invocation.exitCode = EXIT_GATE;
      output.note(`the goal "${goal.text}" is not met; the best that was found, and written, has ${measuredText(best.measured, shown)}`);
    }
    const { costs, drop, agreement, top1 } = best.measured;
    const seconds = (performance.now() - start) / 1000;
    const document = {
      model: path,
      goal: goal.text,
      met: isMet,
      output: files.model,
      recipe: files.recipe,
      state: files.state,
      drop,
      agreement,
      ...(top1 !== undefined && { top1, originalTop1: full.originalTop1 }),
      ...(meter && { device: meter.device, [meter.unit]: costs[meter.unit] }),
      ...report,
      candidates: candidates.map(
        (candidate): SearchCandidate => ({
          ...candidate.measured,
          pareto: front.includes(candidate),
          written: candidate === best,
          ...(candidate.single !== undefined && { single: candidate.single }),
          options: [...candidate.plan.values()].map((option) => option.name),
        }),
      ),
      seconds,
    };
    const recipeNote = `recipe      ${files.recipe}: whittle compress --recipe with --limit ${options.limit} of the same samples makes this file`;
    output.report(document, () =>
      [reportText(report, files.model, seconds), '', findingsText({ best, candidates, front }, shown), '', recipeNote].join('\n'),
    );
  } finally {
    await meter?.close();
  }
}

function minutes(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('expected a number of minutes above 0.');
  return value;
}

/** @param openMeter opens what --on names */
export function searchVerb(openMeter: OpenMeter): Verb {
  return (program, invocation) => {
    const command = program
      .command('search')
      .description('find the recipe that reaches a goal: methods and strengths for every layer, measured')
      .argument('<model>', 'the ONNX file')
      .requiredOption('--goal <limits>', 'size<=60KB,drop<=0.5; also parameters, macs, and time or instructions with --on')
      .requiredOption('--samples <path>', 'inputs to fit and calibrate with: a *.dataset.json, a folder of images, a .npy or a .npz')
      .option(
        '--validate <path>',
        'samples that the drop is measured on: accuracy where they have labels, else agreement; default: --samples',
      )
      .option('--on <device>', 'measure there: node, qemu:BOARD …')
      .option('--limit <number>', 'use this many of the samples, spread evenly', integerOption(1), 256)
      .option('--max-minutes <number>', 'stop after this long with the best so far', minutes, 8)
      .option('--no-compact', 'do not entropy code the file (never done for emulated boards)')
      .option('--name <name>', 'name of the model; default: that of the file')
      .option('-o, --output <path>', 'the packed model; beside it its recipe (.recipe.yaml) and what was measured (.search.json)');
    addInputShapeOption(command).action((path: string, options: SearchVerbOptions) => run(path, options, invocation, openMeter));
  };
}
