import { describe, expect, test } from 'vitest';
import { Add } from '../../../compiler/ops/add.ts';
import { unclamped } from '../../../compiler/ops/elementwise.ts';
import { Reshape } from '../../../compiler/ops/reshape.ts';
import { Transpose } from '../../../compiler/ops/transpose.ts';
import { Unary } from '../../../compiler/ops/unary.ts';
import { foldConstants } from '../../../compiler/passes/fold-constants.ts';
import { mergeReshapes } from '../../../compiler/passes/merge-reshapes.ts';
import { removeIdentities } from '../../../compiler/passes/remove-identities.ts';
import { addConv, buildGraph, constant, expectSameOutputs } from './pass-case.ts';

describe('remove-identities', () => {
  test('x + 0, a Transpose and a Reshape to the same, and limits that hold anyway', () => {
    const graph = buildGraph({ x: [2, 3] }, (g) => {
      const sum = g.addOne(Add, ['x', constant(g, 'zeros', [3], [0, 0, 0])], { clamp: [0, 6] });
      const a = g.addOne(Add, [constant(g, 'zero', [1], [0]), sum], unclamped);
      const b = g.addOne(Transpose, [a], { permutation: [0, 1] });
      const c = g.addOne(Reshape, [b], { shape: [2, 3] });
      const d = g.addOne(Unary, [c], { function: 'Clip', alpha: -Infinity, beta: Infinity });
      return [g.addOne(Unary, [d], { function: 'Relu', alpha: 0, beta: 0 }, { output: 'y' })];
    });
    expect(expectSameOutputs(graph, [removeIdentities])).toMatchInlineSnapshot(`
      "input x: float32 [2, 3]
      Add.Add: float32 [2, 3] ← Add(clamp [0, 6]) x, zeros{float32 [3] = 0 0 0}
      output Add.Add"
    `);
  });

  test('an Add of zeros that broadcasts stays', () => {
    const graph = buildGraph({ x: [1, 3] }, (g) => [
      g.addOne(Add, ['x', constant(g, 'zeros', [2, 1], [0, 0])], unclamped, { output: 'y' }),
    ]);
    expect(expectSameOutputs(graph, [removeIdentities])).toMatchInlineSnapshot(`
      "input x: float32 [1, 3]
      y: float32 [2, 3] ← Add(clamp [-Infinity, Infinity]) x, zeros{float32 [2, 1] = 0 0}
      output y"
    `);
  });

  test('the output of the model may become its input', () => {
    const graph = buildGraph({ x: [1, 3] }, (g) => [g.addOne(Reshape, ['x'], { shape: [1, 3] }, { output: 'y' })]);
    expect(expectSameOutputs(graph, [removeIdentities])).toMatchInlineSnapshot(`
      "input x: float32 [1, 3]
      output x"
    `);
  });
});

describe('merge-reshapes', () => {
  test('one Reshape remains, and none when the first shape comes back', () => {
    const graph = buildGraph({ x: [4, 3] }, (g) => {
      const a = g.addOne(Reshape, ['x'], { shape: [12] }, { output: 'a' });
      const b = g.addOne(Reshape, [a], { shape: [4, 3] }, { output: 'b' });
      return [g.addOne(Reshape, [a], { shape: [2, 6] }, { output: 'y' }), addConv(g, g.addOne(Reshape, [b], { shape: [1, 4, 3] }), 'z', 2)];
    });
    expect(expectSameOutputs(graph, [mergeReshapes, removeIdentities])).toMatchInlineSnapshot(`
      "input x: float32 [4, 3]
      y: float32 [2, 6] ← Reshape(shape [2, 6]) x
      Reshape.Reshape: float32 [1, 4, 3] ← Reshape(shape [1, 4, 3]) x
      z: float32 [1, 4, 2] ← Conv2d(kernel [1, 1], stride [1, 1], dilation [1, 1], padBefore [0, 0], padAfter [0, 0], groups 1, clamp [-Infinity, Infinity]) Reshape.Reshape, z.w{float32 [2, 1, 1, 3]}, z.b{float32 [2] = -0.976591 -0.876083}
      output y
      output z"
    `);
  });
});

describe('fold-constants', () => {
  test('a node on constants becomes a constant, and so does what reads it', () => {
    const graph = buildGraph({ x: [2, 2] }, (g) => [g.addOne(Add, ['x', 'x'], unclamped, { output: 'y' })]);
    const operand = { name: 'k', type: { dtype: 'float32', shape: [4] }, constant: Float32Array.of(1, 2, 3, 4) } as const;
    const shaped = { name: 'shaped', type: { dtype: 'float32', shape: [2, 2] } } as const;
    const nodes = [
      { name: 'shape', op: Reshape, inputs: ['k'], outputs: ['shaped'], attributes: { shape: [2, 2] } },
      ...graph.nodes.map((node) => ({ ...node, inputs: ['x', 'shaped'] })),
    ];
    const values = new Map([...graph.values, ['k', operand], ['shaped', shaped]]);
    expect(expectSameOutputs({ ...graph, nodes, values }, [foldConstants])).toMatchInlineSnapshot(`
      "input x: float32 [2, 2]
      y: float32 [2, 2] ← Add(clamp [-Infinity, Infinity]) x, shaped{float32 [2, 2] = 1 2 3 4}
      output y"
    `);
  });
});
