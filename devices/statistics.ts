/** Robust statistics of a list of timings. */
import { uniformRandom } from '../compiler/linalg/random.ts';

export function ascending(values: readonly number[]): Float64Array {
  return Float64Array.from(values).sort();
}

/** Quantile `p` in 0 … 1 of a sorted list, linear between neighbours (Hyndman and Fan 1996, type 7: the default of NumPy and R). */
export function quantile(sorted: ArrayLike<number>, p: number): number {
  const position = p * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (position - below) * (high - low);
}

export function median(values: readonly number[]): number {
  return quantile(ascending(values), 0.5);
}

/** Median absolute deviation from the median, unscaled. */
export function medianAbsoluteDeviation(values: readonly number[]): number {
  const middle = median(values);
  return median(values.map((value) => Math.abs(value - middle)));
}

const RESAMPLES = 2000;

/** 95 % interval of the median: percentile bootstrap (Efron 1979) with a fixed seed, so that the same samples give the same interval. */
export function medianInterval(values: readonly number[]): [number, number] {
  const random = uniformRandom(1);
  const resample = new Float64Array(values.length);
  const medians = Float64Array.from({ length: RESAMPLES }, () => {
    for (let i = 0; i < resample.length; i++) resample[i] = values[Math.floor(random() * values.length)] as number;
    return quantile(resample.sort(), 0.5);
  }).sort();
  return [quantile(medians, 0.025), quantile(medians, 0.975)];
}

/** Change per sample over the list: the median of the slopes of all pairs (Theil 1950, Sen 1968), which outliers do not move. */
export function theilSenSlope(values: readonly number[]): number {
  const slopes: number[] = [];
  for (let j = 1; j < values.length; j++)
    for (let i = 0; i < j; i++) slopes.push(((values[j] as number) - (values[i] as number)) / (j - i));
  return slopes.length ? median(slopes) : 0;
}
