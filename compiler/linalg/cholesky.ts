/** Cholesky factorization of symmetric positive definite matrices, A = L Lᵀ, and what it solves. */
import { fetch, linalgKernels, place } from './kernels.ts';
import { identity, type Matrix, trace, transpose } from './matrix.ts';

/** Share of the mean of the diagonal that is added when a matrix is not positive definite; tenfold until it is. */
const FIRST_DAMPING = 1e-10;

/** Beyond this multiple of the mean of the diagonal, damping is not what is missing. */
const LARGEST_DAMPING = 1e3;

/** The lower triangular L; undefined when the matrix is not positive definite. */
export function cholesky({ rows: n, data }: Matrix): Matrix | undefined {
  const kernels = linalgKernels();
  const [scratch, a] = place(kernels.productScratchBytes(), data) as [number, number];
  if (kernels.factorCholesky(n, a, scratch) !== 0) return undefined;
  const factor = { rows: n, columns: n, data: new Float64Array(n * n) };
  fetch(factor.data, a);
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
  const mean = trace(a) / a.rows || 1;
  for (let damping = share * mean; ; damping = Math.max(10 * damping, FIRST_DAMPING * mean)) {
    const factor = cholesky(damping ? damped(a, damping) : a);
    if (factor) return { factor, damping };
    if (!(damping < LARGEST_DAMPING * mean)) throw new Error('the matrix holds NaN or infinity');
  }
}

/** X of L X = B, for B [n, m]. */
export function solveLower(l: Matrix, b: Matrix): Matrix {
  return solve(l, b, true, false);
}

/** X of L Lᵀ X = B, for B [n, m]. */
export function solveCholesky(l: Matrix, b: Matrix): Matrix {
  return solve(l, b, true, true);
}

function solve({ rows: n, data: l }: Matrix, b: Matrix, forward: boolean, backward: boolean): Matrix {
  if (b.rows !== n) throw new Error(`a right side of ${b.rows} rows does not fit a factor of ${n}`);
  const kernels = linalgKernels();
  const [scratch, factor, right] = place(kernels.productScratchBytes(), l, b.data) as [number, number, number];
  if (forward) kernels.solveLower(n, b.columns, factor, right, scratch);
  if (backward) kernels.solveLowerTransposed(n, b.columns, factor, right, scratch);
  const x = { rows: n, columns: b.columns, data: new Float64Array(n * b.columns) };
  fetch(x.data, right);
  return x;
}

/** (L Lᵀ)⁻¹. */
export function invertCholesky(l: Matrix): Matrix {
  return solveCholesky(l, identity(l.rows));
}

/** The upper triangular U of A⁻¹ = Uᵀ U, for a positive definite A. */
export function inverseFactor(a: Matrix): Matrix {
  return transpose(dampedCholesky(invertCholesky(dampedCholesky(a).factor)).factor);
}
