import { describe, expect, test } from 'vitest';
import { Executor } from '../../../compiler/execute.ts';
import { tensor } from '../../../compiler/graph.ts';
import { Gather } from '../../../compiler/ops/gather.ts';
import { float32, importNode } from './import-case.ts';
import { expectKernelsEqualReference, graphOf, randomTensor, variants } from './op-case.ts';

describe('Gather', () => {
  test.for([
    { shape: [10, 4], axis: 0, indices: tensor('int32', [3], [9, 0, -1]) },
    { shape: [3, 6, 50], axis: 1, indices: tensor('int32', [2, 2], [5, -6, 2, 2]) },
    { shape: [2, 3, 7], axis: 2, indices: tensor('int32', [], [-2]) },
    { shape: [1, 5, 5, 3], axis: 3, indices: tensor('int32', [3], [2, 1, 0]) },
  ])('[$shape] along $axis', async ({ shape, axis, indices }) => {
    const inputs = [randomTensor(shape, 1), indices];
    await expectKernelsEqualReference({ op: Gather, attributes: { axis }, inputs, constants: [1] }, 0);
    await expectKernelsEqualReference({ op: Gather, attributes: { axis }, inputs }, 0);
    // An embedding: the table is the constant.
    await expectKernelsEqualReference({ op: Gather, attributes: { axis }, inputs, constants: [0] }, 0);
  });

  test('a computed index that lies outside is moved to the nearest end', async () => {
    const inputs = [tensor('float32', [3], [1, 2, 3]), tensor('int32', [6], [0, 3, -3, -4, 0x7fffffff, -0x80000000])];
    for (const variant of variants) {
      const [y] = (await Executor.create(graphOf({ op: Gather, attributes: { axis: 0 }, inputs }), variant)).run(inputs.map((x) => x.data));
      expect(Array.from(y?.data ?? [])).toEqual([1, 3, 1, 1, 3, 1]);
    }
  });

  test('refuses a constant index outside the axis', () => {
    const inputs = [float32(4, 3), tensor('int32', [1], [-5])];
    expect(() => importNode({ operator: 'Gather', opset: 13, inputs })).toThrow('index -5 is outside axis 0');
  });

  test('a per-axis quantization keeps its axis unless that is the one gathered along', () => {
    const quantization = { scale: [1, 2, 3], zeroPoint: 0, axis: 1 };
    const indices = { dtype: 'int32', shape: [2, 2] } as const;
    const type = { dtype: 'int8', shape: [4, 3], quantization } as const;
    expect(Gather.infer([type, indices], { axis: 0 })[0]?.quantization?.axis).toBe(2);
    expect(() => Gather.infer([type, indices], { axis: 1 })).toThrow('per-axis');
  });
});
