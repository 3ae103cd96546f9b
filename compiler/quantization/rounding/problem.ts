/** The rounding of a layer's weights: which whole numbers K, times the scales S of the rows, answer like the best weights. */
import { innerProduct, type Matrix } from '../../linalg/matrix.ts';
import { multiply } from '../../linalg/multiply.ts';
import { roundHalfEven } from '../../ops/accumulate.ts';

export interface RoundingProblem {
  /** W*: [rows, columns], what would answer best without rounding. */
  readonly target: Matrix;
  /** H: [columns, columns], positive definite. The error is tr((W* - S K) H (W* - S K)ᵀ). */
  readonly hessian: Matrix;
  /** S: [rows], above 0. */
  readonly scales: ArrayLike<number>;
  /** Whole numbers reach from -largest to largest. */
  readonly largest: number;
  /** Whether the quads of every row fit and must stay so (../quad-fit.ts); default: no. */
  readonly quadsFit?: boolean;
  /** [rows, columns]: 0 where a weight was pruned, and stays 0. */
  readonly isFree: Uint8Array;
}

/** K: [rows, columns]. */
export type Rounding = (problem: RoundingProblem) => Int8Array;

export function nearestInteger(value: number, largest: number): number {
  return Math.max(-largest, Math.min(largest, roundHalfEven(value)));
}

/** Every weight by itself to the nearest whole number. */
export const roundToNearest: Rounding = ({ target, scales, largest, isFree }) =>
  Int8Array.from(target.data, (value, i) =>
    isFree[i] ? nearestInteger(value / (scales[Math.floor(i / target.columns)] as number), largest) : 0,
  );

/** W* - S K. */
function remainder({ target, scales }: RoundingProblem, integers: ArrayLike<number>): Matrix {
  const { columns } = target;
  return { ...target, data: target.data.map((w, i) => w - (scales[Math.floor(i / columns)] as number) * (integers[i] as number)) };
}

/** The error of each row. */
export function rowErrors(problem: RoundingProblem, integers: ArrayLike<number>): Float64Array {
  const left = remainder(problem, integers);
  const product = multiply(left, problem.hessian);
  const { rows, columns } = left;
  return Float64Array.from({ length: rows }, (_, row) =>
    innerProduct(left.data.subarray(row * columns, (row + 1) * columns), product.data.subarray(row * columns, (row + 1) * columns)),
  );
}
