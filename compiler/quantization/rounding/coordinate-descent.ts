/**
 * Integer coordinate descent (post-training.md 2.2): weight after weight moves to the whole number that is best given all
 * others, until none moves any more. It never makes a rounding worse.
 */
import { descendRow } from '../../compression/level-descent.ts';
import { multiply } from '../../linalg/multiply.ts';
import { cutQuads, nearestInQuad } from '../quad-fit.ts';
import { gptq } from './gptq.ts';
import { nearestInteger, type Rounding, type RoundingProblem } from './problem.ts';

const MOST_SWEEPS = 20;

/** @param start the rounding that is improved: [rows, columns] */
export function descendFrom(start: Int8Array, { target, hessian, scales, largest, quadsFit, isFree }: RoundingProblem): Int8Array {
  const { rows, columns } = target;
  const cross = multiply(target, hessian).data;
  const integers = start.slice();
  for (let row = 0; row < rows; row++) {
    const [from, to] = [row * columns, (row + 1) * columns];
    const own = integers.subarray(from, to);
    const descent = {
      scale: scales[row] as number,
      r: hessian,
      g: cross.subarray(from, to),
      isFree: isFree.subarray(from, to),
      nearest: (value: number, column: number) => (quadsFit ? nearestInQuad(own, column, value, largest) : nearestInteger(value, largest)),
    };
    for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) if (descendRow(own, descent).changes === 0) break;
  }
  return integers;
}

/** From what GPTQ found. */
export const coordinateDescent: Rounding = (problem) => descendFrom(gptq(problem), problem);

/** The rounding with its quads cut until they fit, and improved from there. */
export function fitRounded(rounded: Int8Array, problem: RoundingProblem): Int8Array {
  const { target, scales } = problem;
  const integers = rounded.slice();
  for (let row = 0; row < target.rows; row++) {
    const [from, to] = [row * target.columns, (row + 1) * target.columns];
    cutQuads(target.data.subarray(from, to), scales[row] as number, integers.subarray(from, to));
  }
  return descendFrom(integers, problem);
}
