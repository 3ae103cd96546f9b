import { describe, expect, test } from 'vitest';
import { type Tensor, tensor } from '../../../compiler/graph.ts';
import { Compare } from '../../../compiler/ops/compare.ts';
import { Where } from '../../../compiler/ops/where.ts';
import { importCase, type OnnxTensor, onnxNode, runOnnxRuntime, runWhittle, toOnnxTensor } from './onnx-case.ts';
import { expectClose, randomTensor, variants } from './op-case.ts';

const integers = (values: readonly number[]) => tensor('int32', [values.length], values);

describe('Compare', () => {
  test.for([
    { name: 'Equal', expected: [0, 1, 0] },
    { name: 'Greater', expected: [0, 0, 1] },
    { name: 'GreaterOrEqual', expected: [0, 1, 1] },
    { name: 'Less', expected: [1, 0, 0] },
    { name: 'LessOrEqual', expected: [1, 1, 0] },
    { name: 'And', expected: [0, 1, 1] },
    { name: 'Or', expected: [1, 1, 1] },
    { name: 'Xor', expected: [1, 0, 0] },
  ])('$name', ({ name, expected }) => {
    const [y] = Compare.evaluate([integers([0, 2, 3]), tensor('int32', [1], [2])], { function: name }) as [Tensor];
    expect(y).toEqual(integers(expected));
  });

  test('of values computed at run time is refused with a fix', () => {
    const model = {
      nodes: [onnxNode('Greater', ['x', 'c'], 'y')],
      inputs: { x: toOnnxTensor(randomTensor([3], 1)) },
      constants: { c: { type: 'float32' as const, shape: [], data: [0] } },
      outputs: { y: 'int32' as const },
    };
    expect(() => importCase(model)).toThrow(/Greater "y": "x" is computed at run time; only comparisons of constants.*--input/);
  });
});

describe('Where', () => {
  test('constants fold: the shape arithmetic of an exported Expand', async () => {
    const model = {
      nodes: [
        onnxNode('Equal', ['shape', 'minusOne'], 'unknown'),
        onnxNode('Not', ['unknown'], 'isKnown'),
        onnxNode('Where', ['isKnown', 'shape', 'ones'], 'target'),
        onnxNode('Reshape', ['x', 'target'], 'y'),
      ],
      inputs: { x: toOnnxTensor(randomTensor([6], 1)) },
      constants: {
        shape: { type: 'int64', shape: [3], data: [2, -1, 3] },
        minusOne: { type: 'int64', shape: [], data: [-1] },
        ones: { type: 'int64', shape: [3], data: [1, 1, 1] },
      } satisfies Record<string, OnnxTensor>,
      outputs: { y: 'float32' as const },
    };
    const graph = importCase(model);
    expect(graph.nodes.map((node) => node.op.name)).toEqual(['Reshape']);
    expect(graph.values.get('y')?.type.shape).toEqual([2, 1, 3]);
  });

  test.for([{ masked: -1e9 }, { masked: -Infinity }, { masked: 3 }])('a constant mask writes $masked', async ({ masked }) => {
    const x = randomTensor([2, 3, 4], 2, -5, 5);
    for (const order of [
      ['mask', 'x', 'c'],
      ['mask', 'c', 'x'],
    ]) {
      const nodes = [onnxNode('Cast', ['bits'], 'mask', { to: 9 }), onnxNode('Where', order, 'y')];
      const bits: OnnxTensor = { type: 'int32', shape: [3, 4], data: [1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0] };
      const constants = { bits, c: { type: 'float32' as const, shape: [], data: [masked] } };
      const model = { nodes, inputs: { x: toOnnxTensor(x) }, constants, outputs: { y: 'float32' as const } };
      const expected = (await runOnnxRuntime(model)).y as { shape: number[]; data: Float32Array };
      for (const variant of variants) {
        const [y] = (await runWhittle(importCase(model), [x.data], variant)) as [Tensor];
        expectClose(y, { type: { dtype: 'float32', shape: expected.shape }, data: expected.data }, 0, variant);
      }
    }
  });

  test('operands of two dtypes do not mix', () => {
    expect(() =>
      Where.infer(
        [
          { dtype: 'int32', shape: [] },
          { dtype: 'int32', shape: [] },
          { dtype: 'float32', shape: [] },
        ],
        {},
      ),
    ).toThrow(/int32 and float32/);
  });

  test('a condition computed at run time is refused with a fix', () => {
    const model = {
      nodes: [onnxNode('Cast', ['x'], 'mask', { to: 9 }), onnxNode('Where', ['mask', 'x', 'c'], 'y')],
      inputs: { x: toOnnxTensor(randomTensor([3], 1)) },
      constants: { c: { type: 'float32' as const, shape: [], data: [0] } },
      outputs: { y: 'float32' as const },
    };
    expect(() => importCase(model)).toThrow(/Where "y": "mask", "x" computed at run time; only a constant condition/);
  });
});
