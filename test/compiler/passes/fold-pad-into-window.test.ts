import { describe, expect, test } from 'vitest';
import { Pad } from '../../../compiler/ops/pad.ts';
import { foldPadIntoWindow } from '../../../compiler/passes/fold-pad-into-window.ts';
import { addConv, buildGraph, expectSameOutputs } from './pass-case.ts';

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
});
