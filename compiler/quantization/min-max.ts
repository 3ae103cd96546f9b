/** Min-max calibration: everything that was seen. */
import type { Histogram } from './histogram.ts';
import type { Range } from './range.ts';

export function minMaxRange({ min, max }: Histogram): Range {
  return { min, max };
}
