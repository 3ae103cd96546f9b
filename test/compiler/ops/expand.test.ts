import { describe, expect, test } from 'vitest';
import { Expand } from '../../../compiler/ops/expand.ts';
import { Tile } from '../../../compiler/ops/tile.ts';
import { float32, importNode, ints } from './import-case.ts';
import { expectKernelsEqualReference, randomTensor } from './op-case.ts';

describe('Expand', () => {
  test.for([
    { from: [3, 1], shape: [3, 40] },
    { from: [1, 5], shape: [17, 5] },
    { from: [1], shape: [2, 3, 4] },
    { from: [2, 1, 3, 1], shape: [2, 4, 3, 5] },
    { from: [2, 1, 1, 8], shape: [2, 6, 7, 8] },
  ])('[$from] to [$shape]', async ({ from, shape }) => {
    await expectKernelsEqualReference({ op: Expand, attributes: { shape }, inputs: [randomTensor(from, 1)] }, 0);
  });

  test('broadcasts both ways, and is a name when nothing changes', () => {
    const shapeOf = (...target: number[]) => importNode({ operator: 'Expand', opset: 13, inputs: [float32(3, 1), ints(...target)] });
    expect(shapeOf(2, 1, 4).values.get('y')?.type.shape).toEqual([2, 3, 4]);
    expect(shapeOf(1).nodes).toEqual([]);
    expect(() => shapeOf(2, 4)).toThrow('[3,1]');
  });
});

describe('Tile', () => {
  test.for([
    { shape: [3, 4], repeats: [2, 3] },
    { shape: [5], repeats: [20] },
    { shape: [1, 3, 4, 2], repeats: [2, 1, 3, 1] },
    { shape: [2, 3, 2], repeats: [2, 2, 2] },
  ])('[$shape] times [$repeats]', async ({ shape, repeats }) => {
    await expectKernelsEqualReference({ op: Tile, attributes: { repeats }, inputs: [randomTensor(shape, 1)] }, 0);
  });

  test('lays copies side by side', () => {
    const x = { type: float32(1, 2), data: Float32Array.of(1, 2) };
    expect(Array.from(Tile.evaluate([x], { repeats: [2, 2] })[0]?.data ?? [])).toEqual([1, 2, 1, 2, 1, 2, 1, 2]);
  });

  test('refuses repeats of another rank', () => {
    expect(() => importNode({ operator: 'Tile', opset: 13, inputs: [float32(2, 2), ints(2)] })).toThrow('repeats [2]');
  });
});
