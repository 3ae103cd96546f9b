/**
 * Weights whose neighbours fit together: w₂ᵢ + w₂ᵢ₊₁ of a row stays within ±128, so that no relaxed SIMD engine can
 * saturate their two products, and all give the same bits (runtime-as/microkernels/relaxed-simd.ts). Weights keep their
 * range of ±127; where a row breaks the rule, its scale is widened or its offending pairs are cut, whichever costs less.
 */

import { roundHalfEven } from '../ops/accumulate.ts';
import { INT8_MAX } from './affine.ts';

const LARGEST_PAIR = 128;
/** With the scale doubled every pair fits; so many scales are tried up to there. */
const STEPS = 16;

/** What a pair exceeds is taken from its two weights so that the larger of their errors stays smallest. */
function cutPairs(row: ArrayLike<number>, scale: number, integers: Int8Array): void {
  for (let i = 0; i + 1 < row.length; i += 2) {
    const [a, b] = [integers[i] as number, integers[i + 1] as number];
    const sign = Math.sign(a + b);
    const excess = Math.abs(a + b) - LARGEST_PAIR;
    if (excess <= 0) continue;
    // How much farther the first was rounded up than the second.
    const ahead = sign * (a - (row[i] as number) / scale - (b - (row[i + 1] as number) / scale));
    const first = Math.round((excess + ahead) / 2);
    integers[i] = a - sign * first;
    integers[i + 1] = b - sign * (excess - first);
  }
}

/**
 * int8 integers of one row of weights whose pairs fit.
 * @param scale of the row; its largest weight is at most 127 steps
 * @returns the scale of least squared error, at most doubled, and the integers
 */
export function fitPairs(row: ArrayLike<number>, scale: number): { readonly scale: number; readonly integers: Int8Array } {
  let best = { scale, integers: new Int8Array(0), error: Number.POSITIVE_INFINITY };
  for (let step = 0; step <= STEPS; step++) {
    const candidate = Math.fround(scale * 2 ** (step / STEPS));
    const integers = Int8Array.from(row, (w) => Math.max(-INT8_MAX, Math.min(INT8_MAX, roundHalfEven(w / candidate))));
    const isCut = integers.some((w, i) => i % 2 === 1 && Math.abs(w + (integers[i - 1] as number)) > LARGEST_PAIR);
    if (isCut) cutPairs(row, candidate, integers);
    let error = 0;
    for (let i = 0; i < row.length; i++) error += ((row[i] as number) - (integers[i] as number) * candidate) ** 2;
    if (error < best.error) best = { scale: candidate, integers, error };
    // Wider steps alone only lose.
    if (!isCut) break;
  }
  return best;
}
