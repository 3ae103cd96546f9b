/** Number formats by layer: what is chosen, what the graph becomes, what the report says, and what ONNX Runtime makes of it. */
import { describe, expect, test } from 'vitest';
import { packModel } from '../../../compiler/compile.ts';
import { UsageError } from '../../../compiler/errors.ts';
import { Executor } from '../../../compiler/execute.ts';
import { type Graph, type Tensor, type TypedArray, valueOf } from '../../../compiler/graph.ts';
import { Add } from '../../../compiler/ops/add.ts';
import { unclamped } from '../../../compiler/ops/elementwise.ts';
import { MaxPool } from '../../../compiler/ops/max-pool.ts';
import { Reshape } from '../../../compiler/ops/reshape.ts';
import { inputsOf, realNumbers } from '../../../compiler/quantization/accuracy.ts';
import type { PrecisionChoice } from '../../../compiler/quantization/layer-precision.ts';
import { lcg } from '../compression/lcg.ts';
import { addDense, randomSamples } from '../compression/network-case.ts';
import { runExported } from '../onnx/run-exported.ts';
import { expectClose } from '../ops/op-case.ts';
import { addConv, buildGraph } from '../passes/pass-case.ts';

const window3 = { kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1] } as const;
const pool = { kernel: [2, 2], stride: [2, 2], dilation: [1, 1], padBefore: [0, 0], padAfter: [0, 0], ceil: false } as const;

/** conv a → conv b → a + b → pool → dense c. */
function network(): Graph {
  return buildGraph({ x: [1, 6, 6, 3] }, (g) => {
    const a = addConv(g, 'x', 'a', 4, { ...window3, clamp: [0, Infinity] });
    const sum = g.addOne(Add, [a, addConv(g, a, 'b', 4, window3)], unclamped, { name: 'sum', output: 'sum' });
    const pooled = g.addOne(MaxPool, [sum], pool, { name: 'pool', output: 'pooled' });
    const flat = g.addOne(Reshape, [pooled], { shape: [1, 36] }, { name: 'flat', output: 'flat' });
    return [addDense(g, flat, 'c', lcg(3, 360), lcg(4, 10))];
  });
}

async function pack(precision: PrecisionChoice | undefined, withSamples = true) {
  const graph = network();
  const set = randomSamples(graph, 24);
  const samples = withSamples ? { samples: Array.from({ length: set.count }, (_, i) => set.at(i) as Float32Array[]) } : {};
  return packModel({ graph, source: new Uint8Array(0) }, { name: 'network', ...(precision && { precision }), ...samples });
}

const dtypes = (graph: Graph, node: string) => {
  const found = graph.nodes.find(({ name }) => name === node);
  return [...(found?.inputs ?? []), ...(found?.outputs ?? [])].map((name) => valueOf(graph, name).type.dtype);
};

const operatorsOf = (graph: Graph) => graph.nodes.map(({ op }) => op.name);

describe('a format for the whole model', () => {
  test.for([
    ['float16', ['float32', 'float16', 'float32', 'float32'], 1e-6],
    ['dynamic', ['float32', 'int8', 'float32', 'float32'], 1e-3],
    ['float32', ['float32', 'float32', 'float32', 'float32'], 0],
  ] as const)('%s needs no samples', async ([precision, expected, tolerance]) => {
    const { graph, report } = await pack(precision, false);
    for (const layer of ['a', 'b', 'c']) expect(dtypes(graph, layer)).toEqual(expected);
    expect(report.layers.find(({ node }) => node === 'b')?.dtype).toBe(precision);
    expect(await errorOf(graph, randomSamples(network(), 10))).toBeLessThanOrEqual(tolerance);
  });

  test('int16: integers from layer to layer, float32 in between, nothing in int8', async () => {
    const { graph, report } = await pack('int16');
    for (const layer of ['a', 'b', 'c']) expect(dtypes(graph, layer)).toEqual(['int16', 'int8', 'int32', 'int16']);
    // b reads what a has written; the shortcut, the pool and the answer read real numbers.
    expect(operatorsOf(graph)).toEqual([
      ...['Quantize', 'Conv2d', 'Dequantize', 'Conv2d', 'Dequantize', 'Add', 'MaxPool', 'Reshape'],
      ...['Quantize', 'Dense', 'Dequantize'],
    ]);
    expect(report.islands.find(({ node }) => node === 'sum')?.reason).toMatch(/int16/);
    const samples = randomSamples(network(), 10);
    const int8 = await pack('int8');
    const [wide, narrow] = [graph, int8.graph].map((packed) => errorOf(packed, samples));
    expect(await wide).toBeLessThan(0.5 * ((await narrow) as number));
  });

  test('half the bytes of float32, a quarter for int8 weights', async () => {
    const bytes = async (precision: PrecisionChoice) => {
      const { report } = await pack(precision, false);
      return report.layers.find(({ node }) => node === 'c')?.constantBytes;
    };
    expect(await bytes('float32')).toBe(4 * 370);
    expect(await bytes('float16')).toBe(2 * 360 + 4 * 10);
    expect(await bytes('dynamic')).toBe(360 + 4 * 10 + 4 * 10);
  });
});

/** Σ (y - ŷ)² / Σ y² of the real outputs. */
async function errorOf(packed: Graph, samples: ReturnType<typeof randomSamples>): Promise<number> {
  const [reference, candidate] = [await Executor.create(network()), await Executor.create(packed)];
  let [error, energy] = [0, 0];
  for (let i = 0; i < samples.count; i++) {
    const [expected, actual] = [reference.run(samples.at(i)), candidate.run(inputsOf(packed, samples.at(i)))];
    const real = realNumbers(actual[0]?.data as TypedArray, actual[0]?.type.quantization);
    expected[0]?.data.forEach((value: number, k: number) => {
      error += (value - (real[k] as number)) ** 2;
      energy += value ** 2;
    });
  }
  return error / energy;
}

describe('a format by pattern', () => {
  test('the last pattern that fits counts; what is left is int8', async () => {
    const { graph, report } = await pack({ '@convolution': 'dynamic', '@first': 'float16', c: 'int8' });
    expect(dtypes(graph, 'a').slice(0, 2)).toEqual(['float32', 'float16']);
    expect(dtypes(graph, 'b').slice(0, 2)).toEqual(['float32', 'int8']);
    expect(dtypes(graph, 'c')).toEqual(['int8', 'int8', 'int32', 'int8']);
    expect(report.layers.filter(({ macs }) => macs > 0).map(({ node, dtype }) => [node, dtype])).toEqual([
      ['a', 'float16'],
      ['b', 'dynamic'],
      ['c', 'int8'],
    ]);
    const reasons = Object.fromEntries(report.islands.map(({ node, reason }) => [node, reason]));
    expect(reasons).toMatchObject({ a: 'float16 weights, as asked', b: 'int8 weights, activations quantized per call, as asked' });
  });

  test('int16 next to int8: the shared neighbours stay int8', async () => {
    const { graph } = await pack({ b: 'int16' });
    expect(dtypes(graph, 'b')).toEqual(['int16', 'int8', 'int32', 'int16']);
    expect(dtypes(graph, 'sum')).toEqual(['int8', 'int8', 'int8']);
  });

  test('names that no layer has are refused, and int16 without samples', async () => {
    await expect(pack({ nothing: 'float16' })).rejects.toThrow(/precision: no layer is named "nothing".*"a", "b", "c"/);
    await expect(pack('int16', false)).rejects.toThrow(UsageError);
  });

  test('the same bytes again, and none of another format in a model that asks for none', async () => {
    const [first, second] = [await pack({ '@first': 'float16', c: 'int16' }), await pack({ '@first': 'float16', c: 'int16' })];
    expect(first.bytes).toEqual(second.bytes);
    expect((await pack('int8')).bytes).toEqual((await pack(undefined)).bytes);
  });
});

test('weights beyond the largest half are clipped, and that is said', async () => {
  const graph = buildGraph({ x: [1, 4] }, (g) => [addDense(g, 'x', 'd', [1, 2, 70000, -1e6], [0])]);
  const samples = Array.from({ length: 4 }, (_, i) => [Float32Array.of(i, 1, 0, 0)]);
  const { report, graph: packed } = await packModel(
    { graph, source: new Uint8Array(0) },
    { name: 'd', precision: { d: 'float16' }, samples },
  );
  expect(report.islands[0]?.reason).toBe('float16 weights, as asked; 2 of them were clipped to ±65504');
  const [{ data }] = (await Executor.create(packed)).run([Float32Array.of(0, 0, 1, 1)]) as [Tensor];
  expect([...data]).toEqual([0]);
});

test.for([['int16'], [{ '*': 'dynamic' }]] as const)('%j: biases take back what rounding does to the mean answer', async ([precision]) => {
  const { graph } = await pack(precision);
  const samples = randomSamples(network(), 24);
  const [reference, candidate] = [await Executor.create(network()), await Executor.create(graph)];
  const shifts = new Float64Array(10);
  for (let i = 0; i < samples.count; i++) {
    const [[expected], [actual]] = [reference.run(samples.at(i)), candidate.run(inputsOf(graph, samples.at(i)))] as [[Tensor], [Tensor]];
    expected.data.forEach((value: number, k: number) => {
      shifts[k] = (shifts[k] as number) + (value - (actual.data[k] as number)) / samples.count;
    });
  }
  // Without the correction one of the means is 0.05 away.
  expect(Math.max(...shifts.map(Math.abs))).toBeLessThan(2e-3);
});

test.for([
  ['float16', 1e-5],
  ['dynamic', 1e-5],
  ['int16', 1e-3],
] as const)('%s: ONNX Runtime answers the same from the exported file', async ([precision, tolerance]) => {
  const { graph } = await pack(precision);
  const executor = await Executor.create(graph);
  const samples = randomSamples(network(), 4);
  for (let i = 0; i < samples.count; i++) {
    const [expected] = executor.run(samples.at(i)) as [Tensor];
    const [actual] = await runExported(graph, samples.at(i) as Float32Array[]);
    expectClose(actual as Tensor, expected, tolerance);
  }
});
