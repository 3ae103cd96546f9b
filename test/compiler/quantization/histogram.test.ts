import { describe, expect, test } from 'vitest';
import { Histogram } from '../../../compiler/quantization/histogram.ts';
import { randomTensor } from '../ops/op-case.ts';

function massBelow(histogram: Histogram, x: number): number {
  let mass = 0;
  for (let bin = 0; bin < histogram.counts.length && histogram.edge(bin + 1) <= x + 1e-9; bin++) mass += histogram.counts[bin] as number;
  return mass;
}

describe('Histogram', () => {
  test('keeps min, max and every element however the range grows', () => {
    const histogram = new Histogram();
    const all: number[] = [];
    for (const [seed, low, high] of [
      [1, 0, 1],
      [2, -0.1, 3],
      [3, -700, 20],
      [4, 0, 9000],
    ] as const) {
      const { data } = randomTensor([1000], seed, low, high);
      all.push(...data);
      expect(histogram.add(data)).toBe(true);
    }
    expect(histogram.min).toBe(Math.min(...all));
    expect(histogram.max).toBe(Math.max(...all));
    expect(histogram.count).toBe(4000);
    expect(histogram.counts.reduce((a, b) => a + b)).toBe(4000);
    expect(histogram.edge(0)).toBeLessThanOrEqual(histogram.min);
    expect(histogram.edge(2048)).toBeGreaterThanOrEqual(histogram.max);
    const below = all.filter((x) => x < 0).length;
    expect(Math.abs(massBelow(histogram, 0) - below)).toBeLessThanOrEqual(all.filter((x) => Math.abs(x) < 2 * histogram.binWidth).length);
  });

  test('zeros before the first other number stay at zero', () => {
    const histogram = new Histogram();
    histogram.add(new Float32Array(10));
    histogram.add([-1, 1]);
    const zero = histogram.counts.indexOf(10);
    expect(histogram.edge(zero)).toBeCloseTo(0, 3);
    expect(histogram.count).toBe(12);
  });

  test('thins large tensors for the bins, the same way each time, but never misses an extreme', () => {
    const { data } = randomTensor([300, 400], 5);
    (data as Float32Array)[77_777] = 50;
    const [a, b] = [new Histogram(), new Histogram()];
    for (const histogram of [a, b]) histogram.add(data);
    expect(a.max).toBe(50);
    expect(a.count).toBeGreaterThan(10_000);
    expect(a.count).toBeLessThanOrEqual(16_384);
    expect(a.counts).toEqual(b.counts);
  });

  test.for([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('refuses %s and counts nothing of its tensor', (bad) => {
    const histogram = new Histogram();
    expect(histogram.add([1, bad, 2])).toBe(false);
    expect(histogram.count).toBe(0);
    expect(histogram.min).toBe(Number.POSITIVE_INFINITY);
  });
});
