import { describe, expect, test } from 'vitest';
import { Executor } from '../../../compiler/execute.ts';
import type { TensorType } from '../../../compiler/graph.ts';
import { tensor } from '../../../compiler/graph.ts';
import { Pad } from '../../../compiler/ops/pad.ts';
import { float32, importNode, ints } from './import-case.ts';
import { expectKernelsEqualReference, graphOf, int8Variants, randomTensor } from './op-case.ts';

describe('Pad', () => {
  test.for([
    { shape: [1, 4, 5, 3], before: [0, 1, 2, 0], after: [0, 2, 1, 0] },
    { shape: [2, 3, 4], before: [0, 1, 0], after: [1, 0, 3] },
    { shape: [5], before: [4], after: [4] },
    { shape: [2, 3, 4, 70], before: [0, 1, 1, 0], after: [0, 1, 1, 2] },
  ])('[$shape] by [$before], [$after]', async ({ shape, before, after }) => {
    const inputs = [randomTensor(shape, 3)];
    await expectKernelsEqualReference({ op: Pad, attributes: { before, after, mode: 'constant', value: 2.5 }, inputs }, 0);
    await expectKernelsEqualReference({ op: Pad, attributes: { before, after, mode: 'edge', value: 0 }, inputs }, 0);
    if (shape[0] === 2) return;
    await expectKernelsEqualReference({ op: Pad, attributes: { before, after, mode: 'reflect', value: 0 }, inputs }, 0);
  });

  test('the modes as numpy.pad shows them', () => {
    const x = tensor('float32', [3], [1, 2, 3]);
    const pad = (mode: 'constant' | 'reflect' | 'edge') =>
      Array.from(Pad.evaluate([x], { before: [2], after: [2], mode, value: 9 })[0]?.data ?? []);
    expect(pad('constant')).toEqual([9, 9, 1, 2, 3, 9, 9]);
    expect(pad('reflect')).toEqual([3, 2, 1, 2, 3, 2, 1]);
    expect(pad('edge')).toEqual([1, 1, 1, 2, 3, 3, 3]);
  });

  test('int8: the value is quantized as the input is, and clamped', async () => {
    const attributes = { before: [1], after: [0], mode: 'constant', value: 0.5 } as const;
    const type: TensorType = { dtype: 'int8', shape: [2], quantization: { scale: [0.25], zeroPoint: -3 } };
    for (const [value, expected] of [
      [0.5, -1],
      [-Infinity, -128],
      [1e9, 127],
    ]) {
      // biome-ignore format: value and integer
      const graph = graphOf({ op: Pad, attributes: { ...attributes, value: value as number }, inputs: [{ type, data: new Int8Array(2) }] });
      for (const variant of int8Variants) {
        const [y] = (await Executor.create(graph, variant)).run([[5, 6]]);
        expect(Array.from(y?.data ?? [])).toEqual([expected, 5, 6]);
      }
    }
  });

  test('opset 2 has attributes, opset 18 axes', () => {
    const old = importNode({
      operator: 'Pad',
      opset: 7,
      attributes: { pads: { ints: [0, 1, 2, 3] }, value: { f: 1.5 } },
      inputs: [float32(2, 3)],
    });
    expect(old.nodes[0]?.attributes).toEqual({ before: [0, 1], after: [2, 3], mode: 'constant', value: 1.5 });
    const axes = importNode({ operator: 'Pad', opset: 18, inputs: [float32(2, 3), ints(4, 5), undefined, ints(-1)] });
    expect(axes.nodes[0]?.attributes).toEqual({ before: [0, 4], after: [0, 5], mode: 'constant', value: 0 });
  });

  test('negative pads crop, no pads rename', () => {
    const mixed = importNode({ operator: 'Pad', opset: 13, inputs: [float32(5, 6), ints(-1, 2, 0, -3)] });
    expect(mixed.nodes.map((node) => node.op.name)).toEqual(['Slice', 'Pad']);
    expect(mixed.values.get('y')?.type.shape).toEqual([4, 5]);
    const cropped = importNode({ operator: 'Pad', opset: 13, inputs: [float32(5, 6), ints(-1, 0, 0, -3)] });
    expect(cropped.nodes.map((node) => node.op.name)).toEqual(['Slice']);
    expect(importNode({ operator: 'Pad', opset: 13, inputs: [float32(5), ints(0, 0)] }).nodes).toEqual([]);
  });

  test('refuses wrap, and a mirror that is too long', () => {
    const pad = (mode: string) =>
      importNode({
        operator: 'Pad',
        opset: 19,
        attributes: { mode: { s: new TextEncoder().encode(mode) } },
        inputs: [float32(3), ints(3, 0)],
      });
    expect(() => pad('wrap')).toThrow('wrap');
    expect(() => pad('reflect')).toThrow('too short');
  });
});
