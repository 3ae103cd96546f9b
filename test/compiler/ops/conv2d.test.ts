import { describe, test } from 'vitest';
import { Conv2d } from '../../../compiler/ops/conv2d.ts';
import { expectKernelsEqualReference, randomTensor } from './op-case.ts';

const base = { stride: [1, 1], dilation: [1, 1], padBefore: [0, 0], padAfter: [0, 0], groups: 1, clamp: [-Infinity, Infinity] } as const;

describe('Conv2d float32', () => {
  test.for([
    { name: '1x1', x: [1, 5, 6, 7], w: [9, 1, 1, 7], kernel: [1, 1] },
    { name: '3x3 padded, strided', x: [2, 7, 8, 3], w: [5, 3, 3, 3], kernel: [3, 3], stride: [2, 2], padBefore: [1, 0], padAfter: [1, 2] },
    { name: 'grouped and dilated', x: [1, 9, 9, 8], w: [12, 3, 2, 2], kernel: [3, 2], groups: 4, dilation: [2, 3] },
    { name: '1-D', x: [1, 20, 4], w: [6, 1, 5, 4], kernel: [1, 5], padBefore: [0, 2], padAfter: [0, 2] },
  ] as const)('$name', async ({ x, w, name: _, ...rest }) => {
    const inputs = [randomTensor(x, 1), randomTensor(w, 2), randomTensor([w[0]], 3)];
    await expectKernelsEqualReference({ op: Conv2d, attributes: { ...base, ...rest }, inputs, constants: [1, 2] });
  });
});
