import { describe, expect, test } from 'vitest';
import { Histogram } from '../../../compiler/quantization/histogram.ts';
import { meanSquaredErrorRange, quantizationError } from '../../../compiler/quantization/mse.ts';
import { percentileRange } from '../../../compiler/quantization/percentile.ts';
import { calibrationMethods, clampRange, rangeOf } from '../../../compiler/quantization/range.ts';

/*
 * The expected numbers come from numpy, on the elements themselves instead of a histogram:
 *   x = -np.log(1 - (np.arange(10000) + .5) / 10000); y = np.append(x, 100.); z = x - 1.5
 *   np.percentile(x, [99, 99.99])
 * KL: np.histogram(x, 2048, (0, max)); P = first i bins with the rest added to the last, Q = the same bins spread over
 * 256 levels; smallest KL(P||Q) of i = 256, 264, … MSE: the smallest error of a grid of ranges
 * [z.min() · b, z.max() · a], a and b from 1 down to 0.25 in 49 steps, with s = (hi - lo) / 255.
 */
const exponential = Float64Array.from({ length: 10_000 }, (_, i) => -Math.log(1 - (i + 0.5) / 10_000));

function histogramOf(data: ArrayLike<number>): Histogram {
  const histogram = new Histogram();
  histogram.add(data);
  return histogram;
}

describe('calibration methods', () => {
  const x = histogramOf(exponential);
  const y = histogramOf([...exponential, 100]);
  const z = histogramOf(exponential.map((value) => value - 1.5));

  test('min-max is what was seen', () => {
    expect(rangeOf(z, 'min-max')).toEqual({ min: (exponential[0] as number) - 1.5, max: (exponential.at(-1) as number) - 1.5 });
  });

  test('percentiles are those of the elements, to a bin', () => {
    expect(percentileRange(x, 99).max).toBeCloseTo(4.60028265, 2);
    expect(Math.abs(rangeOf(y, 'percentile').max - 9.90348755)).toBeLessThan(y.binWidth);
    expect(percentileRange(z, 99).min).toBeCloseTo(-1.48990017, 2);
    expect(percentileRange(z, 99).max).toBeCloseTo(3.10028265, 2);
  });

  test('entropy cuts a lonely outlier off, as the reference does', () => {
    expect(Math.abs(rangeOf(x, 'entropy').max - 9.903487552536237)).toBeLessThan(9 * x.binWidth);
    expect(Math.abs(rangeOf(y, 'entropy').max - 12.5)).toBeLessThan(9 * y.binWidth);
  });

  test('mse is as good as the best of a grid, to the tenth that min-max may lose', () => {
    expect(quantizationError(x, meanSquaredErrorRange(x))).toBeLessThan(1.241297670262949 / 0.9);
    expect(quantizationError(y, meanSquaredErrorRange(y))).toBeLessThan(126.11042554445231 / 0.9);
    expect(quantizationError(z, meanSquaredErrorRange(z))).toBeLessThan(1.2293665196435453 / 0.9);
    expect(quantizationError(x, rangeOf(x, 'min-max'))).toBeCloseTo(1.2560303005362021, 1);
  });

  test('mse gives up a rare outlier, but not one that costs little', () => {
    const flat = Float64Array.from({ length: 10_000 }, (_, i) => i / 10_000);
    const histogram = new Histogram();
    for (let i = 0; i < 60; i++) histogram.add(flat);
    histogram.add([2]);
    // d/dt of N t² / (12 · 255²) + (2 - t)² is zero at t = 2 / (1 + 600000 / 780300) = 1.13.
    expect(meanSquaredErrorRange(histogram).max).toBeCloseTo(1.13, 1);
    expect(meanSquaredErrorRange(histogramOf([...flat, 1.05]))).toEqual({ min: 0, max: 1.05 });
  });

  test.for(calibrationMethods)('%s gives zeros the range zero, and stays inside what was seen', (method) => {
    expect(rangeOf(histogramOf(new Float32Array(100)), method)).toEqual({ min: 0, max: 0 });
    for (const histogram of [x, y, z]) {
      const { min, max } = rangeOf(histogram, method);
      expect(min).toBeGreaterThanOrEqual(Math.min(0, histogram.min));
      expect(max).toBeLessThanOrEqual(histogram.max);
    }
  });
});

test('clampRange keeps what lies inside the limits', () => {
  expect(clampRange({ min: -3, max: 9 }, [0, 6])).toEqual({ min: 0, max: 6 });
  expect(clampRange({ min: -3, max: -1 }, [0, Number.POSITIVE_INFINITY])).toEqual({ min: 0, max: 0 });
});
