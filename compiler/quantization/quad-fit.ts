/**
 * Weights whose quads fit: of the four weights 8i + 0, 1, 4, 5 (and 2, 3, 6, 7) of a row, the positive ones sum up to at most
 * 128, and the negative ones to no less than -128. Four products with bytes then fit int16, so no relaxed SIMD engine can
 * saturate, and all give the same bits (runtime-as/microkernels/relaxed-simd.ts). Weights keep their range of ±127; where a
 * row breaks the rule, its scale is widened or its offending weights are cut, whichever costs less.
 */

import { roundHalfEven } from '../ops/accumulate.ts';
import { INT8_MAX } from './affine.ts';

const LARGEST_SUM = 128;
/** With the scale four times as wide every quad fits; so many scales per doubling are tried up to there. */
const STEPS = 16;

/** First weight of the quad that holds weight `column`; the others are 1, 4 and 5 behind it. */
function quadOf(column: number): number {
  return column & ~5;
}

const members = [0, 1, 4, 5] as const;

/** Sum of the magnitudes of a quad's weights of one sign. */
function sumOfSign(row: Int8Array, quad: number, sign: number): number {
  let sum = 0;
  for (const i of members) {
    // Behind the row's end there is nothing.
    const magnitude = quad + i < row.length ? sign * (row[quad + i] as number) : 0;
    if (magnitude > 0) sum += magnitude;
  }
  return sum;
}

/** Start of the quad behind the one that starts at `quad`; the first starts at 0. */
function nextQuad(quad: number): number {
  return quad + (quad % 8 === 0 ? 2 : 6);
}

/** Whether the row can run in relaxed dot products on every engine as it is. */
export function areQuadsFitting(row: Int8Array): boolean {
  // Every plan asks this of all its weights. Behind the row's end there is nothing.
  const at = (column: number) => (column < row.length ? (row[column] as number) : 0);
  for (let quad = 0; quad < row.length; quad = nextQuad(quad)) {
    const [a, b, c, d] = [at(quad), at(quad + 1), at(quad + 4), at(quad + 5)];
    // Twice the sum of the sign that has more.
    const twice = Math.abs(a) + Math.abs(b) + Math.abs(c) + Math.abs(d) + Math.abs(a + b + c + d);
    if (twice > 2 * LARGEST_SUM) return false;
  }
  return true;
}

/** The whole number up to ±`largest` nearest to `value` that weight `column` may be, given the others of its quad. */
export function nearestInQuad(row: Int8Array, column: number, value: number, largest: number): number {
  const own = row[column] as number;
  const left = (sign: number) => Math.min(largest, LARGEST_SUM - sumOfSign(row, quadOf(column), sign) + Math.max(0, sign * own));
  return Math.max(-left(-1), Math.min(left(1), roundHalfEven(value)));
}

/**
 * Takes from each quad what it exceeds the bound by, unit after unit from the weight for which that costs least; no weight
 * changes its sign.
 * @param real the row before rounding
 * @param row its integers; they are changed
 * @returns whether any was
 */
export function cutQuads(real: ArrayLike<number>, scale: number, row: Int8Array): boolean {
  let isCut = false;
  for (let quad = 0; quad < row.length; quad = nextQuad(quad)) {
    for (let sign = 1; sign >= -1; sign -= 2) {
      for (let excess = sumOfSign(row, quad, sign) - LARGEST_SUM; excess > 0; excess--) {
        const most = farthestRounded(real, scale, row, quad, sign);
        row[most] = (row[most] as number) - sign;
        isCut = true;
      }
    }
  }
  return isCut;
}

/** The weight of a sign that lies farthest from zero beside what it was before rounding. */
function farthestRounded(real: ArrayLike<number>, scale: number, row: Int8Array, quad: number, sign: number): number {
  let [most, farthest] = [quad, Number.NEGATIVE_INFINITY];
  for (const i of members) {
    const at = quad + i;
    if (at >= row.length || !(sign * (row[at] as number) > 0)) continue;
    const distance = sign * ((row[at] as number) - (real[at] as number) / scale);
    if (distance > farthest) [most, farthest] = [at, distance];
  }
  return most;
}

/**
 * int8 integers of one row of weights whose quads fit.
 * @param scale of the row; its largest weight is at most 127 steps
 * @returns the scale of least squared error, at most four times as wide, and the integers
 */
export function fitQuads(row: ArrayLike<number>, scale: number): { readonly scale: number; readonly integers: Int8Array } {
  let best = { scale, integers: new Int8Array(0), error: Number.POSITIVE_INFINITY };
  for (let step = 0; step <= 2 * STEPS; step++) {
    const candidate = Math.fround(scale * 2 ** (step / STEPS));
    const integers = new Int8Array(row.length);
    for (let i = 0; i < row.length; i++)
      integers[i] = Math.max(-INT8_MAX, Math.min(INT8_MAX, roundHalfEven((row[i] as number) / candidate)));
    const isCut = cutQuads(row, candidate, integers);
    let error = 0;
    for (let i = 0; i < row.length; i++) error += ((row[i] as number) - (integers[i] as number) * candidate) ** 2;
    if (error < best.error) best = { scale: candidate, integers, error };
    // Wider steps alone only lose.
    if (!isCut) break;
  }
  return best;
}
