/** Leading left singular vectors of large matrices by randomized subspace iteration: nothing but matrix products. */
import { dampedCholesky, solveLower } from './cholesky.ts';
import { identity, type Matrix, matrix, takeColumns } from './matrix.ts';
import { addGram, multiply, multiplyTransposed, transposedMultiply } from './multiply.ts';
import { normalRandom } from './random.ts';
import { symmetricEigen } from './symmetric-eigen.ts';

export interface SubspaceOptions {
  readonly seed?: number;
  /** Power iterations: 2 are enough for a good approximation, 4 where a rank is decided by the values. */
  readonly iterations?: number;
  /** Columns beyond the wanted ones. */
  readonly oversample?: number;
}

/** An orthonormal basis of the columns of y, by Cholesky factorization of the Gram matrix, twice (CholeskyQR2). */
export function orthonormalize(y: Matrix): Matrix {
  let q = y;
  for (let pass = 0; pass < 2; pass++) {
    const gram = matrix(q.columns, q.columns);
    addGram(gram, q);
    const { factor } = dampedCholesky(gram);
    q = multiplyTransposed(q, solveLower(factor, identity(q.columns)));
  }
  return q;
}

/** The `rank` leading left singular vectors of a [m, n] as columns, and the singular values (Halko, Martinsson, Tropp 2011, alg. 4.4 and 5.1). */
export function leadingSubspace(
  a: Matrix,
  rank: number,
  { seed = 0, iterations = 4, oversample = 10 }: SubspaceOptions = {},
): { vectors: Matrix; values: Float64Array } {
  const width = Math.min(rank + oversample, a.rows, a.columns);
  const random = normalRandom(seed + 1);
  let basis = orthonormalize(multiply(a, matrix(a.columns, width, Float64Array.from({ length: a.columns * width }, random))));
  for (let i = 0; i < iterations; i++) basis = orthonormalize(multiply(a, orthonormalize(transposedMultiply(a, basis))));
  // Rayleigh-Ritz: the best vectors within the subspace.
  const projected = transposedMultiply(basis, a);
  const gram = multiplyTransposed(projected, projected);
  const { values, vectors } = symmetricEigen(gram);
  const kept = Array.from({ length: Math.min(rank, width) }, (_, i) => i).filter((i) => (values[i] as number) > 0);
  return { vectors: multiply(basis, takeColumns(vectors, kept)), values: Float64Array.from(kept, (i) => Math.sqrt(values[i] as number)) };
}
