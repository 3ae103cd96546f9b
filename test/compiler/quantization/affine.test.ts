import { describe, expect, test } from 'vitest';
import {
  asymmetricQuantization,
  channelMagnitudes,
  channelMaxima,
  dequantizeArray,
  quantizeArray,
  representableRange,
  weightScales,
} from '../../../compiler/quantization/affine.ts';
import { randomTensor } from '../ops/op-case.ts';

describe('asymmetricQuantization', () => {
  test.for([
    [0, 6],
    [-1, 1],
    [-3.7, 0.2],
    [2, 5],
    [-5, -2],
    [-1e-30, 1e-30],
    [0, 3e38],
  ] as const)('[%d, %d] is held to half a step, zero exactly', ([min, max]) => {
    const quantization = asymmetricQuantization({ min, max });
    const [scale] = quantization.scale as [number];
    expect(scale).toBe(Math.fround(scale));
    const held = representableRange(quantization);
    expect(held.min).toBeLessThanOrEqual(Math.min(min, 0) + scale / 2 + scale * 1e-4);
    expect(held.max).toBeGreaterThanOrEqual(Math.max(max, 0) - scale / 2 - scale * 1e-4);
    const zero = quantizeArray([0], [1], quantization);
    expect(Math.abs(dequantizeArray(zero, quantization)[0] as number)).toBe(0);
  });

  test('an empty range still has usable parameters', () => {
    expect(asymmetricQuantization({ min: 0, max: 0 })).toEqual({ scale: [1], zeroPoint: 0 });
  });
});

describe('weights', () => {
  const shape = [4, 3, 2];
  const { data } = randomTensor(shape, 1);

  test('maxima and magnitudes are per channel of any axis', () => {
    for (const axis of [0, 1, 2]) {
      const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
      for (let c = 0; c < (shape[axis] as number); c++) {
        const own = [...data].filter((_, i) => Math.floor(i / inner) % (shape[axis] as number) === c).map(Math.abs);
        expect(channelMaxima(data, shape, axis)[c]).toBe(Math.max(...own));
        expect(channelMagnitudes(data, shape, axis)[c]).toBeCloseTo(
          own.reduce((a, b) => a + b),
          6,
        );
      }
    }
  });

  test('the largest weight of a channel becomes 127 or -127, never -128', () => {
    const scale = weightScales(channelMaxima(data, shape, 0), new Float32Array(4), 1);
    const integers = quantizeArray(data, shape, { scale, zeroPoint: 0, axis: 0 }, -127);
    for (let c = 0; c < 4; c++) expect(Math.max(...integers.slice(c * 6, c * 6 + 6).map(Math.abs))).toBe(127);
  });

  test('a channel of nothing but its bias gets a scale that the bias fits', () => {
    const [dead, tiny, empty] = weightScales([0, 1e-12, 0], [5, 5, 0], 0.01) as [number, number, number];
    for (const scale of [dead, tiny]) expect(5 / (0.01 * scale)).toBeLessThanOrEqual(2 ** 30 * 1.001);
    expect(empty).toBe(1);
  });
});

describe('the exercise of methods.md 18.1, [[3, -0.5], [1, 2]]', () => {
  const matrix = [3, -0.5, 1, 2];
  const integers = (scale: readonly number[], axis?: number) =>
    Array.from(quantizeArray(matrix, [2, 2], { scale, zeroPoint: 0, ...(axis !== undefined && { axis }) }, -127));

  test('symmetric, per tensor', () => {
    expect(integers([3 / 127])).toEqual([127, -21, 42, 85]);
  });

  test('symmetric, per row: 63.5 rounds to the even 64', () => {
    expect(integers([3 / 127, 2 / 127], 0)).toEqual([127, -21, 64, 127]);
    expect(weightScales(channelMaxima(matrix, [2, 2], 0), [0, 0], 1)).toEqual([Math.fround(3 / 127), Math.fround(2 / 127)]);
  });

  test('asymmetric', () => {
    const quantization = asymmetricQuantization({ min: -0.5, max: 3 });
    expect(quantization).toEqual({ scale: [Math.fround(3.5 / 255)], zeroPoint: -92 });
    expect(Array.from(quantizeArray(matrix, [2, 2], quantization))).toEqual([127, -128, -19, 54]);
  });
});
