import { describe, expect, test } from 'vitest';
import { Executor } from '../../../compiler/execute.ts';
import { type Graph, type Tensor, tensor } from '../../../compiler/graph.ts';
import { GraphBuilder } from '../../../compiler/onnx/builder.ts';
import { exponentialTable, LogSoftmax, Softmax } from '../../../compiler/ops/softmax.ts';
import { writePackedModel } from '../../../compiler/packed/write.ts';
import { planExecution } from '../../../compiler/plan/plan.ts';
import { expectSurvivesDamagedWords } from '../../damage.ts';
import { importCase, onnxNode, runOnnxRuntime, runWhittle, toOnnxTensor } from './onnx-case.ts';
import { expectClose, expectKernelsEqualReference, graphOf, int8Variants, randomTensor, variants } from './op-case.ts';

const cases = [
  { shape: [1, 10], axis: 1 },
  { shape: [3, 1], axis: 1 },
  { shape: [2, 5, 7], axis: 1 },
  { shape: [2, 3, 4, 21], axis: 3 },
  { shape: [17, 3], axis: 0 },
  ...[1, 3, 4, 5, 8, 15, 16, 17].map((length) => ({ shape: [2, length], axis: 1 })),
];

const operators = [
  { name: 'Softmax', op: Softmax },
  { name: 'LogSoftmax', op: LogSoftmax },
];

describe.for(operators)('$name float32', ({ name, op }) => {
  test.for(cases)('[$shape] along $axis', async ({ shape, axis }) => {
    await expectKernelsEqualReference({ op, attributes: { axis }, inputs: [randomTensor(shape, 1, -20, 20)] }, 1e-6);
  });

  test('large numbers do not overflow', async () => {
    const x = tensor('float32', [2, 4], [0, 1, 2, 3, 10000, 10001, 10002, 10003]);
    await expectKernelsEqualReference({ op, attributes: { axis: 1 }, inputs: [x] }, 1e-6);
    const y = op.evaluate([x], { axis: 1 })[0] as Tensor;
    expect(y.data.slice(4)).toEqual(y.data.slice(0, 4));
  });

  test('scalar and SIMD give the same bits', async () => {
    const x = randomTensor([5, 103, 3], 2, -30, 30);
    const [scalar, simd] = await Promise.all(
      variants.map(async (variant) =>
        (await Executor.create(graphOf({ op, attributes: { axis: 1 }, inputs: [x] }), variant)).run([x.data]),
      ),
    );
    expect(simd).toEqual(scalar);
  });

  test.for([
    { opset: 12, shape: [2, 3, 4], axis: undefined },
    { opset: 12, shape: [2, 3, 4], axis: 2 },
    { opset: 12, shape: [2, 3, 4], axis: 0 },
    { opset: 12, shape: [2, 3, 4], axis: -1 },
    { opset: 9, shape: [2, 5, 1, 1], axis: 1 },
    { opset: 13, shape: [2, 3, 4], axis: undefined },
    { opset: 13, shape: [2, 3, 4], axis: 1 },
    { opset: 17, shape: [2, 3, 4], axis: -3 },
  ])('opset $opset, [$shape] along $axis, equals ONNX Runtime', async ({ opset, shape, axis }) => {
    const x = randomTensor(shape, 3, -4, 4);
    const model = {
      nodes: [onnxNode(name, ['x'], 'y', axis === undefined ? {} : { axis })],
      inputs: { x: toOnnxTensor(x) },
      outputs: { y: 'float32' as const },
      opset,
    };
    const expected = (await runOnnxRuntime(model)).y as { shape: number[]; data: Float32Array };
    const graph = importCase(model);
    for (const variant of variants) {
      const [y] = (await runWhittle(graph, [x.data], variant)) as [Tensor];
      expectClose(y, { type: { dtype: 'float32', shape: expected.shape }, data: expected.data }, 1e-6, variant);
    }
  });
});

test('before opset 13, one long axis needs no Reshape', () => {
  const model = (shape: readonly number[]) =>
    importCase({
      nodes: [onnxNode('Softmax', ['x'], 'y')],
      inputs: { x: toOnnxTensor(randomTensor(shape, 1)) },
      outputs: { y: 'float32' },
      opset: 11,
    }).nodes.map((node) => node.op.name);
  expect(model([1, 10, 1, 1])).toEqual(['Softmax']);
  expect(model([1, 10, 2])).toEqual(['Reshape', 'Softmax', 'Reshape']);
});

function integerGraph(shape: readonly number[], axis: number, scale: number): Graph {
  const builder = new GraphBuilder();
  builder.values.set('x', { name: 'x', type: { dtype: 'int8', shape, quantization: { scale: [scale], zeroPoint: 12 } } });
  builder.values.set('y', { name: 'y', type: { dtype: 'int8', shape, quantization: { scale: [1 / 256], zeroPoint: -128 } } });
  const graph = builder.build('int8', [{ name: 'x', value: 'x' }], [{ name: 'y', value: 'y' }]);
  return { ...graph, nodes: [{ name: 'node', op: Softmax, inputs: ['x'], outputs: ['y'], attributes: { axis } }] };
}

/** The definition of the int8 kernel for one distribution, in integers without limits. */
function integerSoftmax(x: readonly number[], table: Int32Array): number[] {
  const largest = Math.max(...x);
  const exponentials = x.map((value) => BigInt(table[largest - value] as number));
  const sum = exponentials.reduce((a, b) => a + b);
  return exponentials.map((e) => Math.min(Number((256n * e + sum / 2n) / sum), 255) - 128);
}

describe('Softmax int8', () => {
  test.for([...cases, { shape: [2, 3000], axis: 1 }])('[$shape] along $axis equals its definition', async ({ shape, axis }) => {
    const length = shape[axis] as number;
    const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
    for (const scale of [1e-4, 0.01, 0.1, 1, 20]) {
      const graph = integerGraph(shape, axis, scale);
      const x = Int8Array.from(randomTensor(shape, 5, -128, 128).data, Math.floor);
      const table = exponentialTable(scale, length);
      const expected = new Int8Array(x.length);
      for (let column = 0; column < x.length / length; column++) {
        const indices = Array.from({ length }, (_, l) => (Math.floor(column / inner) * length + l) * inner + (column % inner));
        const values = integerSoftmax(
          indices.map((index) => x[index] as number),
          table,
        );
        for (const [l, index] of indices.entries()) expected[index] = values[l] as number;
      }
      for (const variant of int8Variants) {
        const [y] = (await Executor.create(graph, variant)).run([x]) as [Tensor];
        expect(y.data, `${variant}, scale ${scale}`).toEqual(expected);
      }
      const bytes = writePackedModel(planExecution(graph), { name: 'case', inputs: [], outputs: [], steps: [] });
      await expectSurvivesDamagedWords(bytes, 1, 20);
    }
  });

  test('is at most one step from the real softmax', async () => {
    const scale = 0.06;
    const shape = [8, 100];
    const x = Int8Array.from(randomTensor(shape, 6, -128, 128).data, Math.floor);
    const real = tensor(
      'float32',
      shape,
      Array.from(x, (value) => (value - 12) * scale),
    );
    const expected = Softmax.evaluate([real], { axis: 1 })[0] as Tensor;
    const [y] = (await Executor.create(integerGraph(shape, 1, scale), 'scalar')).run([x]) as [Tensor];
    y.data.forEach((q, i) => {
      expect(Math.abs((q + 128) / 256 - Math.min(expected.data[i] as number, 255 / 256))).toBeLessThanOrEqual(0.51 / 256);
    });
  });

  test.for([1, 2, 511, 512, 513, 1e6, 2 ** 30])('%d entries of its table sum below 2^32', (length) => {
    const table = exponentialTable(0.1, length);
    const first = table[0] as number;
    expect(first * length).toBeLessThan(2 ** 32);
    expect(first === 2 ** 23 || first * 2 * length >= 2 ** 32).toBe(true);
    expect(table[10]).toBe(Math.round(first * Math.exp(-1)));
  });
});
