import { describe, expect, test } from 'vitest';
import { Concat } from '../../../compiler/ops/concat.ts';
import { float32, importNode } from './import-case.ts';
import { expectKernelsEqualReference, randomTensor } from './op-case.ts';

describe('Concat', () => {
  test.for([
    {
      axis: 0,
      shapes: [
        [2, 3],
        [1, 3],
        [4, 3],
      ],
    },
    {
      axis: 1,
      shapes: [
        [2, 3],
        [2, 1],
        [2, 50],
      ],
    },
    {
      axis: 3,
      shapes: [
        [1, 5, 4, 7],
        [1, 5, 4, 49],
      ],
    },
    {
      axis: 2,
      shapes: [
        [2, 3, 1, 4],
        [2, 3, 5, 4],
        [2, 3, 2, 4],
      ],
    },
  ])('$shapes along $axis', async ({ axis, shapes }) => {
    const inputs = shapes.map((shape, i) => randomTensor(shape, i));
    await expectKernelsEqualReference({ op: Concat, attributes: { axis }, inputs }, 0);
  });

  test('the same value twice, and a constant', async () => {
    const inputs = [randomTensor([2, 3], 1), randomTensor([2, 4], 2)];
    await expectKernelsEqualReference({ op: Concat, attributes: { axis: 1 }, inputs, constants: [1] }, 0);
  });

  test('one input only is renamed', () => {
    expect(importNode({ operator: 'Concat', opset: 13, attributes: { axis: { i: 0 } }, inputs: [float32(2)] }).nodes).toEqual([]);
  });

  test('refuses shapes that do not fit', () => {
    const attributes = { axis: { i: -1 } };
    expect(() => importNode({ operator: 'Concat', opset: 13, attributes, inputs: [float32(2, 3), float32(3, 3)] })).toThrow('[3,3]');
  });
});
