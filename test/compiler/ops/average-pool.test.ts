import { describe, expect, test } from 'vitest';
import type { Quantization, TensorType } from '../../../compiler/graph.ts';
import { AveragePool } from '../../../compiler/ops/average-pool.ts';
import { spatialShape } from '../../../compiler/ops/conv2d.ts';
import { float32, importNode } from './import-case.ts';
import { expectKernelsEqualReference, randomTensor } from './op-case.ts';
import { expectInt8KernelsEqual, type PoolCase, poolCases, randomInt8, requantized } from './pool-case.ts';

const cases = poolCases.flatMap(({ name, x, attributes }) =>
  [false, true].map((countIncludePad) => ({
    name: countIncludePad ? `${name}, padding counted` : name,
    x,
    attributes: { ...attributes, countIncludePad },
  })),
);

/** The integer contract (architecture.md 4), tap by tap. */
function expectedIntegers(
  { attributes, x }: PoolCase & { readonly attributes: { countIncludePad: boolean } },
  q: Int8Array,
  from: Quantization,
  to: Quantization,
): number[] {
  const [n, h, w, c] = spatialShape(x);
  const [, oh, ow] = spatialShape((AveragePool.infer([{ dtype: 'int8', shape: x }], attributes) as [TensorType])[0].shape);
  const { kernel, stride, dilation, padBefore, padAfter, countIncludePad } = attributes;
  const ratio = Math.fround(Math.fround(from.scale[0] as number) / Math.fround(to.scale[0] as number));
  const result: number[] = [];
  for (let index = 0; index < n * oh * ow * c; index++) {
    const channel = index % c;
    const column = Math.floor(index / c) % ow;
    const row = Math.floor(index / (c * ow)) % oh;
    const batch = Math.floor(index / (c * ow * oh));
    let sum = 0;
    let count = 0;
    for (let tap = 0; tap < kernel[0] * kernel[1]; tap++) {
      const y = row * stride[0] - padBefore[0] + Math.floor(tap / kernel[1]) * dilation[0];
      const xx = column * stride[1] - padBefore[1] + (tap % kernel[1]) * dilation[1];
      const inside = y >= 0 && y < h && xx >= 0 && xx < w;
      if (inside) sum += (q[((batch * h + y) * w + xx) * c + channel] as number) - from.zeroPoint;
      if (inside || (countIncludePad && y < h + padAfter[0] && xx < w + padAfter[1])) count++;
    }
    result.push(requantized(sum, Math.fround(ratio / count), to.zeroPoint));
  }
  return result;
}

describe('AveragePool', () => {
  test.for(cases)('float32 $name', async ({ x, attributes }) => {
    await expectKernelsEqualReference({ op: AveragePool, attributes, inputs: [randomTensor(x, 1)] });
  });

  test.for(cases)('int8 $name', async (poolCase) => {
    const from = { scale: [0.05], zeroPoint: -9 };
    const to = { scale: [0.031], zeroPoint: 21 };
    const input = randomInt8(poolCase.x, 3, from);
    const expected = expectedIntegers(poolCase, input.data as Int8Array, from, to);
    await expectInt8KernelsEqual(AveragePool, poolCase.attributes, input, to, expected);
  });

  test('refuses three spatial dimensions', () => {
    const attributes = { kernel_shape: { ints: [2, 2, 2] } };
    const pool = () => importNode({ operator: 'AveragePool', opset: 11, inputs: [float32(1, 2, 4, 4, 4)], attributes });
    expect(pool).toThrow(/input of rank 5/);
  });
});
