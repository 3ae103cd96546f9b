import { describe, expect, test } from 'vitest';
import { Executor } from '../../../compiler/execute.ts';
import { type Tensor, tensor } from '../../../compiler/graph.ts';
import { GraphBuilder } from '../../../compiler/onnx/builder.ts';
import { Add } from '../../../compiler/ops/add.ts';
import { Div } from '../../../compiler/ops/div.ts';
import { type ElementwiseAttributes, unclamped } from '../../../compiler/ops/elementwise.ts';
import { Max } from '../../../compiler/ops/max.ts';
import { Min } from '../../../compiler/ops/min.ts';
import { Mul } from '../../../compiler/ops/mul.ts';
import type { Op } from '../../../compiler/ops/op.ts';
import { Pow } from '../../../compiler/ops/pow.ts';
import { Sub } from '../../../compiler/ops/sub.ts';
import { importCase, type OnnxTensor, onnxNode, runOnnxRuntime, runWhittle, toOnnxTensor } from './onnx-case.ts';
import { expectClose, expectKernelsEqualReference, graphOf, randomTensor, variants } from './op-case.ts';

const operators: readonly Op<ElementwiseAttributes>[] = [Add, Sub, Mul, Div, Min, Max, Pow];

const shapes: readonly (readonly [readonly number[], readonly number[]])[] = [
  ...[1, 3, 4, 5, 8, 15, 16, 17].map((count) => [[count], [count]] as const),
  [[2, 3, 19], [19]],
  [[19], [2, 3, 19]],
  [
    [2, 3, 5, 7],
    [1, 3, 1, 7],
  ],
  [
    [2, 3, 5, 1],
    [1, 3, 1, 18],
  ],
  [
    [2, 5, 9],
    [2, 5, 1],
  ],
  [[1], [4, 5]],
  [
    [3, 1, 5],
    [1, 4, 1],
  ],
  [[1, 1], [1]],
];

describe('float32 kernels with two operands', () => {
  test.for(operators.map((op) => ({ name: op.name, op })))('$name broadcasts', async ({ op }) => {
    for (const [a, b] of shapes) {
      const inputs = [randomTensor(a, 1, 0.5, 3), randomTensor(b, 2, 0.5, 3)];
      await expectKernelsEqualReference({ op, attributes: unclamped, inputs }, 2e-7);
    }
  });

  test('a fused activation clamps', async () => {
    for (const op of operators) {
      const inputs = [randomTensor([21], 1, 0.5, 3), randomTensor([21], 2, 0.5, 3)];
      await expectKernelsEqualReference({ op, attributes: { clamp: [0.75, 2] }, inputs }, 2e-7);
    }
  });

  test('scalar and SIMD treat infinities, zeros and NaN alike', async () => {
    const special = [0, -0, 1, -2, Infinity, -Infinity, NaN, 1e-40, 3e38];
    const all = special.flatMap((x) => special.map((y) => [x, y] as const));
    const inputs = [0, 1].map((i) =>
      tensor(
        'float32',
        [all.length],
        all.map((pair) => pair[i] as number),
      ),
    );
    for (const op of operators) {
      const graph = graphOf({ op, attributes: unclamped, inputs });
      const run = async (variant: (typeof variants)[number]) =>
        ((await Executor.create(graph, variant)).run(inputs.map((input) => input.data))[0] as Tensor).data;
      expect(await run('simd'), op.name).toEqual(await run('scalar'));
    }
  });

  test('the result may lie in the place of an operand', async () => {
    for (const op of [Add, Sub, Mul]) {
      const builder = new GraphBuilder();
      for (const name of ['a', 'b']) builder.define(name, { dtype: 'float32', shape: [5, 7] });
      builder.define('row', { dtype: 'float32', shape: [7] });
      const first = builder.addOne(op, ['a', 'b'], unclamped);
      const second = builder.addOne(op, ['row', first], unclamped);
      const third = builder.addOne(op, [second, second], unclamped);
      const ports = ['a', 'b', 'row'].map((name) => ({ name, value: name }));
      const graph = builder.build('chain', ports, [{ name: 'y', value: third }]);
      const [a, b, row] = [randomTensor([5, 7], 1), randomTensor([5, 7], 2), randomTensor([7], 3)];
      const [one] = op.evaluate([a, b], unclamped) as [Tensor];
      const [two] = op.evaluate([row, one], unclamped) as [Tensor];
      const [expected] = op.evaluate([two, two], unclamped) as [Tensor];
      for (const variant of variants) {
        const [y] = (await Executor.create(graph, variant)).run([a.data, b.data, row.data]) as [Tensor];
        expectClose(y, expected, 1e-6, `${op.name} ${variant}`);
      }
    }
  });
});

describe('two-operand operators from ONNX', () => {
  const x = randomTensor([2, 3, 4, 5], 1, 0.5, 4);
  const float = (shape: readonly number[], data: ArrayLike<number>): OnnxTensor => ({ type: 'float32', shape, data });

  async function expectOnnxRuntime(
    operator: string,
    inputs: Record<string, OnnxTensor>,
    constants: Record<string, OnnxTensor>,
    order: string[],
  ) {
    const model = { nodes: [onnxNode(operator, order, 'y')], inputs, constants, outputs: { y: 'float32' as const } };
    const expected = (await runOnnxRuntime(model)).y as { shape: number[]; data: Float32Array };
    const graph = importCase(model);
    for (const variant of variants) {
      const [y] = (await runWhittle(
        graph,
        Object.values(inputs).map((input) => input.data),
        variant,
      )) as [Tensor];
      expectClose(y, { type: { dtype: 'float32', shape: expected.shape }, data: expected.data }, 1e-6, `${operator} ${variant}`);
    }
    return graph;
  }

  test.for(['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Max', 'Min'])('%s with a constant number is a unary function', async (operator) => {
    const constants = { c: float([1, 1], [1.5]) };
    const right = await expectOnnxRuntime(operator, { x: toOnnxTensor(x) }, constants, ['x', 'c']);
    expect(right.nodes.map((node) => node.op.name)).toEqual(['Unary']);
    const left = await expectOnnxRuntime(operator, { x: toOnnxTensor(x) }, constants, ['c', 'x']);
    expect(left.nodes.map((node) => node.op.name)).toEqual([operator === 'Pow' ? 'Pow' : 'Unary']);
  });

  test.for([0.5, -1, 2, 3])('Pow with exponent %f', async (exponent) => {
    await expectOnnxRuntime('Pow', { x: toOnnxTensor(x) }, { c: float([], [exponent]) }, ['x', 'c']);
  });

  test('a constant that gives the result more axes stays an operand', async () => {
    const graph = await expectOnnxRuntime('Add', { x: float([3], [1, 2, 3]) }, { c: float([1, 1], [1]) }, ['x', 'c']);
    expect(graph.nodes.map((node) => node.op.name)).toEqual(['Add']);
  });

  test('Div by constants multiplies', async () => {
    const constants = { c: toOnnxTensor(randomTensor([5], 3, 1, 2)) };
    const graph = await expectOnnxRuntime('Div', { x: toOnnxTensor(x) }, constants, ['x', 'c']);
    expect(graph.nodes.map((node) => node.op.name)).toEqual(['Mul']);
  });

  test.for(['Sum', 'Max', 'Min'])('%s of one to four operands is a chain', async (operator) => {
    const inputs = Object.fromEntries(
      [[5], [4, 1], [2, 3, 4, 5], [1]].map((shape, i) => [`x${i}`, toOnnxTensor(randomTensor(shape, i + 1))] as const),
    );
    for (let count = 1; count <= 4; count++) {
      const entries = Object.entries(inputs).slice(0, count);
      const graph = await expectOnnxRuntime(
        operator,
        Object.fromEntries(entries),
        {},
        entries.map(([name]) => name),
      );
      expect(graph.nodes.length).toBe(count - 1);
    }
  });

  test.for([
    { low: -1, high: 1 },
    { low: undefined, high: 0.5 },
    { low: 0, high: undefined },
    { low: undefined, high: undefined },
  ])('Clip to [$low, $high], constant or not', async ({ low, high }) => {
    const names = ['x', low === undefined ? '' : 'low', high === undefined ? '' : 'high'];
    const limits = Object.fromEntries(
      [
        ['low', low],
        ['high', high],
      ].flatMap(([name, v]) => (v === undefined ? [] : [[name, float([], [v as number])]])),
    );
    const input = { x: toOnnxTensor(randomTensor([37], 1, -2, 2)) };
    await expectOnnxRuntime('Clip', input, limits, names);
    await expectOnnxRuntime('Clip', { ...input, ...limits }, {}, names);
  });

  test('Clip before opset 11 has attributes', async () => {
    const model = {
      nodes: [onnxNode('Clip', ['x'], 'y', { min: { float: -0.5 }, max: { float: 0.25 } })],
      inputs: { x: toOnnxTensor(randomTensor([10], 1)) },
      outputs: { y: 'float32' as const },
      opset: 10,
    };
    expect(importCase(model).nodes.map((node) => node.attributes)).toEqual([{ function: 'Clip', alpha: -0.5, beta: 0.25 }]);
  });
});

describe('integers of shape arithmetic', () => {
  const integers = (values: readonly number[]) => tensor('int32', [values.length], values);

  test('Div truncates towards zero', () => {
    const [y] = Div.evaluate([integers([7, -7, 7, -7, 6]), integers([2, 2, -2, -2, 3])], unclamped) as [Tensor];
    expect(y).toEqual(integers([3, -3, -3, 3, 2]));
  });

  test('Add, Sub, Mul, Min, Max', () => {
    const [a, b] = [integers([1, -5, 7]), integers([4, 2, -3])];
    const results = [Add, Sub, Mul, Min, Max].map((op) => Array.from((op.evaluate([a, b], unclamped)[0] as Tensor).data));
    expect(results).toEqual([
      [5, -3, 4],
      [-3, -7, 10],
      [4, -10, -21],
      [1, -5, -3],
      [4, 2, 7],
    ]);
  });
});
