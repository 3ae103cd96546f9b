/** Every model of ../shared/data that compiles, in int8, with inputs: what has to give the same bytes everywhere. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compress } from '../../compiler/cli/compress.ts';
import { packModel } from '../../compiler/compile.ts';
import { type CompileFileOptions, compileFile } from '../../compiler/compile-file.ts';
import { UnsupportedModelError } from '../../compiler/errors.ts';
import { valueOf } from '../../compiler/graph.ts';
import { readPackedModel } from '../../compiler/packed/read.ts';
import { packageRoot } from '../../compiler/root.ts';
import { modelInputsOf, sampleReader } from '../../compiler/samples/layout.ts';
import { loadSamples } from '../../compiler/samples/load.ts';
import { syntheticInput } from '../../devices/bench.ts';
import { inputBytes } from '../../devices/port-bytes.ts';
import { runCli } from '../compiler/cli/run-cli.ts';
import { caseNames, loadCase, loadModel, outOfScope } from '../conformance/case.ts';
import { compileFrozen, toPort } from '../conformance/judge.ts';
import { randomIntegers } from '../damage.ts';
import { sharedData } from '../shared-data.ts';
import { syntheticFrames } from './synthetic-frames.ts';

export interface RunnableModel {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** As Device.infer takes them. */
  readonly inputs: readonly Uint8Array[];
}

interface Network {
  readonly onnx: string;
  readonly samples: string;
  readonly options?: Partial<CompileFileOptions>;
}

const cifar = 'ic-resnet8/dev.dataset.json';
const keywords = 'kws-dscnn/dev.dataset.json';
const digits = 'mnist-lenet/dev.dataset.json';
const photographs = (name: string) => `imagenet-sample1000/dev.${name}.dataset.json`;
const pictures = 'imagenet-sample1000/dev/jpg';

const networks: readonly Network[] = [
  { onnx: 'ic-resnet8/model_fp32_bn.onnx', samples: cifar },
  { onnx: 'ic-resnet8/model_fp32_folded.onnx', samples: cifar },
  { onnx: 'ic-resnet8/ic02_large_fp32_folded.onnx', samples: cifar },
  { onnx: 'kws-dscnn/model_fp32.onnx', samples: keywords },
  { onnx: 'mnist-lenet/lenet300100_original.onnx', samples: digits },
  { onnx: 'mnist-lenet/lenet300100_sparse.onnx', samples: digits, options: { encoding: 'bytes', compact: true } },
  { onnx: 'mnist-lenet/lenet5_original.onnx', samples: digits },
  { onnx: 'mnist-lenet/lenet5_sparse.onnx', samples: digits, options: { encoding: 'bytes' } },
  { onnx: 'vww-mobilenetv1/model_fp32_bn.onnx', samples: photographs('vww') },
  { onnx: 'vww-mobilenetv1/model_fp32_folded.onnx', samples: photographs('vww') },
  { onnx: 'imagenet-sample1000/mobilenetv2_1.0_224_dequant_fp32.onnx', samples: photographs('mobilenetv2') },
  { onnx: 'imagenet-sample1000/squeezenet1.1_fp32.onnx', samples: photographs('squeezenet') },
  { onnx: 'import-smoke/Ultraface_version-RFB-320.onnx', samples: pictures },
  {
    onnx: 'import-smoke/ch_ppocr_mobile_v2.0_cls_infer.onnx',
    samples: pictures,
    options: { inputShapes: new Map([['x', [1, 3, 48, 192]]]) },
  },
  // Weights whose neighbours fit together: relaxed dot products run in every layer of every engine.
  ...[
    { onnx: 'ic-resnet8/model_fp32_bn.onnx', samples: cifar },
    { onnx: 'kws-dscnn/model_fp32.onnx', samples: keywords },
    { onnx: 'vww-mobilenetv1/model_fp32_bn.onnx', samples: photographs('vww') },
    { onnx: 'imagenet-sample1000/mobilenetv2_1.0_224_dequant_fp32.onnx', samples: photographs('mobilenetv2') },
  ].map((network): Network => ({ ...network, options: { weightBits: 7.5 } })),
];

/** Of DS-CNN: blocks and single zeros, codebooks, 4 bits, and the number formats beside int8. */
const recipes = [
  'magnitude-blocks',
  'magnitude-pruning',
  'k-means-codebook',
  'four-bit-weights',
  'mixed-precision',
  'dynamic-range',
  'float16',
];

/** To calibrate with, and to run on. */
const SAMPLES = 4;

/** Where every sum of products is the largest, and where none is like the other. */
function extremeInputs(bytes: Uint8Array): Uint8Array[] {
  const model = readPackedModel(bytes);
  const synthetic = syntheticInput(model);
  if (model.metadata.inputs.some(({ dtype }) => dtype !== 'int8')) return [synthetic];
  const random = randomIntegers(5);
  return [() => random(256), () => 0x80, () => 0x7f].map((value) => Uint8Array.from(synthetic, value));
}

function realInputs(bytes: Uint8Array, samplesPath: string): Uint8Array[] {
  const { metadata } = readPackedModel(bytes);
  const samples = loadSamples(samplesPath, { inputs: modelInputsOf(metadata.inputs), limit: SAMPLES });
  const read = sampleReader(samples, metadata.inputs);
  return Array.from({ length: samples.count }, (_, i) => inputBytes(metadata, read(i)));
}

async function compileNetwork(onnx: string, samples: string, options: Partial<CompileFileOptions> = {}): Promise<RunnableModel> {
  const { bytes } = await compileFile(sharedData(onnx), { name: 'network', seed: 0, samples, limit: SAMPLES, ...options });
  const { inputShapes: _, ...chosen } = options;
  const name = [onnx, ...Object.entries(chosen).map(([option, value]) => `${option} ${value}`)].join(', ');
  return { name, bytes, inputs: [...realInputs(bytes, samples), ...extremeInputs(bytes)] };
}

async function compressKeywords(recipe: string, output: string): Promise<RunnableModel> {
  const [onnx, samples] = [sharedData('kws-dscnn/model_fp32.onnx'), sharedData(keywords)];
  const path = join(packageRoot, 'examples', 'recipes', `${recipe}.yaml`);
  const argv = ['compress', onnx, '--recipe', path, '--samples', samples, '--limit', String(SAMPLES), '-o', output];
  const { exitCode, stderr } = await runCli([compress], argv);
  if (exitCode !== 0) throw new Error(`${recipe}: ${stderr}`);
  const bytes = new Uint8Array(readFileSync(output));
  return { name: `kws-dscnn/model_fp32.onnx, ${recipe}`, bytes, inputs: [...realInputs(bytes, samples), ...extremeInputs(bytes)] };
}

/** The test case of an operator; undefined when it is not about float32, or refused (test/conformance says why). */
async function compileCase(name: string): Promise<RunnableModel | undefined> {
  const model = loadModel(name);
  if (outOfScope(model)) return undefined;
  const conformanceCase = loadCase(name, model);
  try {
    const graph = compileFrozen(conformanceCase);
    const given = new Map(conformanceCase.inputs.map((input) => [input.name, input]));
    const sample = graph.inputs.map((port) => {
      const input = given.get(port.name);
      if (!input) throw new Error(`${name}: no input "${port.name}"`);
      return toPort(input, port, valueOf(graph, port.value)) as Float32Array;
    });
    const { bytes } = await packModel({ graph, source: new Uint8Array() }, { name: 'case', samples: [sample] });
    const { metadata } = readPackedModel(bytes);
    return { name, bytes, inputs: [inputBytes(metadata, sample), ...extremeInputs(bytes)] };
  } catch (error) {
    if (error instanceof UnsupportedModelError) return undefined;
    throw error;
  }
}

/**
 * Not among them: Silero VAD, which is refused, and onnx-conformance/light, whose weights are constants and whose answers all equal.
 * @param scratch a folder
 */
export async function everyModel(scratch: string): Promise<RunnableModel[]> {
  const models: RunnableModel[] = [];
  for (const { onnx, samples, options } of networks) models.push(await compileNetwork(onnx, sharedData(samples), options));
  const frames = join(scratch, 'frames.npy');
  syntheticFrames(frames, SAMPLES, 1);
  for (const form of ['bn', 'folded']) models.push(await compileNetwork(`ad-autoencoder/model_fp32_${form}.onnx`, frames));
  for (const recipe of recipes) models.push(await compressKeywords(recipe, join(scratch, `${recipe}.whittle`)));
  for (const name of caseNames()) {
    const model = await compileCase(name);
    if (model) models.push(model);
  }
  return models;
}
