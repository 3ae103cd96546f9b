import { describe, expect, test } from 'vitest';
import { Add } from '../../../compiler/ops/add.ts';
import { ConvTranspose2d } from '../../../compiler/ops/conv-transpose.ts';
import { Dense } from '../../../compiler/ops/dense.ts';
import { unclamped } from '../../../compiler/ops/elementwise.ts';
import { Mul } from '../../../compiler/ops/mul.ts';
import { Sub } from '../../../compiler/ops/sub.ts';
import { Unary } from '../../../compiler/ops/unary.ts';
import { fuseAffine } from '../../../compiler/passes/fuse-affine.ts';
import { fuseAffineForward } from '../../../compiler/passes/fuse-affine-forward.ts';
import { mergeAffine } from '../../../compiler/passes/merge-affine.ts';
import { addConv, buildGraph, constant, expectSameOutputs, randomConstant } from './pass-case.ts';

const relu = { function: 'Relu', alpha: 0, beta: 0 };
const padded = { kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1] } as const;

describe('fuse-affine', () => {
  test('shifts behind a convolution, a depthwise convolution and a Dense layer', () => {
    const graph = buildGraph({ x: [1, 4, 4, 3] }, (g) => {
      const a = g.addOne(Add, [addConv(g, 'x', 'conv', 4, padded), randomConstant(g, 't', [1, 1, 1, 4], 3)], unclamped);
      const b = g.addOne(Add, [constant(g, 'one', [1], [1]), addConv(g, a, 'depthwise', 4, { ...padded, groups: 4 })], unclamped);
      const dense = g.addOne(Dense, [b, randomConstant(g, 'w', [2, 4]), randomConstant(g, 'b', [2])], unclamped, { name: 'dense' });
      return [g.addOne(Add, [dense, randomConstant(g, 'u', [2])], unclamped, { output: 'y' })];
    });
    expect(expectSameOutputs(graph, [fuseAffine])).toMatchInlineSnapshot(`
      "input x: float32 [1, 4, 4, 3]
      Add.Add: float32 [1, 4, 4, 4] ← Conv2d(kernel [3, 3], stride [1, 1], dilation [1, 1], padBefore [1, 1], padAfter [1, 1], groups 1, clamp [-Infinity, Infinity]) x, conv.w{float32 [4, 3, 3, 3]}, conv.b.fused{float32 [4] = -0.536137 -1.79876 0.8662 -0.452087}
      Add.Add.1: float32 [1, 4, 4, 4] ← Conv2d(kernel [3, 3], stride [1, 1], dilation [1, 1], padBefore [1, 1], padAfter [1, 1], groups 4, clamp [-Infinity, Infinity]) Add.Add, depthwise.w{float32 [4, 3, 3, 1]}, depthwise.b.fused{float32 [4] = 0.0234095 0.123917 1.95382 1.39806}
      y: float32 [1, 4, 4, 2] ← Dense(clamp [-Infinity, Infinity]) Add.Add.1, w{float32 [2, 4]}, b.fused{float32 [2] = 0.508296 -1.98906}
      output y"
    `);
  });

  test('not behind an activation, and not a constant that differs along the width', () => {
    const graph = buildGraph({ x: [1, 2, 2, 3] }, (g) => {
      const a = g.addOne(Add, [addConv(g, 'x', 'a', 2, { clamp: [0, 6] }), randomConstant(g, 't', [2])], unclamped);
      return [g.addOne(Add, [addConv(g, a, 'b', 2), randomConstant(g, 'u', [2, 1])], unclamped, { output: 'y' })];
    });
    expect(expectSameOutputs(graph, [fuseAffine])).toMatchInlineSnapshot(`
      "input x: float32 [1, 2, 2, 3]
      a: float32 [1, 2, 2, 2] ← Conv2d(kernel [1, 1], stride [1, 1], dilation [1, 1], padBefore [0, 0], padAfter [0, 0], groups 1, clamp [0, 6]) x, a.w{float32 [2, 1, 1, 3]}, a.b{float32 [2] = -0.976591 -0.876083}
      Add.Add: float32 [1, 2, 2, 2] ← Add(clamp [-Infinity, Infinity]) a, t{float32 [2] = 0.254148 -0.994529}
      b: float32 [1, 2, 2, 2] ← Conv2d(kernel [1, 1], stride [1, 1], dilation [1, 1], padBefore [0, 0], padAfter [0, 0], groups 1, clamp [-Infinity, Infinity]) Add.Add, b.w{float32 [2, 1, 1, 2] = 0.254148 -0.994529 0.0548941 0.962102}, b.b{float32 [2] = -0.976591 -0.876083}
      y: float32 [1, 2, 2, 2] ← Add(clamp [-Infinity, Infinity]) b, u{float32 [2, 1] = 0.254148 -0.994529}
      output y"
    `);
  });
});

describe('fuse-affine-forward', () => {
  test('a scale in front of a convolution that pads, and of a transposed one', () => {
    const graph = buildGraph({ x: [1, 3, 3, 2] }, (g) => {
      const a = g.addOne(Mul, ['x', randomConstant(g, 's', [2])], unclamped);
      const b = addConv(g, a, 'b', 4, padded);
      const scaled = g.addOne(Mul, [g.addOne(Unary, [b], relu), randomConstant(g, 'u', [4])], unclamped);
      const weights = randomConstant(g, 'w', [6, 2, 2, 2], 4);
      const geometry = { kernel: [2, 2], stride: [2, 2], dilation: [1, 1], padBefore: [0, 0], output: [6, 6] } as const;
      return [
        g.addOne(
          ConvTranspose2d,
          [scaled, weights, randomConstant(g, 'v', [6])],
          { ...geometry, groups: 2, ...unclamped },
          { output: 'y' },
        ),
      ];
    });
    expect(expectSameOutputs(graph, [fuseAffineForward])).not.toContain('Mul(');
  });

  test('a shift in front of a grouped convolution without padding', () => {
    const graph = buildGraph({ x: [1, 3, 3, 4] }, (g) => {
      const a = g.addOne(Add, [g.addOne(Unary, ['x'], relu, { output: 'relu' }), randomConstant(g, 't', [4])], unclamped);
      return [addConv(g, a, 'y', 6, { kernel: [2, 2], groups: 2 })];
    });
    expect(expectSameOutputs(graph, [fuseAffineForward])).toMatchInlineSnapshot(`
      "input x: float32 [1, 3, 3, 4]
      relu: float32 [1, 3, 3, 4] ← Unary(function Relu, alpha 0, beta 0) x
      y: float32 [1, 2, 2, 6] ← Conv2d(kernel [2, 2], stride [1, 1], dilation [1, 1], padBefore [0, 0], padAfter [0, 0], groups 2, clamp [-Infinity, Infinity]) relu, y.w.fused{float32 [6, 2, 2, 2]}, y.b.fused{float32 [6]}
      output y"
    `);
  });

  test('not in front of a convolution that pads: it would pad zeros, not the shift', () => {
    const graph = buildGraph({ x: [1, 2, 2, 3] }, (g) => [
      addConv(g, g.addOne(Add, ['x', randomConstant(g, 't', [3])], unclamped, { output: 'a' }), 'y', 1, padded),
    ]);
    expect(expectSameOutputs(graph, [fuseAffineForward])).toMatchInlineSnapshot(`
      "input x: float32 [1, 2, 2, 3]
      a: float32 [1, 2, 2, 3] ← Add(clamp [-Infinity, Infinity]) x, t{float32 [3] = 0.254148 -0.994529 0.0548941}
      y: float32 [1, 2, 2, 1] ← Conv2d(kernel [3, 3], stride [1, 1], dilation [1, 1], padBefore [1, 1], padAfter [1, 1], groups 1, clamp [-Infinity, Infinity]) a, y.w{float32 [1, 3, 3, 3]}, y.b{float32 [1] = -0.976591}
      output y"
    `);
  });
});

describe('merge-affine', () => {
  test('a Mul and an Add per channel become one depthwise convolution', () => {
    const graph = buildGraph({ x: [2, 3, 4, 5] }, (g) => {
      const scaled = g.addOne(Mul, ['x', randomConstant(g, 's', [5], 2)], unclamped);
      return [g.addOne(Sub, [scaled, randomConstant(g, 't', [1, 1, 5], 3)], unclamped, { output: 'y' })];
    });
    expect(expectSameOutputs(graph, [mergeAffine])).toMatchInlineSnapshot(`
      "input x: float32 [2, 3, 4, 5]
      y: float32 [2, 3, 4, 5] ← Conv2d(kernel [1, 1], stride [1, 1], dilation [1, 1], padBefore [0, 0], padAfter [0, 0], groups 5, clamp [-Infinity, Infinity]) x, y.scale{float32 [5, 1, 1, 1]}, y.shift{float32 [5]}
      output y"
    `);
  });

  test('not when someone else reads the product, nor on rows of a matrix', () => {
    for (const shape of [
      [1, 2, 3],
      [4, 3],
    ]) {
      const graph = buildGraph({ x: shape }, (g) => {
        const scaled = g.addOne(Mul, ['x', randomConstant(g, 's', [3], 2)], unclamped);
        const y = g.addOne(Add, [scaled, randomConstant(g, 't', [3], 3)], unclamped, { output: 'y' });
        return shape.length === 3 ? [y, scaled] : [y];
      });
      expect(expectSameOutputs(graph, [mergeAffine])).toContain('Add(');
    }
  });
});
