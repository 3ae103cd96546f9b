/** Real float models through import, passes and the float kernels, against ONNX Runtime and stored outputs. */
import { readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-web';
import { expect, test } from 'vitest';
import { UnsupportedModelError } from '../../compiler/errors.ts';
import { Executor } from '../../compiler/execute.ts';
import { type Graph, type Tensor, type ValueName, valueOf } from '../../compiler/graph.ts';
import { importOnnx } from '../../compiler/onnx/import.ts';
import { loadOnnx } from '../../compiler/onnx/load.ts';
import { keepsBytes, Transpose } from '../../compiler/ops/transpose.ts';
import { defaultPasses } from '../../compiler/passes/index.ts';
import { runPasses } from '../../compiler/passes/pass.ts';
import { inverse, permute } from '../../compiler/passes/permutation.ts';
import { planExecution } from '../../compiler/plan/plan.ts';
import { inputPortsOf, modelInputsOf, sampleReader } from '../../compiler/samples/layout.ts';
import { loadSamples } from '../../compiler/samples/load.ts';
import { verify } from '../../compiler/verify.ts';
import { expectClose, randomTensor } from '../compiler/ops/op-case.ts';
import { describeWithSharedData, sharedData } from '../shared-data.ts';

/** Sums of up to thousands of products in another order; relative where outputs are large. */
const TOLERANCE = 1e-3;

interface Model {
  readonly path: string;
  /** Inputs are drawn from this range. */
  readonly range: readonly [number, number];
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
}

const models: readonly Model[] = [
  { path: 'ic-resnet8/model_fp32_bn.onnx', range: [0, 255] },
  { path: 'ic-resnet8/model_fp32_folded.onnx', range: [0, 255] },
  { path: 'ic-resnet8/ic02_large_fp32_folded.onnx', range: [0, 255] },
  { path: 'kws-dscnn/model_fp32.onnx', range: [-100, 100] },
  { path: 'vww-mobilenetv1/model_fp32_bn.onnx', range: [0, 1] },
  { path: 'vww-mobilenetv1/model_fp32_folded.onnx', range: [0, 1] },
  { path: 'ad-autoencoder/model_fp32_bn.onnx', range: [-10, 10] },
  { path: 'ad-autoencoder/model_fp32_folded.onnx', range: [-10, 10] },
  { path: 'mnist-lenet/lenet300100_original.onnx', range: [0, 1] },
  { path: 'mnist-lenet/lenet300100_sparse.onnx', range: [0, 1] },
  { path: 'mnist-lenet/lenet5_original.onnx', range: [0, 1] },
  { path: 'mnist-lenet/lenet5_sparse.onnx', range: [0, 1] },
  { path: 'imagenet-sample1000/mobilenetv2_1.0_224_dequant_fp32.onnx', range: [-1, 1] },
  { path: 'imagenet-sample1000/squeezenet1.1_fp32.onnx', range: [-2, 2] },
  { path: 'import-smoke/Ultraface_version-RFB-320.onnx', range: [-1, 1] },
  { path: 'import-smoke/ch_ppocr_mobile_v2.0_cls_infer.onnx', range: [-1, 1], shapes: { x: [1, 3, 48, 192] } },
];

function importModel({ path, shapes = {} }: Pick<Model, 'path' | 'shapes'>): Graph {
  return verify(importOnnx(loadOnnx(sharedData(path)).model, { name: path, inputShapes: new Map(Object.entries(shapes)) }), 'import');
}

/** The compiled graph's outputs for inputs in ONNX's order of axes. */
function runCompiled(executor: Executor, graph: Graph, inputs: readonly Tensor[]): Tensor[] {
  const permuted = graph.inputs.map((port, i) => {
    const input = inputs[i] as Tensor;
    return port.permutation ? (Transpose.evaluate([input], { permutation: port.permutation }) as [Tensor])[0] : input;
  });
  return executor.run(permuted.map((input) => input.data));
}

/** Shapes in ONNX's order of axes. */
function inputShapes(graph: Graph): number[][] {
  return graph.inputs.map((port) => {
    const { shape } = valueOf(graph, port.value).type;
    return port.permutation ? permute(shape, inverse(port.permutation)) : [...shape];
  });
}

function readFloats(path: string): Float32Array {
  const bytes = readFileSync(sharedData(path));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

function movingTransposes(graph: Graph): string[] {
  return graph.nodes
    .filter(
      ({ op, inputs, attributes }) =>
        op === Transpose && !keepsBytes(valueOf(graph, inputs[0] as ValueName).type.shape, attributes.permutation),
    )
    .map((node) => node.name);
}

describeWithSharedData('float models', () => {
  test.for(models)('$path equals ONNX Runtime, without a Transpose that moves bytes, in the least arena', async (model) => {
    const graph = runPasses(importModel(model), defaultPasses);
    expect(movingTransposes(graph)).toEqual([]);
    const plan = planExecution(graph);
    expect(plan.arenaBytes).toBe(plan.arenaLowerBound);
    ort.env.wasm.numThreads = 1;
    ort.env.logLevel = 'error';
    const session = await ort.InferenceSession.create(readFileSync(sharedData(model.path)));
    const executor = await Executor.create(graph);
    for (const seed of [1, 2]) {
      const inputs = inputShapes(graph).map((shape, i) => randomTensor(shape, seed + 10 * i, ...model.range));
      const feeds = graph.inputs.map((port, i) => {
        const { type, data } = inputs[i] as Tensor;
        return [port.name, new ort.Tensor('float32', data as Float32Array, [...type.shape])] as const;
      });
      const expected = await session.run(Object.fromEntries(feeds));
      runCompiled(executor, graph, inputs).forEach((output, i) => {
        const { dims, data } = expected[(graph.outputs[i] as Graph['outputs'][number]).name] as ort.Tensor;
        expectClose(output, { type: { dtype: 'float32', shape: dims }, data: data as Float32Array }, TOLERANCE, `seed ${seed}`);
      });
    }
    await session.release();
  });

  test('ResNet-8 reproduces the stored outputs of real images', async () => {
    const graph = runPasses(importModel({ path: 'ic-resnet8/model_fp32_bn.onnx' }), defaultPasses);
    const executor = await Executor.create(graph);
    const images = readFileSync(sharedData('ic-resnet8/dev/x.bin'));
    const expected = readFloats('ic-resnet8/dev/ref_fp32_out.f32');
    const pixels = 32 * 32 * 3;
    expect(graph.inputs[0]?.permutation).toEqual([0, 2, 3, 1]);
    for (let i = 0; i < 5000; i++) {
      const [output] = executor.run([images.subarray(i * pixels, (i + 1) * pixels)]) as [Tensor];
      const data = expected.slice(i * 10, (i + 1) * 10);
      expectClose(output, { type: output.type, data }, TOLERANCE, `image ${i}`);
    }
  });

  test('SqueezeNet reproduces the vector published with it', async () => {
    const graph = runPasses(importModel({ path: 'imagenet-sample1000/squeezenet1.1_fp32.onnx' }), defaultPasses);
    const executor = await Executor.create(graph);
    const data = readFloats('imagenet-sample1000/squeezenet1.1_vectors/input_0.f32');
    const [output] = runCompiled(executor, graph, [{ type: { dtype: 'float32', shape: [1, 3, 224, 224] }, data }]) as [Tensor];
    const expected = readFloats('imagenet-sample1000/squeezenet1.1_vectors/output_0.f32');
    expectClose(output, { type: output.type, data: expected }, TOLERANCE);
  });

  // The stored classes come from libjpeg's pixels; our JPEG decoder differs by up to 3 levels, which turns a few close calls.
  test.for([
    { name: 'mobilenetv2', path: 'imagenet-sample1000/mobilenetv2_1.0_224_dequant_fp32.onnx', firstClass: 1 },
    { name: 'squeezenet', path: 'imagenet-sample1000/squeezenet1.1_fp32.onnx', firstClass: 0 },
  ])('$name names the stored class of the photographs', async ({ name, path, firstClass }) => {
    const graph = runPasses(importModel({ path }), defaultPasses);
    const executor = await Executor.create(graph);
    const ports = inputPortsOf(graph);
    const samples = loadSamples(sharedData(`imagenet-sample1000/dev.${name}.dataset.json`), { inputs: modelInputsOf(ports) });
    const read = sampleReader(samples, ports);
    const stored = new Uint16Array(new Uint8Array(readFileSync(sharedData(`imagenet-sample1000/dev/ref_${name}_top1.u16`))).buffer);
    let equal = 0;
    for (let i = 0; i < samples.count; i++) {
      const scores = (executor.run(read(i))[0] as Tensor).data as Float32Array;
      if (scores.indexOf(Math.max(...scores)) - firstClass === stored[i]) equal++;
    }
    expect(samples.count).toBe(stored.length);
    expect(equal).toBeGreaterThanOrEqual(0.985 * samples.count);
  });

  test('Silero is refused with every reason at once', () => {
    try {
      importModel({ path: 'import-smoke/silero_vad_v5.onnx' });
      expect.fail('it was imported');
    } catch (error) {
      expect(error).toBeInstanceOf(UnsupportedModelError);
      const { problems } = error as UnsupportedModelError;
      expect(problems.map(({ operator }) => operator)).toEqual(expect.arrayContaining(['Input', 'If']));
      for (const { reason, fix } of problems) expect(reason && fix).toBeTruthy();
    }
  });
});
