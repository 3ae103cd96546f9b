/** Percentile calibration: cuts the same share of the mass off each tail, so that rare outliers do not cost resolution. */
import type { Histogram } from './histogram.ts';
import type { Range } from './range.ts';

const DEFAULT_PERCENTILE = 99.99;

/** The range between the (100 - percentile) % and percentile % quantiles, linear inside a bin, never beyond what was seen. */
export function percentileRange(histogram: Histogram, percentile = DEFAULT_PERCENTILE): Range {
  const { counts, min, max } = histogram;
  const cut = (1 - percentile / 100) * histogram.count;
  const last = counts.length - 1;
  let below = 0;
  let low = 0;
  while (low < last && below + (counts[low] as number) <= cut) below += counts[low++] as number;
  let above = 0;
  let high = last;
  while (high > low && above + (counts[high] as number) <= cut) above += counts[high--] as number;
  const share = (missing: number, bin: number) => missing / Math.max(1, counts[bin] as number);
  return {
    min: Math.max(min, histogram.edge(low + share(cut - below, low))),
    max: Math.min(max, histogram.edge(high + 1 - share(cut - above, high))),
  };
}
