/** Eigenvalues and eigenvectors of symmetric matrices: Householder tridiagonalization and implicit QL, in WASM. */
import { fetch, linalgKernels, place } from './kernels.ts';
import { type Matrix, matrix } from './matrix.ts';

export interface Eigen {
  /** Descending. */
  readonly values: Float64Array;
  /** Column i belongs to value i; its component of largest magnitude is positive, so that results are reproducible. */
  readonly vectors: Matrix;
}

/** Ties between components are not left to rounding. */
const CLEARLY_LARGER = 1 + 1e-9;

function run({ rows: n, data }: Matrix, wantVectors: boolean): { values: Float64Array; rows: Float64Array } {
  const kernels = linalgKernels();
  const [v, d, e] = place(data, 8 * n, 8 * n) as [number, number, number];
  kernels.tridiagonalize(n, v, d, e, Number(wantVectors));
  // The first reflections start from the last column; a matrix of one number has none.
  if (kernels.diagonalize(n, v, d, e, Number(wantVectors)) !== 0) throw new Error('the matrix holds NaN or infinity');
  const values = new Float64Array(n);
  const rows = new Float64Array(wantVectors ? n * n : 0);
  fetch(values, d);
  fetch(rows, v);
  return { values, rows };
}

/** Descending. */
export function symmetricEigenvalues(a: Matrix): Float64Array {
  return run(a, false).values.sort().reverse();
}

export function symmetricEigen(a: Matrix): Eigen {
  const n = a.rows;
  const { values, rows } = run(a, true);
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => (values[j] as number) - (values[i] as number) || i - j);
  const vectors = matrix(n, n);
  order.forEach((from, to) => {
    let largest = 0;
    for (let i = 0; i < n; i++) {
      const x = rows[from * n + i] as number;
      if (Math.abs(x) > Math.abs(largest) * CLEARLY_LARGER) largest = x;
    }
    const sign = largest < 0 ? -1 : 1;
    for (let i = 0; i < n; i++) vectors.data[i * n + to] = sign * (rows[from * n + i] as number);
  });
  return { values: Float64Array.from(order, (i) => values[i] as number), vectors };
}
