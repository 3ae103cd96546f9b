import { describe, expect, test } from 'vitest';
import { type CompileOptions, compileModel } from '../../compiler/compile.ts';
import { Engine } from '../../compiler/engine.ts';
import { UsageError } from '../../compiler/errors.ts';
import { readPackedModel } from '../../compiler/packed/read.ts';
import { fullRuntime } from '../../compiler/root.ts';
import { encodeOnnx, type OnnxModel, type OnnxTensor, onnxNode, runOnnxRuntime, toOnnxTensor } from './ops/onnx-case.ts';
import { int8Variants, randomTensor } from './ops/op-case.ts';

const shape = [1, 3, 8, 10];
const x = toOnnxTensor(randomTensor(shape, 1));

/** Two convolutions and a ReLU, channels first, as exporters write them. */
const model: OnnxModel = {
  nodes: [
    onnxNode('Conv', ['x', 'w1', 'b1'], 'a', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
    onnxNode('Relu', ['a'], 'b'),
    onnxNode('Conv', ['b', 'w2', 'b2'], 'y', { kernel_shape: [1, 1] }),
  ],
  inputs: { x },
  constants: {
    w1: toOnnxTensor(randomTensor([6, 3, 3, 3], 2)),
    b1: toOnnxTensor(randomTensor([6], 3)),
    w2: toOnnxTensor(randomTensor([5, 6, 1, 1], 4)),
    b2: toOnnxTensor(randomTensor([5], 5)),
  },
  outputs: { y: 'float32' },
};

const onnx = encodeOnnx(model);
const samples = Array.from({ length: 12 }, (_, i) => [randomTensor(shape, 100 + i).data as Float32Array]);
const compile = (options: Partial<CompileOptions> = {}) => compileModel({ onnx, name: 'case', samples, ...options });

/** From the order of the ONNX model to that of a port with this permutation, and back. */
function permutedIndex(portShape: readonly number[], permutation: readonly number[] = portShape.map((_, i) => i)): number[] {
  const onnxShape = permutation.map((_, axis) => portShape[permutation.indexOf(axis)] as number);
  const strides = onnxShape.map((_, axis) => onnxShape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const count = portShape.reduce((a, b) => a * b, 1);
  return Array.from({ length: count }, (_, i) => {
    let rest = i;
    let index = 0;
    for (let axis = portShape.length - 1; axis >= 0; axis--) {
      index += (rest % (portShape[axis] as number)) * (strides[permutation[axis] as number] as number);
      rest = Math.floor(rest / (portShape[axis] as number));
    }
    return index;
  });
}

/** Feeds the packed bytes what their metadata say, and returns real numbers in the order of the ONNX model. */
async function runPacked(bytes: Uint8Array, x: ArrayLike<number>, variant: (typeof int8Variants)[number]): Promise<number[]> {
  const { metadata } = readPackedModel(bytes);
  const engine = await Engine.create(await fullRuntime(variant), bytes);
  const [input, output] = [metadata.inputs[0], metadata.outputs[0]];
  if (input?.dtype !== 'int8' || output?.dtype !== 'int8') throw new Error('expected int8 ports');
  const q = permutedIndex(input.shape, input.permutation).map((from) =>
    Math.round((x[from] as number) / (input.scale as number) + (input.zeroPoint as number)),
  );
  engine.input(0, q.length).set(Int8Array.from(q, (value) => Math.max(-128, Math.min(127, value))) as unknown as Uint8Array);
  engine.run();
  const order = permutedIndex(output.shape, output.permutation);
  const real = new Array<number>(order.length);
  new Int8Array(engine.output(0, order.length).slice().buffer).forEach((value, i) => {
    real[order[i] as number] = (value - (output.zeroPoint as number)) * (output.scale as number);
  });
  return real;
}

describe('compileModel', () => {
  test.for(int8Variants)('the packed model answers like ONNX Runtime, to a few steps (%s)', async (variant) => {
    const { bytes, report } = await compile();
    expect(report.islands).toEqual([]);
    const expected = (await runOnnxRuntime(model)).y as { data: ArrayLike<number> };
    const actual = await runPacked(bytes, x.data, variant);
    const step = readPackedModel(bytes).metadata.outputs[0]?.scale as number;
    const errors = actual.map((value, i) => Math.abs(value - (expected.data[i] as number)) / step);
    // Two layers of int8: rounding of the input, the weights and the hidden values stays well inside 4 output steps.
    expect(Math.max(...errors)).toBeLessThan(4);
  });

  test('the same model, samples and options give the same bytes; other samples do not', async () => {
    const [first, second, other] = [await compile(), await compile(), await compile({ samples: samples.slice(1) })];
    expect(Buffer.compare(first.bytes, second.bytes)).toBe(0);
    expect(Buffer.compare(first.bytes, other.bytes)).not.toBe(0);
  });

  test('samples may come one by one', async () => {
    async function* oneByOne() {
      yield* samples;
    }
    expect(Buffer.compare((await compile({ samples: oneByOne() })).bytes, (await compile()).bytes)).toBe(0);
  });

  test('metadata say what goes in, what comes out and where the file is from', async () => {
    const { metadata } = readPackedModel((await compile({ labels: ['a', 'b'], preprocess: { offset: -1, scale: 2 }, seed: 7 })).bytes);
    expect(metadata).toMatchObject({
      name: 'case',
      inputs: [{ name: 'x', dtype: 'int8', shape: [1, 8, 10, 3], permutation: [0, 2, 3, 1], scale: expect.any(Number) }],
      outputs: [{ name: 'y', dtype: 'int8', shape: [1, 5, 8, 10] }],
      labels: ['a', 'b'],
      preprocess: { offset: -1, scale: 2 },
      provenance: {
        model: expect.stringMatching(/^[0-9a-f]{64}$/),
        samples: expect.stringMatching(/^[0-9a-f]{64}$/),
        sampleCount: 12,
        seed: 7,
      },
    });
    expect(metadata.steps).toHaveLength(3);
  });

  test('the report counts what a model costs and how exact each layer is', async () => {
    const { report, bytes } = await compile();
    expect(report).toMatchObject({ fileBytes: bytes.length, sourceBytes: onnx.length, calibrationSamples: 12 });
    expect(report.parameters).toBe(6 * 27 + 6 + 5 * 6 + 5);
    expect(report.macs).toBe(80 * (6 * 27 + 5 * 6));
    expect(report.layers.map(({ operator, dtype }) => [operator, dtype])).toEqual([
      ['Conv2d', 'int8'],
      ['Conv2d', 'int8'],
      ['Transpose', 'int8'],
    ]);
    for (const { sqnr, cosine } of report.layers) {
      expect(sqnr).toBeGreaterThan(30);
      expect(cosine).toBeGreaterThan(0.999);
    }
  });

  test('float keeps everything float32 and needs no samples', async () => {
    const { report, graph, floatGraph } = await compile({ float: true, samples: [] });
    expect(graph).toBe(floatGraph);
    expect(report.layers.every(({ dtype }) => dtype === 'float32')).toBe(true);
  });

  test('keepFloat makes islands, with their reason in report and metadata', async () => {
    const name = (await compile()).report.layers[1]?.node as string;
    const { report, bytes } = await compile({ keepFloat: [name] });
    expect(report.islands).toEqual([
      { node: name, operator: 'Conv2d', reason: 'kept in float32 as asked' },
      { node: expect.any(String), operator: 'Transpose', reason: 'kept in float32 as asked' },
    ]);
    expect(readPackedModel(bytes).metadata.floatIslands).toEqual(report.islands);
    expect(report.layers.map(({ operator }) => operator)).toEqual(['Conv2d', 'Dequantize', 'Conv2d', 'Transpose']);
  });

  test('refuses to guess ranges, and samples that do not fit', async () => {
    await expect(compile({ samples: [] })).rejects.toThrow(UsageError);
    await expect(compile({ samples: [[new Float32Array(3)]] })).rejects.toThrow(
      /sample 0 holds 3 numbers for input "x", the model takes 240/,
    );
    const broken = Float32Array.from(x.data);
    broken[5] = Number.NaN;
    await expect(compile({ samples: [...samples.slice(0, 1), [broken]] })).rejects.toThrow(/sample 1: input "x" holds NaN/);
  });
});

describe('a quantized model (QDQ)', () => {
  const number = (value: number): OnnxTensor => ({ type: 'float32', shape: [], data: [value] });
  const zeroPoint = (value: number): OnnxTensor => ({ type: 'uint8', shape: [], data: [value] });
  const int8 = (dims: number[], seed: number): OnnxTensor => ({
    type: 'int8',
    shape: dims,
    data: Int8Array.from(randomTensor(dims, seed).data, (x) => Math.round(x * 127)),
  });
  const scales = Float32Array.from([0.01, 0.02, 0.005, 0.03]);
  const bias = Int32Array.from([500, -3000, 40, 0]);
  const quantized: OnnxModel = {
    nodes: [
      onnxNode('QuantizeLinear', ['x', 'sx', 'zx'], 'qx'),
      onnxNode('DequantizeLinear', ['qx', 'sx', 'zx'], 'dx'),
      onnxNode('DequantizeLinear', ['w', 'sw', 'zw'], 'dw', { axis: 0 }),
      onnxNode('DequantizeLinear', ['b', 'sb', 'zb'], 'db', { axis: 0 }),
      onnxNode('Conv', ['dx', 'dw', 'db'], 'c', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
      onnxNode('Relu', ['c'], 'r'),
      onnxNode('QuantizeLinear', ['r', 'sy', 'zy'], 'qy'),
      onnxNode('DequantizeLinear', ['qy', 'sy', 'zy'], 'y'),
    ],
    inputs: { x },
    constants: {
      sx: number(0.008),
      zx: zeroPoint(121),
      w: int8([4, 3, 3, 3], 5),
      sw: { type: 'float32', shape: [4], data: scales },
      zw: { type: 'int8', shape: [4], data: new Int8Array(4) },
      b: { type: 'int32', shape: [4], data: bias },
      sb: { type: 'float32', shape: [4], data: scales.map((scale) => Math.fround(0.008) * scale) },
      zb: { type: 'int32', shape: [4], data: new Int32Array(4) },
      sy: number(0.03),
      zy: zeroPoint(0),
    },
    outputs: { y: 'float32' },
  };

  test.for(int8Variants)('runs without samples and equals ONNX Runtime bit for bit (%s)', async (variant) => {
    const { bytes, report } = await compileModel({ onnx: encodeOnnx(quantized), name: 'qdq' });
    expect(report.islands).toEqual([]);
    expect(report.layers.map(({ operator }) => operator)).toEqual(['Conv2d', 'Transpose']);
    const expected = (await runOnnxRuntime(quantized)).y as { data: ArrayLike<number> };
    const actual = await runPacked(bytes, x.data, variant);
    expect(actual.map((value) => Math.round(value / 0.03))).toEqual(Array.from(expected.data, (value) => Math.round(value / 0.03)));
  });
});
