/**
 * Optimal Brain Surgeon, one weight at a time (Hassibi, Stork, NIPS 1992; per row with one Hessian for all: Frantar,
 * Alistarh, "Optimal Brain Compression", NeurIPS 2022). The error of a row is (v - w) H (v - w)ᵀ. The weight that is
 * cheapest to settle on its value q_j, (w_j - q_j)² / [H⁻¹]_jj, is settled, and the others move to make up for it. With
 * q = 0 this prunes, with q on a grid it quantizes.
 */
import { linalgKernels, place } from './kernels.ts';
import type { Matrix } from './matrix.ts';

/** The value on which a weight of this column would be settled; computed without the kernels, whose memory is in use. */
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
  const kernels = linalgKernels();
  const [hAddress, wAddress] = place(inverse.data, Float64Array.from(row)) as [number, number];
  const h = new Float64Array(kernels.memory.buffer, hAddress, size * size);
  const w = new Float64Array(kernels.memory.buffer, wAddress, size);
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
    [columns[best], columns[left]] = [columns[left] as number, column];
    kernels.settleWeight(size, left, best, weights[column] as number, hAddress, wAddress);
  }
  for (let i = 0; i < left; i++) weights[columns[i] as number] = w[i] as number;
  return { order: Int32Array.from(order), losses: Float64Array.from(losses), weights };
}
