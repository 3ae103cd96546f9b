/**
 * W ≈ L + S, L of rank r and S of few numbers, for answers on inputs of correlation R (methods.md 20): greedy bilateral
 * decomposition (Yu et al., CVPR 2017). Each half is fitted to what the other one leaves:
 *
 *     L   the leading eigenvectors of (W - S) R (W - S)ᵀ
 *     S   the numbers of W - L that move the answers most, then least squares on their places
 */
import { dampedCholesky, solveCholesky } from './cholesky.ts';
import { addScaled, type Matrix, matrix, takeColumns } from './matrix.ts';
import { multiply, multiplyTransposed, transposedMultiply } from './multiply.ts';
import { symmetricEigen } from './symmetric-eigen.ts';

export interface LowRankPlusSparse {
  /** [h, r] and [r, d]: L = P Q. */
  readonly p: Matrix;
  readonly q: Matrix;
  /** [h, d], zero where S has nothing. */
  readonly sparse: Matrix;
  /** tr((W - L - S) R (W - L - S)ᵀ) / tr(W R Wᵀ). */
  readonly relativeError: number;
}

/** The best approximation of W of this rank for inputs of correlation R: leading eigenvectors of W R Wᵀ. */
function bestLowRank(w: Matrix, r: Matrix, rank: number): { p: Matrix; q: Matrix } {
  const { vectors } = symmetricEigen(multiplyTransposed(multiply(w, r), w));
  const p = takeColumns(
    vectors,
    Array.from({ length: Math.min(rank, vectors.columns) }, (_, i) => i),
  );
  return { p, q: transposedMultiply(p, w) };
}

function energy(w: Matrix, r: Matrix): number {
  const product = multiply(w, r).data;
  return product.reduce((sum, value, i) => sum + value * (w.data[i] as number), 0);
}

/** The numbers of the residual that move the answers most, |w_ij| √R_jj; ties go to the earlier one. */
function chooseSupport(residual: Matrix, r: Matrix, count: number): number[][] {
  const { columns, data } = residual;
  const score = data.map((value, i) => value * value * (r.data[(i % columns) * (columns + 1)] as number));
  const order = Array.from({ length: data.length }, (_, i) => i).sort((a, b) => (score[b] as number) - (score[a] as number) || a - b);
  const support: number[][] = Array.from({ length: residual.rows }, () => []);
  for (const i of order.slice(0, count)) support[Math.floor(i / columns)]?.push(i % columns);
  return support;
}

/** Row by row s_S = R_SS⁻¹ (w R)_S for the residual w. */
function fitSupport(residual: Matrix, r: Matrix, support: readonly (readonly number[])[], ridge: number): Matrix {
  const wanted = multiply(residual, r);
  const sparse = matrix(residual.rows, residual.columns);
  support.forEach((places, row) => {
    const n = places.length;
    if (n === 0) return;
    const part = matrix(n, n);
    const right = matrix(n, 1);
    places.forEach((a, i) => {
      right.data[i] = wanted.data[row * residual.columns + a] as number;
      places.forEach((b, j) => {
        part.data[i * n + j] = r.data[a * r.columns + b] as number;
      });
    });
    const solved = solveCholesky(dampedCholesky(part, ridge).factor, right).data;
    places.forEach((column, i) => {
      sparse.data[row * residual.columns + column] = solved[i] as number;
    });
  });
  return sparse;
}

export interface BilateralOptions {
  readonly rank: number;
  /** Numbers of S. */
  readonly count: number;
  readonly sweeps?: number;
  /** Damping of the fit of S, as a share of the mean of the diagonal. */
  readonly ridge?: number;
}

/** @param w [h, d]  @param r [d, d]: correlation of the inputs */
export function greedyBilateral(w: Matrix, r: Matrix, { rank, count, sweeps = 10, ridge = 1e-6 }: BilateralOptions): LowRankPlusSparse {
  const total = energy(w, r) || 1;
  let sparse = matrix(w.rows, w.columns);
  let best: LowRankPlusSparse | undefined;
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const { p, q } = bestLowRank(addScaled(w, sparse, -1), r, rank);
    const residual = addScaled(w, multiply(p, q), -1);
    sparse = fitSupport(residual, r, chooseSupport(residual, r, count), ridge);
    const relativeError = Math.max(0, energy(addScaled(residual, sparse, -1), r)) / total;
    const last = best?.relativeError ?? Number.POSITIVE_INFINITY;
    if (relativeError < last) best = { p, q, sparse, relativeError };
    if (relativeError > last * (1 - 1e-6)) break;
  }
  return best as LowRankPlusSparse;
}
