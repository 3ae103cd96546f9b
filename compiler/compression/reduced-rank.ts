/** W ≈ P Q of given or chosen rank: for the weights, or for the answers on inputs of known correlation. */
import { dampedCholesky, solveCholesky } from '../linalg/cholesky.ts';
import { type Matrix, matrix, takeColumns, transpose } from '../linalg/matrix.ts';
import { multiply, multiplyTransposed, transposedMultiply } from '../linalg/multiply.ts';
import { squaredNorm, svd } from '../linalg/svd.ts';
import { symmetricEigen } from '../linalg/symmetric-eigen.ts';

/** P [h, t] and Q [t, d]. */
export interface Factors {
  readonly p: Matrix;
  readonly q: Matrix;
  /** What each possible component holds, descending; the first t are kept. */
  readonly energies: Float64Array;
  readonly total: number;
}

/** Truncated SVD, both factors scaled by √s. */
export function factorsOfWeights(w: Matrix, chooseOf: (energies: Float64Array, total: number) => number): Factors {
  const full = svd(w);
  const energies = full.values.map((value) => value * value);
  const total = squaredNorm(w);
  const rank = chooseOf(energies, total);
  const kept = Array.from({ length: rank }, (_, i) => i);
  const [p, v] = [takeColumns(full.u, kept), takeColumns(full.v, kept)];
  for (const factor of [p, v])
    for (let i = 0; i < factor.data.length; i++) factor.data[i] = (factor.data[i] as number) * Math.sqrt(full.values[i % rank] as number);
  return { p, q: transpose(v), energies, total };
}

/** Leading eigenvectors of W* R W*ᵀ. @param best W* [h, d]  @param correlation R [d, d], centred */
export function factorsOfResponses(
  best: Matrix,
  correlation: Matrix,
  chooseOf: (energies: Float64Array, total: number) => number,
): Factors {
  const { values, vectors } = symmetricEigen(multiplyTransposed(multiply(best, correlation), best));
  const energies = values.map((value) => Math.max(0, value));
  const total = energies.reduce((a, b) => a + b, 0);
  const rank = Math.min(chooseOf(energies, total), best.columns);
  const p = takeColumns(
    vectors,
    Array.from({ length: rank }, (_, i) => i),
  );
  return { p, q: transposedMultiply(p, best), energies, total };
}

/** W* = G R⁻¹. */
export function leastSquares(cross: Matrix, correlation: Matrix, ridge: number): Matrix {
  return transpose(solveCholesky(dampedCholesky(correlation, ridge).factor, transpose(cross)));
}

/** Scales the components of a pair so that each has the same root mean square on the samples; without samples, the same norm. */
export function balanceFactors({ p, q }: Pick<Factors, 'p' | 'q'>, correlation?: Matrix): { p: Matrix; q: Matrix } {
  const spread = correlation ? multiplyTransposed(multiply(q, correlation), q) : multiplyTransposed(q, q);
  const size = Float64Array.from({ length: q.rows }, (_, i) => Math.sqrt(Math.max(1e-30, spread.data[i * q.rows + i] as number)));
  const scaledQ = matrix(
    q.rows,
    q.columns,
    q.data.map((value, i) => value / (size[Math.floor(i / q.columns)] as number)),
  );
  const scaledP = matrix(
    p.rows,
    p.columns,
    p.data.map((value, i) => value * (size[i % p.columns] as number)),
  );
  return { p: scaledP, q: scaledQ };
}
