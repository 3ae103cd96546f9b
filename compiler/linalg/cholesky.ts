/** Cholesky factorization of symmetric positive definite matrices: A = L Lᵀ, and what it solves. */
import { type Matrix, matrix } from './matrix.ts';

/** Share of the mean of the diagonal that is added when a matrix is not positive definite; tenfold until it is. */
const FIRST_DAMPING = 1e-10;

/** The lower triangular L; undefined when the matrix is not positive definite. */
export function cholesky({ rows: n, data: a }: Matrix): Matrix | undefined {
  const factor = matrix(n, n);
  const l = factor.data;
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = a[i * n + j] as number;
      for (let k = 0; k < j; k++) sum -= (l[i * n + k] as number) * (l[j * n + k] as number);
      if (i === j) {
        if (!(sum > 0)) return undefined;
        l[j * n + j] = Math.sqrt(sum);
      } else {
        l[i * n + j] = sum / (l[j * n + j] as number);
      }
    }
  }
  return factor;
}

export interface DampedFactor {
  readonly factor: Matrix;
  /** What was added to the diagonal. */
  readonly damping: number;
}

/** a + value · I. */
export function damped(a: Matrix, value: number): Matrix {
  const data = a.data.slice();
  for (let i = 0; i < a.rows; i++) data[i * a.rows + i] = (data[i * a.rows + i] as number) + value;
  return { ...a, data };
}

/**
 * The factor of a + damping · I.
 * @param share of the mean of the diagonal that is added at least; more where the matrix is not positive definite
 */
export function dampedCholesky(a: Matrix, share = 0): DampedFactor {
  let mean = 0;
  for (let i = 0; i < a.rows; i++) mean += (a.data[i * a.rows + i] as number) / a.rows;
  if (!(mean > 0)) mean = 1;
  for (let damping = share * mean; ; damping = Math.max(10 * damping, FIRST_DAMPING * mean)) {
    const factor = cholesky(damping ? damped(a, damping) : a);
    if (factor) return { factor, damping };
    if (!(damping < mean * 1e3)) throw new Error('the matrix holds NaN or infinity');
  }
}

/** X of L Lᵀ X = B, for B [n, m]. */
export function solveCholesky({ rows: n, data: l }: Matrix, b: Matrix): Matrix {
  const m = b.columns;
  const x = b.data.slice();
  const eliminate = (i: number, k: number, factor: number) => {
    for (let c = 0; c < m; c++) x[i * m + c] = (x[i * m + c] as number) - factor * (x[k * m + c] as number);
  };
  const divide = (i: number) => {
    for (let c = 0; c < m; c++) x[i * m + c] = (x[i * m + c] as number) / (l[i * n + i] as number);
  };
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) eliminate(i, k, l[i * n + k] as number);
    divide(i);
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) eliminate(i, k, l[k * n + i] as number);
    divide(i);
  }
  return { rows: n, columns: m, data: x };
}
