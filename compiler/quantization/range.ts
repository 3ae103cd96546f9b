/** The range of a tensor that int8 shall cover, chosen from its histogram. One file holds each method. */
import { entropyRange } from './entropy.ts';
import type { Histogram } from './histogram.ts';
import { minMaxRange } from './min-max.ts';
import { meanSquaredErrorRange } from './mse.ts';
import { percentileRange } from './percentile.ts';

/** Real numbers min ≤ max. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

type RangeMethod = (histogram: Histogram) => Range;

const methods = {
  'min-max': minMaxRange,
  percentile: percentileRange,
  entropy: entropyRange,
  mse: meanSquaredErrorRange,
} satisfies Record<string, RangeMethod>;

export type CalibrationMethod = keyof typeof methods;

export const calibrationMethods = Object.keys(methods) as readonly CalibrationMethod[];

export const DEFAULT_CALIBRATION_METHOD: CalibrationMethod = 'mse';

export function rangeOf(histogram: Histogram, method: CalibrationMethod): Range {
  return methods[method](histogram);
}

/** The smallest range that holds both. */
export function uniteRanges(a: Range, b: Range): Range {
  return { min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) };
}

/** The part of the range inside the limits of a fused activation. */
export function clampRange(range: Range, [low, high]: readonly [number, number]): Range {
  return { min: Math.min(Math.max(range.min, low), high), max: Math.min(Math.max(range.max, low), high) };
}
