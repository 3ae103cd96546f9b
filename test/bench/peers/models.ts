/** The models of the bench and, for each of them, the contestants with their files and inputs. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CompiledModel, compileModel } from '../../../compiler/compile.ts';
import { Executor } from '../../../compiler/execute.ts';
import { elementCount, type Graph, type Quantization, tensor, valueOf } from '../../../compiler/graph.ts';
import { importOnnx } from '../../../compiler/onnx/import.ts';
import { loadOnnx } from '../../../compiler/onnx/load.ts';
import { Transpose } from '../../../compiler/ops/transpose.ts';
import { readPackedModel } from '../../../compiler/packed/read.ts';
import { DEFAULT_WEIGHT_BITS, QUAD_WEIGHT_BITS, type WeightBits } from '../../../compiler/quantization/weight-bits.ts';
import { packageRoot, type Variant } from '../../../compiler/root.ts';
import { type InputPort, inputPortsOf, modelInputsOf, onnxShapeOf, sampleReader } from '../../../compiler/samples/layout.ts';
import { loadSamples } from '../../../compiler/samples/load.ts';
import { buildRuntime } from '../../../targets/build-runtime.ts';
import { kernelNeeds } from '../../../targets/kernel-needs.ts';
import type { ContestantSpec, InputSpec } from './contestant.ts';
import { insertQuantizeDequantize, observeRanges } from './qdq.ts';
import { tfjsModel } from './tfjs-model.ts';
import { readTfliteInput, writeTflite } from './tflite.ts';

const shared = process.env.WHITTLE_SHARED_DATA ?? join(packageRoot, '..', 'shared', 'data');

export interface BenchModel {
  readonly name: string;
  /** Paths in ../shared/data. */
  readonly onnx: string;
  /** Absent: made-up inputs. */
  readonly samples?: string;
  /** The publisher's own int8 file; absent: whittle's int8 graph is written as one. */
  readonly tflite?: string;
}

export const benchModels: readonly BenchModel[] = [
  {
    name: 'MobileNetV2-224',
    onnx: 'imagenet-sample1000/mobilenetv2_1.0_224_dequant_fp32.onnx',
    samples: 'imagenet-sample1000/dev.mobilenetv2.dataset.json',
    tflite: 'imagenet-sample1000/mobilenetv2_reference_int8.tflite',
  },
  { name: 'SqueezeNet', onnx: 'imagenet-sample1000/squeezenet1.1_fp32.onnx', samples: 'imagenet-sample1000/dev.squeezenet.dataset.json' },
  {
    name: 'VWW',
    onnx: 'vww-mobilenetv1/model_fp32_folded.onnx',
    samples: 'imagenet-sample1000/dev.vww.dataset.json',
    tflite: 'vww-mobilenetv1/reference_int8.tflite',
  },
  {
    name: 'ResNet-8',
    onnx: 'ic-resnet8/model_fp32_folded.onnx',
    samples: 'ic-resnet8/calibration.dataset.json',
    tflite: 'ic-resnet8/reference_int8.tflite',
  },
  {
    name: 'DS-CNN',
    onnx: 'kws-dscnn/model_fp32.onnx',
    samples: 'kws-dscnn/dev.dataset.json',
    tflite: 'kws-dscnn/reference_int8.tflite',
  },
  { name: 'LeNet-5', onnx: 'mnist-lenet/lenet5_original.onnx', samples: 'mnist-lenet/calibration.dataset.json' },
  { name: 'AD-autoencoder', onnx: 'ad-autoencoder/model_fp32_folded.onnx', tflite: 'ad-autoencoder/reference_int8.tflite' },
];

export interface Contestant {
  /** As in reports. */
  readonly label: string;
  readonly spec: ContestantSpec;
  readonly input: InputSpec;
  /** What exactly runs. */
  readonly note: string;
}

export interface Prepared {
  readonly contestants: readonly Contestant[];
  /** By path on the bench's server. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Outputs of the float model on the same input. */
  readonly reference: readonly number[];
}

const CALIBRATION_SAMPLES = 16;

function isPresent(path: string): boolean {
  return existsSync(join(shared, path));
}

/** Samples of the model's one input, in the order of its ONNX file. */
function loadInputs(graph: Graph, model: BenchModel): Float32Array[] {
  const ports = inputPortsOf(graph);
  const inputs = modelInputsOf(ports);
  if (model.samples && isPresent(model.samples)) {
    const samples = loadSamples(join(shared, model.samples), { inputs, limit: CALIBRATION_SAMPLES });
    const read = sampleReader(samples, inputs);
    return Array.from({ length: samples.count }, (_, i) => read(i)[0] as Float32Array);
  }
  const count = elementCount(inputs[0]?.shape ?? []);
  return [1, 2, 3].map((seed) => Float32Array.from({ length: count }, (_, i) => ((i * 97 + seed * 31) % 255) / 16 - 8));
}

function quantized(values: Float32Array, scale: number, zeroPoint: number, dtype: 'int8' | 'uint8'): Uint8Array {
  const [low, high] = dtype === 'int8' ? [-128, 127] : [0, 255];
  const integers = Array.from(values, (value) => Math.min(high, Math.max(low, Math.round(value / scale) + zeroPoint)));
  return new Uint8Array((dtype === 'int8' ? Int8Array.from(integers) : Uint8Array.from(integers)).buffer);
}

function rawBytes(data: Float32Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

class Preparation {
  readonly files = new Map<string, Uint8Array>();
  readonly contestants: Contestant[] = [];

  constructor(private readonly name: string) {}

  put(file: string, content: Uint8Array): string {
    const path = `/${this.name}/${file}`;
    this.files.set(path, content);
    return path;
  }

  add(label: string, spec: ContestantSpec, input: InputSpec, note: string): void {
    this.contestants.push({ label, spec, input, note });
  }
}

/** The int8 model, calibrated on a few samples: latency does not depend on them. */
export async function compileBenchModel(
  model: BenchModel,
  weightBits: WeightBits = DEFAULT_WEIGHT_BITS,
): Promise<CompiledModel & { readonly samples: readonly Float32Array[] }> {
  const path = join(shared, model.onnx);
  const samples = loadInputs(importOnnx(loadOnnx(path).model, { name: model.name }), model);
  return { ...(await compileModel({ onnx: path, name: model.name, samples: samples.map((sample) => [sample]), weightBits })), samples };
}

/** Compiles the model and writes it in the form of every peer. */
export async function prepareModel(model: BenchModel, variants: readonly Variant[]): Promise<Prepared> {
  const path = join(shared, model.onnx);
  const { model: proto, bytes: onnx } = loadOnnx(path);
  const imported = importOnnx(proto, { name: model.name });
  const { samples, ...compiled } = await compileBenchModel(model);
  const preparation = new Preparation(model.name);
  const shape = inputPortsOf(imported)[0]?.shape as readonly number[];
  const inputs = writeInputs(preparation, compiled, samples[0] as Float32Array);
  const { floatGraph } = compiled;

  const packed = preparation.put('model.whittle', compiled.bytes);
  for (const variant of variants) {
    const runtimeOf = ({ bytes }: CompiledModel) => buildRuntime(kernelNeeds(readPackedModel(bytes)), variant);
    const wasm = preparation.put(`runtime-${variant}.wasm`, await runtimeOf(compiled));
    preparation.add(`whittle int8 ${variant}`, { runtime: 'whittle', model: packed, second: wasm }, inputs.int8, 'int8 in and out');
    if (variant !== 'relaxed') continue;
    const fitted = await compileBenchModel(model, QUAD_WEIGHT_BITS);
    const files = {
      model: preparation.put('fitted.whittle', fitted.bytes),
      second: preparation.put('runtime-fitted.wasm', await runtimeOf(fitted)),
    };
    const note = `int8 in and out, compiled with --weight-bits ${QUAD_WEIGHT_BITS}`;
    preparation.add('whittle int8 relaxed, fitted weights', { runtime: 'whittle', ...files }, inputs.int8, note);
  }

  const nchw = (dtype: InputSpec['dtype'], bytes: Uint8Array): InputSpec => ({
    url: preparation.put(`input-onnx-${dtype}`, bytes),
    dtype,
    shape,
  });
  const sample = samples[0] as Float32Array;
  const floatModel = preparation.put('float.onnx', onnx);
  preparation.add(
    'onnxruntime-web float32',
    { runtime: 'onnxruntime', model: floatModel },
    nchw('float32', rawBytes(sample)),
    'float32 in and out',
  );
  const ranges = await observeRanges(proto, samples);
  for (const dtype of ['uint8', 'int8'] as const) {
    const { bytes, scale, zeroPoint } = insertQuantizeDequantize(proto, ranges, dtype);
    const qdq = preparation.put(`qdq-${dtype}.onnx`, bytes);
    const input = nchw(dtype, quantized(sample, scale, zeroPoint, dtype));
    preparation.add(
      `onnxruntime-web QDQ ${dtype}`,
      { runtime: 'onnxruntime', model: qdq },
      input,
      `QDQ by whittle's bench, ${dtype} in and out`,
    );
  }

  const published = model.tflite && isPresent(model.tflite) ? readFileSync(join(shared, model.tflite)) : undefined;
  const int8File = published ?? writeTflite(compiled.graph);
  const tfliteInput = readTfliteInput(int8File);
  const int8Tflite = preparation.put('int8.tflite', int8File);
  const int8Input: InputSpec =
    tfliteInput.dtype === 'float32'
      ? inputs.float32
      : {
          url: preparation.put('input-tflite', quantized(inputs.values, tfliteInput.scale, tfliteInput.zeroPoint, tfliteInput.dtype)),
          dtype: tfliteInput.dtype,
          shape: tfliteInput.shape,
        };
  const origin = published ? "the publisher's int8 file" : "whittle's int8 graph as .tflite";
  const note = `${origin}, ${tfliteInput.dtype} in and out`;
  preparation.add('LiteRT.js int8', { runtime: 'litert', model: int8Tflite }, int8Input, note);
  if (published) {
    const ours = preparation.put('whittle-int8.tflite', writeTflite(compiled.graph));
    preparation.add("LiteRT.js int8 (whittle's graph)", { runtime: 'litert', model: ours }, inputs.int8, 'int8 in and out');
  }
  const floatTflite = preparation.put('float.tflite', writeTflite(floatGraph));
  preparation.add('LiteRT.js float32', { runtime: 'litert', model: floatTflite }, inputs.float32, "whittle's float graph as .tflite");
  preparation.add('tfjs-tflite int8', { runtime: 'tfjs-tflite', model: int8Tflite }, int8Input, note);

  const { model: layers, weights } = tfjsModel(floatGraph);
  const tfjs = preparation.put('tfjs.json', new TextEncoder().encode(JSON.stringify(layers)));
  preparation.add(
    'tfjs-wasm float32',
    { runtime: 'tfjs', model: tfjs, second: preparation.put('tfjs.bin', weights) },
    inputs.float32,
    'fused operators called layer by layer, float32 in and out',
  );
  const executor = await Executor.create(floatGraph);
  const reference = Array.from(executor.run([inputs.values])[0]?.data ?? []);
  return { contestants: preparation.contestants, files: preparation.files, reference };
}

/** The first sample in the order of the graph, as float32 and as the int8 that whittle's model takes. */
function writeInputs(preparation: Preparation, { graph, floatGraph }: CompiledModel, sample: Float32Array) {
  const port = inputPortsOf(floatGraph)[0] as InputPort;
  const permutation = port.permutation ?? port.shape.map((_, axis) => axis);
  const [transposed] = Transpose.evaluate([tensor('float32', onnxShapeOf(port), sample)], { permutation });
  const values = transposed?.data as Float32Array;
  const { shape, quantization } = valueOf(graph, graph.inputs[0]?.value as string).type;
  const { scale, zeroPoint } = quantization as Quantization;
  const int8 = preparation.put('input-int8', quantized(values, scale[0] as number, zeroPoint, 'int8'));
  return {
    values,
    float32: { url: preparation.put('input-float32', rawBytes(values)), dtype: 'float32' as const, shape },
    int8: { url: int8, dtype: 'int8' as const, shape },
  };
}
