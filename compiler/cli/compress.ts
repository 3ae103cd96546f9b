/** `whittle compress`: ONNX model + recipe + samples → a smaller packed model, and a report of what each step did. */
import { importModel } from '../compile.ts';
import { applyRecipe, type CompressedNetwork } from '../compression/apply-recipe.ts';
import { methods } from '../compression/index.ts';
import { type Measurement, Referee } from '../compression/measure.ts';
import { packCompressed } from '../compression/pack-compressed.ts';
import { loadRecipe, optionsJsonSchema, type Recipe, recipeJsonSchema } from '../compression/recipe.ts';
import { type CompressionReport, compressionReport, type LayerChange } from '../compression/report.ts';
import { noSamples, sampleSet, withoutLabels } from '../compression/sample-set.ts';
import { UsageError } from '../errors.ts';
import { writeOutputFile } from '../files.ts';
import type { Graph } from '../graph.ts';
import { exportOnnx } from '../onnx/export.ts';
import { isFloatPrecision } from '../quantization/layer-precision.ts';
import type { RoundingName } from '../quantization/rounding/index.ts';
import type { WeightBitsChoice } from '../quantization/weight-bits.ts';
import { preprocessNote } from '../samples/images.ts';
import { inputPortsOf, modelInputsOf } from '../samples/layout.ts';
import { loadSamples } from '../samples/load.ts';
import type { Samples } from '../samples/samples.ts';
import { encodingText, precisionText } from './compile.ts';
import { addInputShapeOption, type InputShape } from './input-shapes.ts';
import { modelName } from './model-file.ts';
import type { Output } from './output.ts';
import { type Invocation, integerOption, type Verb } from './program.ts';
import { bytesText, facts, grouped, percentText, table } from './table.ts';
import { roundingOption, weightBitsOption } from './weight-options.ts';

interface CompressOptions {
  readonly recipe?: string;
  readonly samples?: string;
  readonly labelsFrom?: string;
  readonly limit?: number;
  readonly input?: readonly InputShape[];
  readonly name?: string;
  readonly output?: string;
  readonly report?: string;
  readonly onnx?: string;
  readonly onnxFloat?: string;
  readonly weightBits?: WeightBitsChoice;
  readonly rounding?: RoundingName;
  readonly maxDrop?: number;
  readonly listMethods?: boolean;
  readonly recipeSchema?: boolean;
}

function listMethods(output: Output): void {
  const list = methods.map((method) => ({
    name: method.name,
    summary: method.summary,
    source: method.source,
    needs: method.needs,
    defaultLayers: method.defaultLayers,
    options: optionsJsonSchema(method),
  }));
  output.report({ methods: list }, () =>
    table(
      [{ title: 'method' }, { title: 'needs' }, { title: 'options' }, { title: 'what it does' }],
      methods.map(({ name, needs, options, summary }) => [name, needs, Object.keys(options.shape).join(', '), summary]),
    ),
  );
}

/** Samples for the inputs of the model that `graph` was imported from. @throws InputFileError */
export function loadModelSamples(path: string, graph: Graph, limit?: number): Samples {
  const inputs = modelInputsOf(inputPortsOf(graph));
  return loadSamples(path, { inputs, ...(limit !== undefined && { limit }) });
}

function factText(value: number | string | readonly number[]): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'number') return value.join(' → ');
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3)));
}

function changeText({ method, action, reason, facts: chosen = {}, relativeError }: LayerChange): string {
  const words = Object.entries(chosen).map(([name, value]) => `${name} ${factText(value)}`);
  const error = relativeError === undefined ? [] : [`error ${relativeError.toPrecision(2)}`];
  return `${method}: ${[action, ...words, ...error, ...(reason ? [reason] : [])].join(', ')}`;
}

function errorText(error: number | undefined): string {
  return error === undefined ? '' : error.toPrecision(2);
}

function qualityText(measured: Measurement | undefined): string {
  if (!measured) return '';
  return measured.top1 === undefined ? `${percentText(measured.agreement)} agree` : percentText(measured.top1);
}

export function reportText(report: CompressionReport, output: string, seconds: number): string {
  const right = { align: 'right' } as const;
  const stages = table(
    [
      { title: 'stage' },
      { title: 'bytes', ...right },
      { title: 'parameters', ...right },
      { title: 'not zero', ...right },
      { title: 'MACs', ...right },
      { title: 'quality', ...right },
    ],
    report.waterfall.map((stage) => [
      stage.stage,
      bytesText(stage.bytes),
      grouped(stage.parameters),
      grouped(stage.nonzeroParameters),
      grouped(stage.macs),
      qualityText(stage.measured),
    ]),
  );
  const layers = table(
    [
      { title: 'layer' },
      { title: 'matrix' },
      { title: 'parameters', ...right },
      { title: 'not zero', ...right },
      { title: 'MACs', ...right },
      { title: 'predicted', ...right },
      { title: 'error', ...right },
      { title: 'bytes', ...right },
      { title: 'stored' },
      { title: 'type' },
    ],
    report.layers.map((layer) => [
      layer.layer,
      `${layer.outputs}×${layer.columns}`,
      grouped(layer.parameters),
      grouped(layer.nonzeroParameters),
      grouped(layer.macs),
      errorText(layer.predictedError),
      errorText(layer.measuredError),
      grouped(layer.bytes),
      encodingText(layer.encoding),
      layer.dtype,
    ]),
  );
  const changes = [...report.layers, ...report.removed].flatMap(({ layer, changes: list }) =>
    list.filter(({ action }) => action !== 'kept').map((change) => `  ${layer}  ${changeText(change)}`),
  );
  const totals = facts([
    ['packed', `${output}, ${bytesText(report.packedBytes)} (${grouped(report.packedBytes)} bytes)`],
    [
      'parameters',
      `${grouped(report.original.parameters)} → ${grouped(report.parameters)} (${grouped(report.nonzeroParameters)} not zero)`,
    ],
    ['MACs', `${grouped(report.original.macs)} → ${grouped(report.macs)}`],
    ...(report.weightPrecision ? [['weight bits', precisionText(report.weightPrecision)] as const] : []),
    ['took', `${seconds.toFixed(1)} s`],
  ]);
  return [layers, '', ...changes, ...(changes.length ? [''] : []), stages, '', totals].join('\n');
}

/** Percentage points of the metric: top-1 with labels, else agreement with the original. */
function dropOf(measured: Measurement, originalTop1: number | undefined): number {
  return measured.top1 !== undefined && originalTop1 !== undefined ? 100 * (originalTop1 - measured.top1) : 100 * (1 - measured.agreement);
}

interface Job {
  readonly path: string;
  readonly recipe: Recipe;
  readonly options: CompressOptions;
  readonly invocation: Invocation;
}

async function compressModel({ path, recipe, options, invocation }: Job): Promise<void> {
  const { output, seed } = invocation;
  const start = performance.now();
  const name = options.name ?? modelName(path);
  const model = importModel({ onnx: path, name, inputShapes: new Map(options.input) });
  const samples = options.samples === undefined ? undefined : loadModelSamples(options.samples, model.graph, options.limit);
  const note = samples && preprocessNote(samples);
  if (note) output.note(note);
  const isDemanded = [...model.graph.values.values()].some(({ type, constant }) => !constant && type.quantization);
  if (!samples && recipe.quantize && !isFloatPrecision(recipe.quantize.precision) && !isDemanded)
    throw new UsageError(
      'the compressed model is quantized on samples of its input: give --samples, or write "quantize: false" into the recipe',
    );
  const labelled = options.labelsFrom === undefined ? samples : loadModelSamples(options.labelsFrom, model.graph);
  if (options.labelsFrom !== undefined && !labelled?.label)
    output.note(`${options.labelsFrom} has no labels: what is measured there is agreement with the original model`);
  const compressed: CompressedNetwork = await applyRecipe({
    original: model.graph,
    recipe,
    // What steps do is judged by agreement: the labels of the samples that they fit would flatter them.
    samples: samples ? withoutLabels(sampleSet(samples, model.graph)) : noSamples,
    seed,
    onStep: (text) => output.note(text),
    onProgress: (text) => output.detail(text),
  });
  const quantize = recipe.quantize && {
    ...recipe.quantize,
    weightBits: options.weightBits ?? recipe.quantize.weightBits,
    rounding: options.rounding ?? recipe.quantize.rounding,
  };
  const compiled = await packCompressed({ model, ...compressed, recipe: { ...recipe, quantize }, name, seed, ...(samples && { samples }) });
  const referee = labelled && (await Referee.create(model.graph, sampleSet(labelled, model.graph)));
  const measured = await referee?.measure(compiled.graph);
  const report = compressionReport({ original: model.graph, compressed, compiled, ...(measured && { measured }) });
  const drop = measured ? dropOf(measured, referee?.top1()) : null;
  if (options.maxDrop !== undefined && drop === null) throw new UsageError('--max-drop needs samples to measure on: give --samples');
  const target = options.output ?? `${name}.whittle`;
  const seconds = (performance.now() - start) / 1000;
  const originalTop1 = referee?.top1();
  const document = {
    model: path,
    recipe: recipe.source,
    description: recipe.description,
    output: target,
    ...(options.onnx !== undefined && { onnx: options.onnx }),
    ...(options.onnxFloat !== undefined && { onnxFloat: options.onnxFloat }),
    drop,
    ...(originalTop1 !== undefined && { originalTop1 }),
    ...(measured && { measured }),
    ...report,
    steps: compressed.steps.map(({ method, options: chosen, seconds: took }) => ({ method, options: chosen, seconds: took })),
    floatIslands: compiled.report.islands,
    seconds,
  };
  if (options.maxDrop !== undefined && (drop as number) > options.maxDrop) {
    invocation.exitCode = 5;
    output.note(`the metric drops by ${(drop as number).toFixed(2)} points, --max-drop allows ${options.maxDrop}`);
  }
  writeOutputFile(target, compiled.bytes);
  if (options.onnx !== undefined) writeOutputFile(options.onnx, exportOnnx(compiled.graph));
  if (options.onnxFloat !== undefined) writeOutputFile(options.onnxFloat, exportOnnx(compressed.network.graph));
  if (options.report !== undefined) writeOutputFile(options.report, `${JSON.stringify(document, null, 2)}\n`);
  output.report(document, () => reportText(report, target, seconds));
}

async function run(path: string | undefined, options: CompressOptions, invocation: Invocation): Promise<void> {
  if (options.listMethods) return listMethods(invocation.output);
  if (options.recipeSchema) {
    const schema = recipeJsonSchema();
    return invocation.output.report(schema, () => JSON.stringify(schema, null, 2));
  }
  if (path === undefined)
    throw new UsageError('compress needs a model: whittle compress MODEL.onnx --recipe RECIPE.yaml --samples SAMPLES');
  if (options.recipe === undefined) throw new UsageError('compress needs --recipe RECIPE.yaml; examples/recipes/ has one for every method');
  return compressModel({ path, recipe: loadRecipe(options.recipe), options, invocation });
}

export const compress: Verb = (program, invocation) => {
  const command = program
    .command('compress')
    .description('prune, factorize and quantize a model by a recipe, and say what each step did')
    .argument('[model]', 'the ONNX file')
    .option('--recipe <path>', 'the steps: a YAML file; examples/recipes/ has one for every method')
    .option('--samples <path>', 'inputs to fit and calibrate with: a *.dataset.json, a folder of images, a .npy or a .npz')
    .option('--labels-from <path>', 'samples to measure on: accuracy where they have labels, else agreement; default: --samples')
    .option('--limit <number>', 'use this many of the samples, spread evenly', integerOption(1))
    .addOption(weightBitsOption())
    .addOption(roundingOption())
    .option('--max-drop <points>', 'end with exit code 5 when the metric drops by more percentage points than this', Number)
    .option('--name <name>', 'name of the model; default: that of the file')
    .option('--onnx <path>', 'write what the packed model computes as ONNX, too: QDQ, or float32 where the recipe does not quantize')
    .option('--onnx-float <path>', 'write the compressed model before quantization as ONNX, too')
    .option('--report <path>', 'write the report there, too, as JSON')
    .option('--list-methods', 'show every method with its options and their defaults')
    .option('--recipe-schema', 'print the JSON schema of recipes')
    .option('-o, --output <path>', 'the packed model; default: MODEL.whittle in this folder');
  addInputShapeOption(command).action((path: string | undefined, options: CompressOptions) => run(path, options, invocation));
};
