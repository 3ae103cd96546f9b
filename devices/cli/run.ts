/** `whittle run`: one inference on a file. */
import { Option } from 'commander';
import { loadPacked } from '../../compiler/cli/model-file.ts';
import { type Invocation, integerOption, type Verb } from '../../compiler/cli/program.ts';
import { table } from '../../compiler/cli/table.ts';
import { InputFileError, UsageError } from '../../compiler/errors.ts';
import { readInputFile } from '../../compiler/files.ts';
import { elementCount } from '../../compiler/graph.ts';
import type { PackedMetadata } from '../../compiler/packed/metadata.ts';
import type { Variant } from '../../compiler/root.ts';
import { isImagePath } from '../../compiler/samples/image.ts';
import { defaultImagePreprocess, imageFormatOf, imageSamples } from '../../compiler/samples/images.ts';
import { modelInputsOf, onnxShapeOf, sampleReader } from '../../compiler/samples/layout.ts';
import { loadSamples } from '../../compiler/samples/load.ts';
import { preprocessor } from '../../compiler/samples/preprocess.ts';
import { identityPreprocess, type ModelInput, type SampleLayout, type Samples } from '../../compiler/samples/samples.ts';
import { type RankedLabel, rankLabels } from '../../targets/loader/rank.ts';
import { webVariants } from '../../targets/web-package.ts';
import { node } from '../node/device.ts';
import { inputBytes, outputValues } from '../port-bytes.ts';

interface RunOptions {
  readonly input: string;
  readonly index: number;
  readonly variant?: Variant;
}

interface OutputReport {
  readonly name: string;
  readonly shape: readonly number[];
  /** Real values in the order of the ONNX file. */
  readonly values: readonly number[];
  /** The five largest, where the model knows the names of its classes. */
  readonly top?: readonly RankedLabel[];
}

const PRINTED_VALUES = 16;

/** Channels-last order of an ONNX shape without its batch. */
function storedShape([, ...shape]: readonly number[]): number[] {
  return shape.length < 2 ? shape : [...shape.slice(1), shape[0] as number];
}

/**
 * A file without a header: 4 bytes per element are real values in ONNX order, 1 byte per element are stored values
 * (pixels, channels last) that the model's preprocessing makes real.
 */
function rawSample(path: string, inputs: readonly ModelInput[], metadata: PackedMetadata): Samples {
  const [input, ...others] = inputs;
  if (!input || others.length) throw new UsageError(`${path}: the model has ${inputs.length} inputs; give a .npz file with one array each`);
  const bytes = readInputFile(path);
  const count = elementCount(input.shape);
  const base = { source: path, count: 1, metric: 'agreement' as const, hash: () => '' };
  if (bytes.length === 4 * count) {
    const values = new Float32Array(bytes.buffer);
    return { ...base, layouts: [{ shape: input.shape, order: 'model' }], sample: () => [values], preprocess: identityPreprocess };
  }
  if (bytes.length !== count)
    throw new InputFileError(
      `${path}: holds ${bytes.length} bytes; input "${input.name}" [${input.shape.join(', ')}] takes ${count} (stored values) or ${4 * count} (float32), or give a .png, .jpg, .npy or .npz`,
    );
  const layout: SampleLayout = { shape: storedShape(input.shape), order: 'channels-last' };
  const preprocess = metadata.preprocess ?? identityPreprocess;
  return { ...base, layouts: [layout], sample: () => [preprocessor(preprocess, layout, path)(bytes)], preprocess };
}

function loadInput(path: string, metadata: PackedMetadata): Samples {
  const inputs = modelInputsOf(metadata.inputs);
  if (/\.(npy|npz|json)$/.test(path)) return loadSamples(path, { inputs });
  if (!isImagePath(path)) return rawSample(path, inputs, metadata);
  const preprocess = metadata.preprocess ?? defaultImagePreprocess;
  return imageSamples({ source: path, paths: [path], format: imageFormatOf(inputs, path), preprocess });
}

function outputText({ name, shape, values, top }: OutputReport): string {
  const title = `${name} [${shape.join(', ')}]`;
  if (top) {
    const rows = top.map(({ index, label, value }) => [index, label, value.toPrecision(5)]);
    return `${title}\n${table([{ title: '#', align: 'right' }, { title: 'class' }, { title: 'value', align: 'right' }], rows)}`;
  }
  const shown = values.slice(0, PRINTED_VALUES).map((value) => value.toPrecision(5));
  return `${title}\n${shown.join('  ')}${values.length > shown.length ? `  … ${values.length - shown.length} more (--json prints all)` : ''}`;
}

async function infer(path: string, options: RunOptions, { output }: Invocation): Promise<void> {
  const model = loadPacked(path);
  const { metadata } = model;
  const samples = loadInput(options.input, metadata);
  if (options.index >= samples.count) throw new UsageError(`--index ${options.index}: ${options.input} holds ${samples.count} sample(s)`);
  const values = sampleReader(samples, metadata.inputs)(options.index);
  const device = await node.open({});
  try {
    await device.deploy({ model: model.bytes, kernels: 'all', ...(options.variant && { variant: options.variant }) });
    const [bytes] = (await device.infer([inputBytes(metadata, values)])) as [Uint8Array];
    const outputs = outputValues(metadata, bytes).map((data, i): OutputReport => {
      const port = metadata.outputs[i] as PackedMetadata['outputs'][number];
      const top = rankLabels(data, metadata.labels);
      return { name: port.name, shape: onnxShapeOf(port), values: [...data], ...(top && { top }) };
    });
    output.report({ model: path, input: options.input, outputs }, () => outputs.map(outputText).join('\n\n'));
  } finally {
    await device.close();
  }
}

export const run: Verb = (program, invocation) => {
  program
    .command('run')
    .description('run a packed model once')
    .argument('<model>', 'the packed model')
    .requiredOption('--input <path>', 'a .png or .jpg, a .npy or .npz, a *.dataset.json, or raw bytes')
    .option('--index <number>', 'which sample of the file', integerOption(0), 0)
    .addOption(new Option('--variant <variant>', "the runtime's instruction set").choices(webVariants))
    .action((path: string, options: RunOptions) => infer(path, options, invocation));
};
