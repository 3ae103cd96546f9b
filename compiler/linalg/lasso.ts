/**
 * min over β of ½ βᵀ Γ β - bᵀ β + λ ‖β‖₁ by coordinate descent (Friedman, Hastie and Tibshirani 2010): with Γ = Z Zᵀ / N
 * and b = Z y / N it is the LASSO of y on the rows of Z.
 */
import type { Matrix } from './matrix.ts';

export interface LassoOptions {
  /** Where to begin: the solution of a λ nearby. Default: zeros. */
  readonly start?: ArrayLike<number>;
  /** Ends when no coefficient moves by more than this share of the largest. */
  readonly tolerance?: number;
  readonly limit?: number;
}

/** @param gram Γ: [n, n], symmetric  @param linear b: [n] */
export function lasso(gram: Matrix, linear: ArrayLike<number>, lambda: number, options: LassoOptions = {}): Float64Array {
  const { start, tolerance = 1e-9, limit = 10_000 } = options;
  const n = gram.rows;
  const beta = Float64Array.from({ length: n }, (_, i) => start?.[i] ?? 0);
  for (let sweep = 0; sweep < limit; sweep++) {
    let [moved, largest] = [0, 0];
    for (let i = 0; i < n; i++) {
      const own = gram.data[i * n + i] as number;
      const before = beta[i] as number;
      let rest = (linear[i] as number) + own * before;
      for (let j = 0; j < n; j++) rest -= (gram.data[i * n + j] as number) * (beta[j] as number);
      const after = own > 0 ? (Math.sign(rest) * Math.max(0, Math.abs(rest) - lambda)) / own : 0;
      beta[i] = after;
      moved = Math.max(moved, Math.abs(after - before));
      largest = Math.max(largest, Math.abs(after));
    }
    if (moved <= tolerance * largest) break;
  }
  return beta;
}
