/** Files → compiled model: what `whittle compile` does between its arguments and its output, and the playground in a browser. */
import { type CompiledModel, type CompileOptions, compileModel } from './compile.ts';
import { importOnnx } from './onnx/import.ts';
import { loadOnnx } from './onnx/load.ts';
import { pause } from './pause.ts';
import { preprocessNote } from './samples/images.ts';
import { inputPortsOf, modelInputsOf, sampleReader } from './samples/layout.ts';
import { loadSamples } from './samples/load.ts';
import { identityPreprocess, type ModelInput, type Samples } from './samples/samples.ts';

export interface CompileFileOptions extends Omit<CompileOptions, 'onnx' | 'samples' | 'labels' | 'preprocess'> {
  /** To calibrate with: a *.dataset.json, a folder of images, a .npy or a .npz. */
  readonly samples?: string;
  /** Use this many of the samples, spread evenly. */
  readonly limit?: number;
  /** What the user should know of the samples. */
  readonly onNote?: (text: string) => void;
  /** Before each sample, and at the end with done = total. */
  readonly onSample?: (done: number, total: number) => void;
}

/** Reads the samples one by one in ONNX order and lets signals (Ctrl-C) and the progress bar through. */
async function* readSamples(
  samples: Samples,
  inputs: readonly ModelInput[],
  { onSample }: CompileFileOptions,
): AsyncGenerator<Float32Array[]> {
  const read = sampleReader(samples, inputs);
  for (let i = 0; i < samples.count; i++) {
    await pause();
    onSample?.(i, samples.count);
    yield read(i);
  }
  onSample?.(samples.count, samples.count);
}

function loadCalibration(
  path: string,
  { samples, limit, inputShapes }: CompileFileOptions,
): { samples: Samples; inputs: ModelInput[] } | undefined {
  if (samples === undefined) return undefined;
  const graph = importOnnx(loadOnnx(path).model, { name: path, ...(inputShapes && { inputShapes }) });
  const inputs = modelInputsOf(inputPortsOf(graph));
  return { samples: loadSamples(samples, { inputs, ...(limit !== undefined && { limit }) }), inputs };
}

/** @throws as compileModel, and InputFileError when the samples cannot be read */
export async function compileFile(path: string, options: CompileFileOptions): Promise<CompiledModel> {
  const { samples: _samples, limit: _limit, onNote, onSample: _onSample, ...rest } = options;
  const calibration = loadCalibration(path, options);
  const { samples, inputs = [] } = calibration ?? {};
  const note = samples && preprocessNote(samples);
  if (note) onNote?.(note);
  return compileModel({
    ...rest,
    onnx: path,
    ...(samples && !options.float && { samples: readSamples(samples, inputs, options) }),
    ...(samples?.classes && { labels: samples.classes }),
    ...(samples && samples.preprocess !== identityPreprocess && { preprocess: samples.preprocess }),
  });
}
