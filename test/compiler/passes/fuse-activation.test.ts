import { describe, expect, test } from 'vitest';
import { Add } from '../../../compiler/ops/add.ts';
import { unclamped } from '../../../compiler/ops/elementwise.ts';
import { Unary } from '../../../compiler/ops/unary.ts';
import { fuseActivation } from '../../../compiler/passes/fuse-activation.ts';
import { addConv, buildGraph, expectSameOutputs } from './pass-case.ts';

const relu = { function: 'Relu', alpha: 0, beta: 0 };

describe('fuse-activation', () => {
  test('Relu and Clip become the limits of the convolution and of the Add', () => {
    const graph = buildGraph({ x: [1, 2, 2, 3] }, (g) => {
      const a = g.addOne(Unary, [addConv(g, 'x', 'conv', 2)], relu);
      const b = g.addOne(Unary, [a], { function: 'Clip', alpha: -1, beta: 0.5 }, { output: 'b' });
      return [g.addOne(Unary, [g.addOne(Add, [b, b], unclamped)], relu, { output: 'y' })];
    });
    expect(expectSameOutputs(graph, [fuseActivation])).toMatchInlineSnapshot(`
      "input x: float32 [1, 2, 2, 3]
      b: float32 [1, 2, 2, 2] ← Conv2d(kernel [1, 1], stride [1, 1], dilation [1, 1], padBefore [0, 0], padAfter [0, 0], groups 1, clamp [0, 0.5]) x, conv.w{float32 [2, 1, 1, 3]}, conv.b{float32 [2] = -0.976591 -0.876083}
      y: float32 [1, 2, 2, 2] ← Add(clamp [0, Infinity]) b, b
      output y"
    `);
  });

  test('not when someone else reads the value before the activation', () => {
    const graph = buildGraph({ x: [1, 2, 2, 3] }, (g) => {
      const conv = addConv(g, 'x', 'conv', 1);
      return [conv, g.addOne(Unary, [conv], relu, { output: 'y' })];
    });
    expect(expectSameOutputs(graph, [fuseActivation])).toMatchInlineSnapshot(`
      "input x: float32 [1, 2, 2, 3]
      conv: float32 [1, 2, 2, 1] ← Conv2d(kernel [1, 1], stride [1, 1], dilation [1, 1], padBefore [0, 0], padAfter [0, 0], groups 1, clamp [-Infinity, Infinity]) x, conv.w{float32 [1, 1, 1, 3] = 0.847272 -0.333908 -0.556664}, conv.b{float32 [1] = -0.976591}
      y: float32 [1, 2, 2, 1] ← Unary(function Relu, alpha 0, beta 0) conv
      output conv
      output y"
    `);
  });
});
