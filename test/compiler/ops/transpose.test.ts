import { describe, expect, test } from 'vitest';
import { Reshape } from '../../../compiler/ops/reshape.ts';
import { Transpose } from '../../../compiler/ops/transpose.ts';
import { planExecution } from '../../../compiler/plan/plan.ts';
import { float32, importNode } from './import-case.ts';
import { expectKernelsEqualReference, graphOf, randomTensor } from './op-case.ts';

describe('Transpose', () => {
  test.for([
    { shape: [3, 5], permutation: [1, 0] },
    { shape: [16, 16], permutation: [1, 0] },
    { shape: [33, 47], permutation: [1, 0] },
    { shape: [2, 7, 9, 3], permutation: [0, 3, 1, 2] },
    { shape: [1, 20, 17, 18], permutation: [0, 2, 3, 1] },
    { shape: [2, 3, 4, 5], permutation: [3, 2, 1, 0] },
    { shape: [2, 6, 4, 8], permutation: [0, 2, 1, 3] },
    { shape: [2, 3, 2, 3, 2, 3], permutation: [5, 3, 1, 4, 2, 0] },
    { shape: [1, 2, 1, 3, 2, 1, 2, 2], permutation: [7, 0, 6, 2, 4, 3, 5, 1] },
  ])('[$shape] by [$permutation]', async ({ shape, permutation }) => {
    await expectKernelsEqualReference({ op: Transpose, attributes: { permutation }, inputs: [randomTensor(shape, 1)] }, 0);
  });

  test('reverses the axes by default', () => {
    expect(importNode({ operator: 'Transpose', opset: 13, inputs: [float32(2, 3, 4)] }).values.get('y')?.type.shape).toEqual([4, 3, 2]);
  });

  test('costs nothing when only axes of extent 1 move', () => {
    const plan = planExecution(
      graphOf({ op: Transpose, attributes: { permutation: [0, 3, 1, 2] }, inputs: [randomTensor([1, 1, 1, 8], 1)] }),
    );
    expect(plan.steps).toEqual([]);
  });

  test('the axis of a per-axis quantization moves along', () => {
    const quantization = { scale: [1, 2, 3], zeroPoint: 0, axis: 0 };
    const type = { dtype: 'int8', shape: [3, 4, 5], quantization } as const;
    expect(Transpose.infer([type], { permutation: [1, 2, 0] })[0]?.quantization).toEqual({ ...quantization, axis: 2 });
  });
});

describe('Reshape', () => {
  const quantization = { scale: [1, 2, 3], zeroPoint: 0, axis: 1 };
  const reshape = (dtype: 'int8' | 'float32', shape: number[]) =>
    Reshape.infer([{ dtype, shape: [4, 3, 5], quantization }], { shape })[0]?.quantization;

  test('the axis of a per-axis quantization is found again', () => {
    expect(reshape('int8', [2, 2, 3, 5])).toEqual({ ...quantization, axis: 2 });
    expect(reshape('int8', [4, 3, 5, 1])).toEqual(quantization);
  });

  test('a quantization whose axis is gone: a float32 value loses the demand, int8 data are refused', () => {
    expect(reshape('float32', [12, 5])).toBeUndefined();
    expect(() => reshape('int8', [12, 5])).toThrow('per-axis');
  });
});
