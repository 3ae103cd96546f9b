/** Expected values: NumPy 2.4.6 (quantile) and SciPy 1.17.1 (median_abs_deviation, theilslopes, bootstrap with 200000 resamples). */
import { expect, test } from 'vitest';
import { ascending, median, medianAbsoluteDeviation, medianInterval, quantile, theilSenSlope } from '../../devices/statistics.ts';

/** Michelson's first twenty measurements of the speed of light (1879), km/s over 299000. */
const michelson = [850, 740, 900, 1070, 930, 850, 950, 980, 980, 880, 1000, 980, 930, 650, 760, 810, 1000, 1000, 960, 960];
/** Minutes between eruptions of Old Faithful (Azzalini and Bowman 1990). */
const faithful = [
  79, 54, 74, 62, 85, 55, 88, 85, 51, 85, 54, 84, 78, 47, 83, 52, 62, 84, 52, 79, 51, 47, 78, 69, 74, 83, 55, 76, 78, 79, 73, 77, 66, 80,
  74, 52, 48, 80, 59, 90,
];

test.for([
  ['michelson', michelson, [758, 940, 1000, 1056.7], 60, 3.166666666666667, [865, 980]],
  ['old faithful', faithful, [51, 74, 85, 89.22], 10.5, -0.07846153846153847, [62, 78.5]],
] as const)('%s: as NumPy and SciPy have it', ([, values, quantiles, deviation, slope, interval]) => {
  const sorted = ascending(values);
  [0.1, 0.5, 0.9, 0.99].forEach((p, i) => expect(quantile(sorted, p)).toBeCloseTo(quantiles[i] as number, 10));
  expect(median(values)).toBe(quantiles[1]);
  expect(medianAbsoluteDeviation(values)).toBe(deviation);
  expect(theilSenSlope(values)).toBeCloseTo(slope, 12);
  // Medians of small samples are few: the ends of the interval are among them, at most one apart.
  const [low, high] = medianInterval(values);
  expect(Math.abs(low - interval[0])).toBeLessThanOrEqual(0.02 * interval[0]);
  expect(Math.abs(high - interval[1])).toBeLessThanOrEqual(0.02 * interval[1]);
  expect(medianInterval(values)).toEqual([low, high]);
});

test('one value is its own statistics', () => {
  expect([quantile([5], 0.99), medianAbsoluteDeviation([5]), theilSenSlope([5])]).toEqual([5, 0, 0]);
  expect(medianInterval([5])).toEqual([5, 5]);
});
