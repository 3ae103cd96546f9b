/** `whittle eval`: how well a packed model answers, on any device, against labels and its float original. */
import { Option } from 'commander';
import { loadPacked } from '../../compiler/cli/model-file.ts';
import { type Invocation, integerOption, type Verb } from '../../compiler/cli/program.ts';
import { facts, percentText } from '../../compiler/cli/table.ts';
import { UsageError } from '../../compiler/errors.ts';
import { loadOnnx } from '../../compiler/onnx/load.ts';
import type { PackedModel } from '../../compiler/packed/read.ts';
import type { Variant } from '../../compiler/root.ts';
import { preprocessNote } from '../../compiler/samples/images.ts';
import { modelInputsOf } from '../../compiler/samples/layout.ts';
import { loadSamples } from '../../compiler/samples/load.ts';
import { limitSamples, rememberSamples, type Samples } from '../../compiler/samples/samples.ts';
import { webVariants } from '../../targets/web-package.ts';
import { BATCH, type Evaluation, evaluate } from '../evaluate.ts';
import { openDevice } from '../index.ts';
import { type CrossCheck, crossCheck, importReference, openReference, type Reference } from '../reference.ts';
import { addDeviceOptions, type DeviceChoice, deviceOptions } from './device-options.ts';

interface EvalOptions extends DeviceChoice {
  readonly samples: string;
  readonly reference?: string;
  readonly limit?: number;
  readonly variant?: Variant;
  readonly maxDrop?: number;
}

/** So many samples also run on ONNX Runtime, which is slower to start than all of this. */
const CROSS_CHECKED_SAMPLES = 16;

interface OpenedReference {
  readonly reference: Reference;
  readonly check: CrossCheck | undefined;
}

async function open(path: string, model: PackedModel, samples: Samples): Promise<OpenedReference> {
  const { model: proto, bytes } = loadOnnx(path);
  const graph = importReference(proto, path, model.metadata);
  const some = limitSamples(samples, CROSS_CHECKED_SAMPLES);
  const check = await crossCheck(bytes, graph, some, await openReference(graph, some));
  return { reference: await openReference(graph, samples), check };
}

function text(evaluation: Evaluation, on: string, check: CrossCheck | undefined): string {
  const share = (value: number | null) => (value === null ? '-  (give --reference MODEL.onnx)' : percentText(value));
  const lines: [string, string | number][] = [['samples', evaluation.samples]];
  if (evaluation.metric === 'top1') lines.push(['int8 top-1', share(evaluation.int8)], ['float top-1', share(evaluation.float)]);
  lines.push(['agreement', share(evaluation.agreement)]);
  if (evaluation.agreement !== null) lines.push(['SQNR', evaluation.sqnr === null ? 'equal' : `${evaluation.sqnr.toFixed(1)} dB`]);
  lines.push(['outputs', `CRC-32 ${evaluation.outputCrc32} on ${on}`]);
  if (check) {
    const { samples, agreement, maxDifference, version } = check;
    lines.push([
      'reference',
      `agrees with ONNX Runtime ${version} on ${percentText(agreement)} of ${samples} samples, largest difference ${maxDifference.toPrecision(2)}`,
    ]);
  }
  return facts(lines);
}

async function run(path: string, options: EvalOptions, invocation: Invocation): Promise<void> {
  const { output } = invocation;
  const start = performance.now();
  if (options.maxDrop !== undefined && options.reference === undefined)
    throw new UsageError('--max-drop compares with the float model: give --reference MODEL.onnx');
  const model = loadPacked(path);
  const { preprocess } = model.metadata;
  const loaded = loadSamples(options.samples, {
    inputs: modelInputsOf(model.metadata.inputs),
    ...(options.limit !== undefined && { limit: options.limit }),
    ...(preprocess && { preprocess }),
  });
  const samples = options.reference === undefined ? loaded : rememberSamples(loaded, BATCH);
  const note = preprocessNote(samples);
  if (note) output.note(note);
  const opened = options.reference === undefined ? undefined : await open(options.reference, model, samples);
  const device = await openDevice(options.on, deviceOptions(options, output));
  try {
    const { variant } = await device.deploy({ model: model.bytes, kernels: 'all', ...(options.variant && { variant: options.variant }) });
    const evaluation = await evaluate({
      model,
      samples,
      device,
      ...(opened && { reference: opened.reference }),
      onSample: (done) => output.progress('eval', done, samples.count),
    });
    if (options.maxDrop !== undefined && dropOf(evaluation) > options.maxDrop) {
      invocation.exitCode = 5;
      output.note(`the metric drops by ${dropOf(evaluation).toFixed(2)} points, --max-drop allows ${options.maxDrop}`);
    }
    const { check } = opened ?? {};
    const document = {
      ...evaluation,
      model: path,
      source: samples.source,
      on: options.on,
      variant,
      ...(check && {
        referenceAgreement: check.agreement,
        referenceMaxDifference: check.maxDifference,
        referenceSamples: check.samples,
        referenceRuntime: `onnxruntime-web ${check.version}`,
      }),
      seconds: (performance.now() - start) / 1000,
    };
    output.report(document, () => text(evaluation, `${options.on} (${variant})`, check));
  } finally {
    await device.close();
  }
}

/** Percentage points. */
function dropOf({ int8, float }: Evaluation): number {
  return 100 * ((float ?? 0) - (int8 ?? 0));
}

export const evaluation: Verb = (program, invocation) => {
  const command = program
    .command('eval')
    .description('measure the accuracy of a packed model and its agreement with the float model')
    .argument('<model>', 'the packed model');
  addDeviceOptions(command)
    .requiredOption('--samples <path>', 'a *.dataset.json, a folder of images, a .npy or a .npz')
    .option('--reference <path>', 'the ONNX model it was compiled from')
    .option('--limit <number>', 'use this many of the samples, spread evenly', integerOption(1))
    .addOption(new Option('--variant <variant>', "the runtime's instruction set").choices(webVariants))
    .option('--max-drop <points>', 'end with exit code 5 when the metric drops by more percentage points than this', Number)
    .action((path: string, options: EvalOptions) => run(path, options, invocation));
};
