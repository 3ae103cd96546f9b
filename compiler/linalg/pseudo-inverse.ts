/** The Moore-Penrose inverse A⁺ = V S⁻¹ Uᵀ (methods.md 6): least squares also without full column rank. */
import type { Matrix } from './matrix.ts';
import { multiplyTransposed } from './multiply.ts';
import { svd } from './svd.ts';

/** [columns, rows]. Singular values that are rounding beside the largest are not inverted. */
export function pseudoInverse(a: Matrix): Matrix {
  const { u, values, v } = svd(a);
  const scaled = { ...v, data: v.data.map((value, i) => value / (values[i % v.columns] as number)) };
  return multiplyTransposed(scaled, u);
}
