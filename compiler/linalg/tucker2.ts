/** Tucker decomposition of two modes of a tensor: higher-order SVD, then higher-order orthogonal iteration (De Lathauwer et al. 2000; methods.md 10.1). */
import { type Matrix, takeColumns } from './matrix.ts';
import { multiplyTransposed } from './multiply.ts';
import { symmetricEigen } from './symmetric-eigen.ts';
import { type DenseTensor, multiplyMode, unfold } from './tensor.ts';

export interface Tucker2 {
  /** [extent of the mode, rank], orthonormal columns. */
  readonly first: Matrix;
  readonly second: Matrix;
  readonly core: DenseTensor;
}

/** Leading left singular vectors of the unfolded tensor, by its small Gram matrix. */
export function leadingVectors(x: DenseTensor, mode: number, rank: number): Matrix {
  const m = unfold(x, mode);
  const { vectors } = symmetricEigen(multiplyTransposed(m, m));
  return takeColumns(
    vectors,
    Array.from({ length: Math.min(rank, vectors.columns) }, (_, i) => i),
  );
}

/** @param sweeps of orthogonal iteration; 0: higher-order SVD only */
export function tucker2(x: DenseTensor, modes: readonly [number, number], ranks: readonly [number, number], sweeps = 10): Tucker2 {
  let first = leadingVectors(x, modes[0], ranks[0]);
  let second = leadingVectors(x, modes[1], ranks[1]);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    first = leadingVectors(multiplyMode(x, modes[1], second), modes[0], ranks[0]);
    second = leadingVectors(multiplyMode(x, modes[0], first), modes[1], ranks[1]);
  }
  return { first, second, core: multiplyMode(multiplyMode(x, modes[0], first), modes[1], second) };
}
