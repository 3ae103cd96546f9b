import { describe, expect, test } from 'vitest';
import { type Tensor, valueOf } from '../../../compiler/graph.ts';
import { Reduce, type ReduceAttributes, ReduceExtreme } from '../../../compiler/ops/reduce.ts';
import { float32, importNode, ints } from './import-case.ts';
import { importCase, type OnnxModel, onnxNode, runOnnxRuntime, runWhittle, toOnnxTensor } from './onnx-case.ts';
import { expectClose, expectKernelsEqualReference, randomTensor, variants } from './op-case.ts';
import { expectInt8KernelsEqual, randomInt8, requantized } from './pool-case.ts';

const shapes: readonly { readonly x: readonly number[]; readonly axes: readonly number[] }[] = [
  // Along the last axis, around the vectors of 4 and 16.
  ...[1, 3, 4, 5, 15, 16, 17, 67].map((length) => ({ x: [3, length], axes: [1] })),
  // Along the first, with so many results.
  ...[2, 4, 5, 16, 17, 33].map((inner) => ({ x: [2, 7, inner], axes: [1] })),
  { x: [2, 3, 4, 5], axes: [1, 2] },
  { x: [2, 3, 1, 5], axes: [1, 3] },
  { x: [2, 3], axes: [0, 1] },
  { x: [1, 4, 1], axes: [0, 2] },
  // More than 16 bits hold.
  { x: [1, 300, 16], axes: [1] },
  { x: [1, 600, 23], axes: [1] },
  { x: [1, 30000], axes: [1] },
];

const cases = shapes.flatMap((shape, i) =>
  (['Sum', 'Mean', 'Max', 'Min'] as const).map((name) => ({
    ...shape,
    attributes: { function: name, axes: shape.axes, keepDims: i % 2 === 0 } satisfies ReduceAttributes,
  })),
);

const isSum = (name: string) => name === 'Sum' || name === 'Mean';
const operatorOf = ({ function: name }: ReduceAttributes) => (isSum(name) ? Reduce : ReduceExtreme);

describe('Reduce', () => {
  test.for(cases)('float32 $attributes.function of $x along $axes', async ({ x, attributes }) => {
    // Sums of thousands of float32 numbers lose a few digits, whatever their order.
    await expectKernelsEqualReference({ op: operatorOf(attributes), attributes, inputs: [randomTensor(x, 1)] }, 1e-4);
  });

  test.for(cases)('int8 $attributes.function of $x along $axes', async ({ x, axes, attributes }) => {
    const from = { scale: [0.02], zeroPoint: 11 };
    const length = axes.reduce((product, axis) => product * (x[axis] as number), 1);
    const to = isSum(attributes.function)
      ? { scale: [attributes.function === 'Sum' ? 0.02 * Math.sqrt(length) : 0.013], zeroPoint: -5 }
      : from;
    const input = randomInt8(x, 5, from);
    const op = operatorOf(attributes);
    // The reference gives sums and extremes of the plain integers exactly.
    const [sums] = op.evaluate([{ type: { dtype: 'int32', shape: x }, data: Int32Array.from(input.data) }], {
      ...attributes,
      function: attributes.function === 'Mean' ? 'Sum' : attributes.function,
    });
    const ratio = Math.fround(Math.fround(0.02) / Math.fround(to.scale[0] as number));
    const multiplier = attributes.function === 'Mean' ? Math.fround(ratio / length) : ratio;
    const expected = Array.from(sums?.data ?? [], (sum) =>
      isSum(attributes.function) ? requantized(sum - length * from.zeroPoint, multiplier, to.zeroPoint) : sum,
    );
    await expectInt8KernelsEqual(op, attributes, input, to, expected);
  });

  test('axes are an attribute, an input or all of them', () => {
    const shapeOf = (graph: ReturnType<typeof importNode>) => valueOf(graph, graph.outputs[0]?.value as string).type.shape;
    const x = float32(2, 3, 4);
    expect(shapeOf(importNode({ operator: 'ReduceMean', opset: 13, inputs: [x], attributes: { axes: { ints: [-1] } } }))).toEqual([
      2, 3, 1,
    ]);
    const dropped = { keepdims: { i: 0 } };
    expect(shapeOf(importNode({ operator: 'ReduceMean', opset: 18, inputs: [x, ints(0, 2)], attributes: dropped }))).toEqual([3]);
    expect(shapeOf(importNode({ operator: 'ReduceSum', opset: 13, inputs: [x], attributes: dropped }))).toEqual([]);
    const noop = { noop_with_empty_axes: { i: 1 } };
    expect(shapeOf(importNode({ operator: 'ReduceSum', opset: 13, inputs: [x], attributes: noop }))).toEqual([2, 3, 4]);
    expect(shapeOf(importNode({ operator: 'GlobalMaxPool', opset: 13, inputs: [float32(2, 3, 4, 5, 6)] }))).toEqual([2, 3, 1, 1, 1]);
  });

  test('refuses axes that are computed at run time', () => {
    const axes = { dtype: 'int32', shape: [1] } as const;
    expect(() => importNode({ operator: 'ReduceSum', opset: 13, inputs: [float32(2, 3), axes] })).toThrow(/axes are computed at run time/);
  });
});

describe('import equals ONNX Runtime', () => {
  const imports = [
    { name: 'ReduceMean', opset: 11, axes: [2, 3], keepdims: 1 },
    { name: 'ReduceMean', opset: 13, axes: [-1, 1], keepdims: 0 },
    { name: 'ReduceMean', opset: 13, axes: [1, 3], keepdims: 1 },
    { name: 'ReduceMean', opset: 18, input: [2, 3], keepdims: 0 },
    { name: 'ReduceMean', opset: 18, keepdims: 0 },
    { name: 'ReduceMean', opset: 18, noop: true, keepdims: 1 },
    { name: 'ReduceSum', opset: 11, axes: [0], keepdims: 1 },
    { name: 'ReduceSum', opset: 13, input: [-2], keepdims: 1 },
    { name: 'ReduceSum', opset: 13, input: [], noop: true, keepdims: 1 },
    { name: 'ReduceSum', opset: 13, keepdims: 1 },
    { name: 'ReduceMax', opset: 12, axes: [0, 2], keepdims: 1 },
    { name: 'ReduceMax', opset: 18, input: [1], keepdims: 0 },
    { name: 'ReduceMin', opset: 13, keepdims: 0 },
    { name: 'ReduceMin', opset: 18, input: [0, 3], keepdims: 0 },
  ];
  test.for(imports)('$name, opset $opset, axes $axes $input, keepdims $keepdims', async ({ name, opset, axes, input, noop, keepdims }) => {
    const x = randomTensor([2, 3, 4, 5], 3, -4, 4);
    const attributes = { keepdims, ...(axes && { axes }), ...(noop && { noop_with_empty_axes: 1 }) };
    const model: OnnxModel = {
      nodes: [onnxNode(name, input ? ['x', 'axes'] : ['x'], 'y', attributes)],
      inputs: { x: toOnnxTensor(x) },
      ...(input && { constants: { axes: { type: 'int64', shape: [input.length], data: input } } }),
      outputs: { y: 'float32' },
      opset,
    };
    const expected = (await runOnnxRuntime(model)).y as { shape: number[]; data: Float32Array };
    const graph = importCase(model);
    for (const variant of variants) {
      const [y] = (await runWhittle(graph, [x.data], variant)) as [Tensor];
      expectClose(y, { type: { dtype: 'float32', shape: expected.shape }, data: expected.data }, 1e-6, variant);
    }
  });

  test('the operator has the name of its ONNX node, axes apart are moved together', () => {
    const graph = importCase({
      nodes: [onnxNode('ReduceSum', ['x'], 'y', { axes: [0, 2] })],
      inputs: { x: toOnnxTensor(randomTensor([2, 3, 4], 1)) },
      outputs: { y: 'float32' },
      opset: 11,
    });
    expect(graph.nodes.map(({ name, op }) => `${name}: ${op.name}`)).toEqual([
      'y.layout: Transpose',
      'y: Reduce',
      'y.layout.Transpose: Transpose',
    ]);
  });
});
