import { describe, expect, test } from 'vitest';
import { valueOf } from '../../../compiler/graph.ts';
import { MaxPool } from '../../../compiler/ops/max-pool.ts';
import { float32, importNode } from './import-case.ts';
import { expectKernelsEqualReference, randomTensor } from './op-case.ts';
import { expectInt8KernelsEqual, poolCases, randomInt8 } from './pool-case.ts';

describe('MaxPool', () => {
  test.for(poolCases)('float32 $name', async ({ x, attributes }) => {
    await expectKernelsEqualReference({ op: MaxPool, attributes, inputs: [randomTensor(x, 1)] }, 0);
  });

  test.for(poolCases)('int8 $name keeps the integers', async ({ x, attributes }) => {
    const quantization = { scale: [0.1], zeroPoint: 3 };
    const input = randomInt8(x, 2, quantization);
    const [expected] = MaxPool.evaluate([input], attributes);
    await expectInt8KernelsEqual(MaxPool, attributes, input, quantization, Array.from(expected?.data ?? []));
  });

  test('a NaN in the window is the result', async () => {
    const input = randomTensor([1, 2, 2, 5], 1);
    input.data[7] = Number.NaN;
    const attributes = { kernel: [2, 2], stride: [1, 1], dilation: [1, 1], padBefore: [0, 0], padAfter: [0, 0], ceil: false } as const;
    await expectKernelsEqualReference({ op: MaxPool, attributes, inputs: [input] }, 0);
  });

  test('refuses three spatial dimensions, used indices and windows in the padding alone', () => {
    const attributes = { kernel_shape: { ints: [2, 2] } };
    const pool = (x: readonly number[], more = {}, outputs = ['y']) =>
      importNode({ operator: 'MaxPool', opset: 12, inputs: [float32(...x)], attributes: { ...attributes, ...more }, outputs });
    expect(() => pool([1, 2, 4, 4, 4])).toThrow(/input of rank 5 \[1,2,4,4,4\].*only 1-D and 2-D/);
    expect(() => pool([1, 2, 4, 4], {}, ['y', 'indices'])).toThrow(/Indices is used/);
    expect(() => pool([1, 2, 4, 4], { pads: { ints: [2, 0, 0, 0] } })).toThrow(/in the padding alone/);
    expect(() => pool([1, 2, 1, 1])).toThrow(/larger than the padded input/);
    expect(() => pool([1, 2, 9])).toThrow(/kernel_shape \[2,2\]/);
  });

  test.for([
    { ceil: 0, extent: 3 },
    { ceil: 1, extent: 4 },
  ])('ceil_mode $ceil gives $extent outputs', ({ ceil, extent }) => {
    const attributes = { kernel_shape: { ints: [3] }, strides: { ints: [2] }, ceil_mode: { i: ceil } };
    const graph = importNode({ operator: 'MaxPool', opset: 12, inputs: [float32(1, 2, 8)], attributes });
    expect(valueOf(graph, 'y').type.shape).toEqual([1, 2, extent]);
  });
});
