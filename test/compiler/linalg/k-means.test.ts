/** k-means of numbers: against every partition of small inputs, and against Lloyd's iteration on large ones. */
import { expect, test } from 'vitest';
import { kMeans } from '../../../compiler/linalg/k-means.ts';
import { lcg } from '../compression/lcg.ts';

function costOf(values: ArrayLike<number>, weights: ArrayLike<number>, centres: ArrayLike<number>): number {
  return Array.from(values).reduce(
    (sum, value, i) => sum + (weights[i] as number) * Math.min(...Array.from(centres, (centre) => (value - centre) ** 2)),
    0,
  );
}

/** The least cost over every way to cut the sorted values into stretches. */
function leastCost(points: readonly (readonly [number, number])[], clusters: number): number {
  const cost = (part: readonly (readonly [number, number])[]) => {
    const weight = part.reduce((sum, [, w]) => sum + w, 0);
    const mean = part.reduce((sum, [v, w]) => sum + v * w, 0) / weight;
    return part.reduce((sum, [v, w]) => sum + w * (v - mean) ** 2, 0);
  };
  if (clusters === 1 || points.length === 1) return cost(points);
  const cuts = Array.from({ length: points.length - 1 }, (_, i) => i + 1);
  return Math.min(cost(points), ...cuts.map((at) => cost(points.slice(0, at)) + leastCost(points.slice(at), clusters - 1)));
}

test.for([1, 2, 3, 4, 5])('%i clusters of twelve weighted numbers cost no more than any partition', (clusters) => {
  const values = lcg(clusters, 12);
  const weights = lcg(90, 12).map((w) => w + 1.1);
  const points = Array.from(values, (value, i) => [value, weights[i] as number] as const).sort((a, b) => a[0] - b[0]);
  const centres = kMeans(values, clusters, weights);
  expect([...centres]).toEqual([...centres].sort((a, b) => a - b));
  expect(costOf(values, weights, centres)).toBeCloseTo(leastCost(points, clusters), 12);
});

test('values of weight 0 do not count, and no more centres are given than there are values', () => {
  expect([...kMeans([5, 1, 1, 9], 3, [1, 1, 1, 0])]).toEqual([1, 5]);
  expect([...kMeans([], 4)]).toEqual([]);
  expect([...kMeans([2, 2], 4)]).toEqual([2]);
});

test('many values: no iteration of Lloyd from its centres gains more than the width of the bins', () => {
  const values = lcg(3, 50_000).map((x) => x ** 3);
  const ones = new Float64Array(values.length).fill(1);
  const centres = kMeans(values, 16);
  expect(centres).toHaveLength(16);
  const sums = Array.from(centres, () => [0, 0] as [number, number]);
  for (const value of values) {
    const nearest = centres.reduce(
      (best, centre, i) => (Math.abs(value - centre) < Math.abs(value - (centres[best] as number)) ? i : best),
      0,
    );
    (sums[nearest] as [number, number])[0] += value;
    (sums[nearest] as [number, number])[1]++;
  }
  const moved = sums.map(([sum, count]) => sum / count);
  const [before, after] = [costOf(values, ones, centres), costOf(values, ones, moved)];
  expect(after).toBeLessThanOrEqual(before);
  expect(before / after).toBeLessThan(1.001);
});
