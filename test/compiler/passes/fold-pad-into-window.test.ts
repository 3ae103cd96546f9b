import { describe, expect, test } from 'vitest';
import { AveragePool, type AveragePoolAttributes } from '../../../compiler/ops/average-pool.ts';
import { MaxPool } from '../../../compiler/ops/max-pool.ts';
import type { Op } from '../../../compiler/ops/op.ts';
import { Pad } from '../../../compiler/ops/pad.ts';
import type { PoolAttributes } from '../../../compiler/ops/pool.ts';
import { foldPadIntoWindow } from '../../../compiler/passes/fold-pad-into-window.ts';
import { addConv, buildGraph, expectSameOutputs } from './pass-case.ts';

const unpadded = { dilation: [1, 1], padBefore: [0, 0], padAfter: [0, 0], ceil: false } as const;

describe('fold-pad-into-window', () => {
  test('zeros around height and width become padding of the convolution', () => {
    const graph = buildGraph({ x: [1, 3, 4, 2] }, (g) => {
      const pad = g.addOne(Pad, ['x'], { before: [0, 1, 0, 0], after: [0, 2, 1, 0], mode: 'constant', value: 0 });
      return [addConv(g, pad, 'y', 1, { kernel: [2, 2], padBefore: [0, 1] })];
    });
    expect(expectSameOutputs(graph, [foldPadIntoWindow])).toMatchInlineSnapshot(`
      "input x: float32 [1, 3, 4, 2]
      y: float32 [1, 5, 5, 1] ← Conv2d(kernel [2, 2], stride [1, 1], dilation [1, 1], padBefore [1, 1], padAfter [2, 1], groups 1, clamp [-Infinity, Infinity]) x, y.w{float32 [1, 2, 2, 2]}, y.b{float32 [1] = -0.976591}
      output y"
    `);
  });

  test('one dimension', () => {
    const graph = buildGraph({ x: [1, 6, 2] }, (g) => {
      const pad = g.addOne(Pad, ['x'], { before: [0, 2, 0], after: [0, 0, 0], mode: 'constant', value: 0 });
      return [addConv(g, pad, 'y', 1, { kernel: [1, 3] })];
    });
    expect(expectSameOutputs(graph, [foldPadIntoWindow])).toMatchInlineSnapshot(`
      "input x: float32 [1, 6, 2]
      y: float32 [1, 6, 1] ← Conv2d(kernel [1, 3], stride [1, 1], dilation [1, 1], padBefore [0, 2], padAfter [0, 0], groups 1, clamp [-Infinity, Infinity]) x, y.w{float32 [1, 1, 3, 2]}, y.b{float32 [1] = -0.976591}
      output y"
    `);
  });

  test.for([
    ['another value', { before: [0, 1, 1, 0], after: [0, 0, 0, 0], mode: 'constant', value: 1 }],
    ['another mode', { before: [0, 1, 1, 0], after: [0, 0, 0, 0], mode: 'edge', value: 0 }],
    ['channels', { before: [0, 0, 0, 1], after: [0, 0, 0, 0], mode: 'constant', value: 0 }],
  ] as const)('not %s', ([, attributes]) => {
    const graph = buildGraph({ x: [1, 3, 3, 2] }, (g) => [addConv(g, g.addOne(Pad, ['x'], attributes), 'y', 1, { kernel: [2, 2] })]);
    expect(expectSameOutputs(graph, [foldPadIntoWindow])).toContain('Pad(');
  });

  const square = { ...unpadded, kernel: [2, 2], stride: [2, 2] } as const;

  /** The text of x → Relu (where `positive`) → Pad of one row above and behind → the pool. */
  function pooled(op: Op, attributes: PoolAttributes, value: number, positive = false): string {
    const graph = buildGraph({ x: [1, 4, 5, 2] }, (g) => {
      const limits = positive ? ([0, Infinity] as const) : ([-Infinity, Infinity] as const);
      const conv = addConv(g, 'x', 'conv', 2, { clamp: limits });
      const pad = g.addOne(Pad, [conv], { before: [0, 1, 0, 0], after: [0, 1, 1, 0], mode: 'constant', value }, { output: 'pad' });
      return [g.addOne(op, [pad], attributes, { output: 'y' })];
    });
    return expectSameOutputs(graph, [foldPadIntoWindow]);
  }

  test('a max pool takes what can never be the largest', () => {
    expect(pooled(MaxPool, square, -Infinity)).not.toContain('Pad(');
    expect(pooled(MaxPool, square, 0, true)).not.toContain('Pad(');
    expect(pooled(MaxPool, square, 0)).toContain('Pad(');
    expect(pooled(MaxPool, { ...square, kernel: [1, 1] }, -Infinity)).toContain('Pad(');
  });

  test('an average pool counts the zeros', () => {
    const folded = pooled(AveragePool, { ...square, countIncludePad: false } as AveragePoolAttributes, 0);
    expect(folded).not.toContain('Pad(');
    expect(folded).toContain('countIncludePad true');
    const ownPadding = { ...square, padBefore: [1, 1], countIncludePad: false } as const;
    expect(pooled(AveragePool, ownPadding as AveragePoolAttributes, 0)).toContain('Pad(');
  });

  test('a pool that rounds up stays: its last window may begin in the padding', () => {
    const attributes = { ...square, kernel: [1, 1], stride: [3, 3], ceil: true } as const;
    expect(pooled(MaxPool, attributes, -Infinity)).toContain('Pad(');
  });
});
