/** Mean-squared-error calibration: the range whose int8 grid reproduces the histogram best, rounding and clipping weighed together. */
import { asymmetricQuantization, INT8_MAX, INT8_MIN } from './affine.ts';
import type { Histogram } from './histogram.ts';
import type { Range } from './range.ts';

/** Each end is tried at this many shares of itself, down to a quarter. */
const STEPS = 48;
const SMALLEST_SHARE = 0.25;

/** A histogram of a few samples is not exact: a narrower range must save this share of the error, else all that was seen is kept. */
const WORTHWHILE = 0.1;

/** Rounds of the search that moves one end at a time. */
const ROUNDS = 3;

/** Sum over the bins of count · (x - dequantize(quantize(x)))². */
export function quantizationError(histogram: Histogram, range: Range): number {
  const { counts } = histogram;
  const { scale, zeroPoint } = asymmetricQuantization(range);
  const s = scale[0] as number;
  const lowest = INT8_MIN - zeroPoint;
  const highest = INT8_MAX - zeroPoint;
  let error = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    const count = counts[bin] as number;
    if (count === 0) continue;
    const x = histogram.mean(bin);
    const difference = x - s * Math.max(lowest, Math.min(highest, Math.round(x / s)));
    error += count * difference * difference;
  }
  return error;
}

/** Coordinate search over both ends from min-max; an end at zero stays there. */
export function meanSquaredErrorRange(histogram: Histogram): Range {
  const full = { min: Math.min(0, histogram.min), max: Math.max(0, histogram.max) };
  let best = full;
  const fullError = quantizationError(histogram, full);
  let bestError = fullError;
  for (let round = 0; round < ROUNDS; round++) {
    const before = bestError;
    for (const end of ['max', 'min'] as const) {
      if (full[end] === 0) continue;
      for (let step = 0; step <= STEPS; step++) {
        const share = 1 - (step * (1 - SMALLEST_SHARE)) / STEPS;
        const range = { ...best, [end]: full[end] * share };
        const error = quantizationError(histogram, range);
        if (error < bestError) [best, bestError] = [range, error];
      }
    }
    if (bestError === before) break;
  }
  return bestError < (1 - WORTHWHILE) * fullError ? best : full;
}
