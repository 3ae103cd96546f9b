/** The eigenvalue of largest magnitude by repeated multiplication, and deflation to find the next (methods.md 6). */
import { type Matrix, matrix } from './matrix.ts';
import { multiply } from './multiply.ts';

export interface Eigenpair {
  readonly value: number;
  /** [n, 1], of length 1. */
  readonly vector: Matrix;
}

function normalized(x: Matrix): Matrix {
  const length = Math.hypot(...x.data);
  return { ...x, data: x.data.map((value) => value / (length || 1)) };
}

/** xᵀ M x: the eigenvalue that belongs to a vector of length 1. */
export function rayleighQuotient(m: Matrix, x: Matrix): number {
  const product = multiply(m, x);
  return product.data.reduce((sum, value, i) => sum + value * (x.data[i] as number), 0);
}

/** M x / ‖M x‖. */
export function powerStep(m: Matrix, x: Matrix): Matrix {
  return normalized(multiply(m, x));
}

/** @param start [n, 1]; default: ones, a little uneven so that it is not an eigenvector of a symmetric pattern */
export function powerIteration(
  m: Matrix,
  { start, tolerance = 1e-12, limit = 1000 }: { start?: Matrix; tolerance?: number; limit?: number } = {},
): Eigenpair {
  let vector = normalized(
    start ??
      matrix(
        m.rows,
        1,
        Float64Array.from({ length: m.rows }, (_, i) => 1 + i / (7 * m.rows)),
      ),
  );
  let value = rayleighQuotient(m, vector);
  for (let i = 0; i < limit; i++) {
    vector = powerStep(m, vector);
    const next = rayleighQuotient(m, vector);
    const change = Math.abs(next - value);
    value = next;
    if (change <= tolerance * Math.abs(next)) break;
  }
  return { value, vector };
}

/** M - λ x xᵀ: the same eigenpairs, with λ replaced by 0. */
export function deflate(m: Matrix, { value, vector }: Eigenpair): Matrix {
  const n = m.rows;
  const data = m.data.map((entry, i) => entry - value * (vector.data[Math.floor(i / n)] as number) * (vector.data[i % n] as number));
  return { ...m, data };
}
