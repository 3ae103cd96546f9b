import { describe, expect, test } from 'vitest';
import { Add } from '../../../compiler/ops/add.ts';
import { Concat } from '../../../compiler/ops/concat.ts';
import { Dense } from '../../../compiler/ops/dense.ts';
import { unclamped } from '../../../compiler/ops/elementwise.ts';
import { Mul } from '../../../compiler/ops/mul.ts';
import { Pad } from '../../../compiler/ops/pad.ts';
import { Reshape } from '../../../compiler/ops/reshape.ts';
import { Slice } from '../../../compiler/ops/slice.ts';
import { Transpose } from '../../../compiler/ops/transpose.ts';
import { Unary } from '../../../compiler/ops/unary.ts';
import { absorbTransposeIntoWeights } from '../../../compiler/passes/absorb-transpose-into-weights.ts';
import { convertToChannelsLast } from '../../../compiler/passes/convert-to-channels-last.ts';
import { addChannelsFirstConv, addConv, buildGraph, expectSameOutputs, randomConstant } from './pass-case.ts';

const relu = { function: 'Relu', alpha: 0, beta: 0 };
const padded = { kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1] } as const;

describe('convert-to-channels-last', () => {
  test('a residual block ends without a Transpose, and takes its input channels last', () => {
    const graph = buildGraph({ x: [1, 3, 5, 6] }, (g) => {
      const a = g.addOne(Unary, [addChannelsFirstConv(g, 'x', 'a', 4, padded)], relu);
      const b = g.addOne(Unary, [addChannelsFirstConv(g, a, 'b', 4, padded)], relu);
      const sum = g.addOne(Add, [b, a], unclamped, { output: 'sum' });
      const scaled = g.addOne(Add, [sum, randomConstant(g, 'shift', [4, 1, 1])], unclamped, { output: 'shifted' });
      return [g.addOne(Unary, [addChannelsFirstConv(g, scaled, 'c', 2)], relu, { output: 'y' })];
    });
    expect(expectSameOutputs(graph, [convertToChannelsLast])).toMatchInlineSnapshot(`
      "input x: float32 [1, 5, 6, 3] permuted [0, 2, 3, 1]
      a.nhwc: float32 [1, 5, 6, 4] ← Conv2d(kernel [3, 3], stride [1, 1], dilation [1, 1], padBefore [1, 1], padAfter [1, 1], groups 1, clamp [-Infinity, Infinity]) x, a.nhwc.w{float32 [4, 3, 3, 3]}, a.nhwc.b{float32 [4] = -0.976591 -0.876083 0.953815 0.398057}
      Unary.Unary: float32 [1, 5, 6, 4] ← Unary(function Relu, alpha 0, beta 0) a.nhwc
      b.nhwc: float32 [1, 5, 6, 4] ← Conv2d(kernel [3, 3], stride [1, 1], dilation [1, 1], padBefore [1, 1], padAfter [1, 1], groups 1, clamp [-Infinity, Infinity]) Unary.Unary, b.nhwc.w{float32 [4, 3, 3, 4]}, b.nhwc.b{float32 [4] = -0.976591 -0.876083 0.953815 0.398057}
      Unary.Unary.1: float32 [1, 5, 6, 4] ← Unary(function Relu, alpha 0, beta 0) b.nhwc
      sum: float32 [1, 5, 6, 4] ← Add(clamp [-Infinity, Infinity]) Unary.Unary.1, Unary.Unary
      shifted: float32 [1, 5, 6, 4] ← Add(clamp [-Infinity, Infinity]) sum, shift.raised.transposed{float32 [1, 1, 1, 4] = 0.254148 -0.994529 0.0548941 0.962102}
      c.nhwc: float32 [1, 5, 6, 2] ← Conv2d(kernel [1, 1], stride [1, 1], dilation [1, 1], padBefore [0, 0], padAfter [0, 0], groups 1, clamp [-Infinity, Infinity]) shifted, c.nhwc.w{float32 [2, 1, 1, 4]}, c.nhwc.b{float32 [2] = -0.976591 -0.876083}
      y: float32 [1, 5, 6, 2] ← Unary(function Relu, alpha 0, beta 0) c.nhwc
      y.transposed: float32 [1, 2, 5, 6] ← Transpose(permutation [0, 3, 1, 2]) y
      output y.transposed"
    `);
  });

  test('a flattening in front of a Dense layer costs permuted weights, not a Transpose', () => {
    const graph = buildGraph({ x: [2, 3, 5, 6] }, (g) => {
      const a = g.addOne(Unary, [addChannelsFirstConv(g, 'x', 'a', 4)], relu, { output: 'relu' });
      const flat = g.addOne(Reshape, [a], { shape: [2, 120] }, { output: 'flat' });
      return [g.addOne(Dense, [flat, randomConstant(g, 'w', [3, 120]), randomConstant(g, 'b', [3])], unclamped, { output: 'y' })];
    });
    expect(expectSameOutputs(graph, [convertToChannelsLast, absorbTransposeIntoWeights])).toMatchInlineSnapshot(`
      "input x: float32 [2, 5, 6, 3] permuted [0, 2, 3, 1]
      a.nhwc: float32 [2, 5, 6, 4] ← Conv2d(kernel [1, 1], stride [1, 1], dilation [1, 1], padBefore [0, 0], padAfter [0, 0], groups 1, clamp [-Infinity, Infinity]) x, a.nhwc.w{float32 [4, 1, 1, 3]}, a.nhwc.b{float32 [4] = -0.976591 -0.876083 0.953815 0.398057}
      relu: float32 [2, 5, 6, 4] ← Unary(function Relu, alpha 0, beta 0) a.nhwc
      flat.channels-last: float32 [2, 120] ← Reshape(shape [2, 120]) relu
      y: float32 [2, 3] ← Dense(clamp [-Infinity, Infinity]) flat.channels-last, w.permuted{float32 [3, 120]}, b{float32 [3] = 0.254148 -0.994529 0.0548941}
      output y"
    `);
  });

  test('a channel shuffle runs on split and merged last axes', () => {
    const graph = buildGraph({ x: [1, 6, 4, 5] }, (g) => {
      const a = addChannelsFirstConv(g, 'x', 'a', 6);
      const split = g.addOne(Reshape, [a], { shape: [1, 2, 3, 4, 5] }, { output: 'split' });
      const shuffled = g.addOne(Transpose, [split], { permutation: [0, 2, 1, 3, 4] }, { output: 'shuffled' });
      const merged = g.addOne(Reshape, [shuffled], { shape: [1, 6, 4, 5] }, { output: 'merged' });
      return [g.addOne(Reshape, [addChannelsFirstConv(g, merged, 'c', 1)], { shape: [1, 20] }, { output: 'y' })];
    });
    expect(expectSameOutputs(graph, [convertToChannelsLast])).toMatchInlineSnapshot(`
      "input x: float32 [1, 4, 5, 6] permuted [0, 2, 3, 1]
      a.nhwc: float32 [1, 4, 5, 6] ← Conv2d(kernel [1, 1], stride [1, 1], dilation [1, 1], padBefore [0, 0], padAfter [0, 0], groups 1, clamp [-Infinity, Infinity]) x, a.nhwc.w{float32 [6, 1, 1, 6]}, a.nhwc.b{float32 [6]}
      split: float32 [1, 4, 5, 2, 3] ← Reshape(shape [1, 4, 5, 2, 3]) a.nhwc
      split.transposed: float32 [1, 4, 5, 3, 2] ← Transpose(permutation [0, 1, 2, 4, 3]) split
      merged: float32 [1, 4, 5, 6] ← Reshape(shape [1, 4, 5, 6]) split.transposed
      c.nhwc: float32 [1, 4, 5, 1] ← Conv2d(kernel [1, 1], stride [1, 1], dilation [1, 1], padBefore [0, 0], padAfter [0, 0], groups 1, clamp [-Infinity, Infinity]) merged, c.nhwc.w{float32 [1, 1, 1, 6]}, c.nhwc.b{float32 [1] = -0.976591}
      y: float32 [1, 20] ← Reshape(shape [1, 20]) c.nhwc
      output y"
    `);
  });

  test('a squeeze-and-excitation block, whose gate has extents of 1, ends without Transpose or Reshape', () => {
    const graph = buildGraph({ x: [1, 3, 4, 5] }, (g) => {
      const a = addChannelsFirstConv(g, 'x', 'a', 4);
      const pooled = addChannelsFirstConv(g, a, 'pooled', 2, { kernel: [4, 5] });
      const gate = addChannelsFirstConv(g, g.addOne(Unary, [pooled], relu), 'gate', 4);
      const scaled = g.addOne(Mul, [a, g.addOne(Unary, [gate], { ...relu, function: 'Sigmoid' })], unclamped);
      return [g.addOne(Reshape, [addChannelsFirstConv(g, scaled, 'c', 1)], { shape: [20] }, { output: 'y' })];
    });
    const text = expectSameOutputs(graph, [convertToChannelsLast]);
    expect(text.match(/(?<=← )\w+/g)).toEqual(['Conv2d', 'Conv2d', 'Unary', 'Conv2d', 'Unary', 'Mul', 'Conv2d', 'Reshape']);
  });

  test('convolutions of one dimension', () => {
    const graph = buildGraph({ x: [2, 3, 16] }, (g) => {
      const conv = (x: string, name: string, channels: number) => {
        const y = addConv(g, g.addOne(Transpose, [x], { permutation: [0, 2, 1] }), `${name}.nwc`, channels, { kernel: [1, 3] });
        return g.addOne(Unary, [g.addOne(Transpose, [y], { permutation: [0, 2, 1] })], relu, { output: name });
      };
      const sliced = { starts: [0, 1, 2], steps: [1, 1, 2], shape: [2, 4, 5] };
      const cut = g.addOne(Slice, [conv('x', 'a', 5)], sliced);
      const padded = g.addOne(Pad, [cut], { before: [0, 0, 1], after: [0, 0, 0], mode: 'constant', value: 0 });
      const joined = g.addOne(Concat, [padded, padded], { axis: 1 });
      return [g.addOne(Reshape, [conv(joined, 'b', 1)], { shape: [2, 4] }, { output: 'y' })];
    });
    const text = expectSameOutputs(graph, [convertToChannelsLast]);
    expect(text.match(/(?<=← )\w+/g)).toEqual(['Conv2d', 'Unary', 'Slice', 'Pad', 'Concat', 'Conv2d', 'Unary', 'Reshape']);
    expect(text).toContain('Concat(axis 2)');
    expect(text).toContain('Slice(starts [0, 2, 1], steps [1, 2, 1], shape [2, 5, 4])');
  });

  test('an input that two consumers read in different orders stays as it is', () => {
    const graph = buildGraph({ x: [1, 3, 4, 5] }, (g) => [
      addChannelsFirstConv(g, 'x', 'a', 2),
      g.addOne(Reshape, ['x'], { shape: [3, 20] }, { output: 'rows' }),
    ]);
    expect(expectSameOutputs(graph, [convertToChannelsLast])).toMatchInlineSnapshot(`
      "input x: float32 [1, 3, 4, 5]
      a.in: float32 [1, 4, 5, 3] ← Transpose(permutation [0, 2, 3, 1]) x
      a.nhwc: float32 [1, 4, 5, 2] ← Conv2d(kernel [1, 1], stride [1, 1], dilation [1, 1], padBefore [0, 0], padAfter [0, 0], groups 1, clamp [-Infinity, Infinity]) a.in, a.nhwc.w{float32 [2, 1, 1, 3]}, a.nhwc.b{float32 [2] = -0.976591 -0.876083}
      rows: float32 [3, 20] ← Reshape(shape [3, 20]) x
      a: float32 [1, 2, 4, 5] ← Transpose(permutation [0, 3, 1, 2]) a.nhwc
      output a
      output rows"
    `);
  });
});
