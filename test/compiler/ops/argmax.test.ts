import { describe, expect, test } from 'vitest';
import { tensor } from '../../../compiler/graph.ts';
import { ArgMax } from '../../../compiler/ops/argmax.ts';
import { float32, importNode } from './import-case.ts';
import { expectKernelsEqualReference, randomTensor } from './op-case.ts';

describe('ArgMax', () => {
  test.for([
    { shape: [1, 10], axis: 1 },
    { shape: [2, 5, 7], axis: 1 },
    { shape: [3, 4, 5, 21], axis: 3 },
    { shape: [6, 2], axis: 0 },
  ])('[$shape] along $axis, float32 and int8', async ({ shape, axis }) => {
    // Few different values, so that there are equal maxima.
    const { data } = randomTensor(shape, 4, -2, 2);
    const rounded = Array.from(data, Math.round);
    for (const selectLast of [false, true]) {
      for (const dtype of ['float32', 'int8'] as const) {
        const attributes = { axis, keepDimensions: selectLast, selectLast };
        await expectKernelsEqualReference({ op: ArgMax, attributes, inputs: [tensor(dtype, shape, rounded)] }, 0);
      }
    }
  });

  test('of equal maxima the first or the last', () => {
    const x = tensor('float32', [1, 4], [1, 7, 7, 2]);
    const argMax = (selectLast: boolean) => ArgMax.evaluate([x], { axis: 1, keepDimensions: false, selectLast })[0];
    expect(argMax(false)).toEqual({ type: { dtype: 'int32', shape: [1] }, data: Int32Array.of(1) });
    expect(argMax(true)?.data).toEqual(Int32Array.of(2));
  });

  test('import: defaults, negative axis, keepdims', () => {
    const shapeOf = (attributes: Record<string, { i: number }>) =>
      importNode({ operator: 'ArgMax', opset: 13, attributes, inputs: [float32(2, 3, 4)] }).values.get('y')?.type;
    expect(shapeOf({})).toEqual({ dtype: 'int32', shape: [1, 3, 4] });
    expect(shapeOf({ axis: { i: -1 }, keepdims: { i: 0 } })).toEqual({ dtype: 'int32', shape: [2, 3] });
  });
});
