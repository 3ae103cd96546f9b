/**
 * Optimal Brain Surgeon, one weight at a time (Hassibi, Stork, NIPS 1992; per row with one Hessian for all: Frantar,
 * Alistarh, "Optimal Brain Compression", NeurIPS 2022). The error of a row is (v - w) H (v - w)ᵀ. The weight that is
 * cheapest to settle on its value q_j, (w_j - q_j)² / [H⁻¹]_jj, is settled, and the others move to make up for it. With
 * q = 0 this prunes, with q on a grid it quantizes.
 */
import type { Matrix } from './matrix.ts';

/** The value on which a weight of this column would be settled. */
export type SettledValue = (weight: number, column: number) => number;

export interface SurgeonOptions {
  /** Default: zero. */
  readonly value?: SettledValue;
  /** So many weights are settled; default: all. */
  readonly count?: number;
  /** Whether the weight of this column may be next, when so many are settled; default: always. */
  readonly mayBeNext?: (column: number, settled: number) => boolean;
}

/** How a row was operated on. */
export interface SurgeonTrace {
  /** Columns, the first settled first; fewer than asked for where no other was allowed. */
  readonly order: Int32Array;
  /** What each of them added to the error of the row. */
  readonly losses: Float64Array;
  /** All weights in the end. */
  readonly weights: Float64Array;
}

/**
 * @param row the weights; they stay as they are
 * @param inverse H⁻¹: [columns, columns]
 */
export function operate(row: ArrayLike<number>, inverse: Matrix, options: SurgeonOptions = {}): SurgeonTrace {
  const size = inverse.rows;
  const { value = () => 0, count = size, mayBeNext = () => true } = options;
  const h = inverse.data.slice();
  const w = Float64Array.from(row);
  // The first `left` places hold the columns that are left; a settled one changes places with the last of them.
  const columns = Int32Array.from({ length: size }, (_, i) => i);
  const weights = new Float64Array(size);
  const order: number[] = [];
  const losses: number[] = [];
  let left = size;
  while (order.length < count) {
    let [best, least] = [-1, Number.POSITIVE_INFINITY];
    for (let i = 0; i < left; i++) {
      const column = columns[i] as number;
      const difference = (w[i] as number) - value(w[i] as number, column);
      const loss = (difference * difference) / (h[i * size + i] as number);
      if (loss < least && mayBeNext(column, order.length)) [best, least] = [i, loss];
    }
    if (best < 0) break;
    const column = columns[best] as number;
    order.push(column);
    losses.push(least);
    weights[column] = value(w[best] as number, column);
    left--;
    exchange(h, size, best, left);
    [w[best], w[left]] = [w[left] as number, w[best] as number];
    [columns[best], columns[left]] = [columns[left] as number, column];
    eliminate(h, w, size, left, weights[column] as number);
  }
  for (let i = 0; i < left; i++) weights[columns[i] as number] = w[i] as number;
  return { order: Int32Array.from(order), losses: Float64Array.from(losses), weights };
}

/** Rows and columns i and j of a symmetric matrix change places. */
function exchange(h: Float64Array, size: number, i: number, j: number): void {
  if (i === j) return;
  for (let k = 0; k < size; k++) {
    const swapped = h[i * size + k] as number;
    h[i * size + k] = h[j * size + k] as number;
    h[j * size + k] = swapped;
  }
  for (let k = 0; k < size; k++) {
    const swapped = h[k * size + i] as number;
    h[k * size + i] = h[k * size + j] as number;
    h[k * size + j] = swapped;
  }
}

/** Takes column `last` out of H⁻¹ and lets the columns before it make up for w_last → q. */
function eliminate(h: Float64Array, w: Float64Array, size: number, last: number, q: number): void {
  const from = last * size;
  const pivot = h[from + last] as number;
  const share = ((w[last] as number) - q) / pivot;
  for (let i = 0; i < last; i++) {
    const factor = (h[from + i] as number) / pivot;
    w[i] = (w[i] as number) - share * (h[from + i] as number);
    if (factor === 0) continue;
    const to = i * size;
    for (let k = 0; k < last; k++) h[to + k] = (h[to + k] as number) - factor * (h[from + k] as number);
  }
}
