/** Products of matrices. */
import { type Matrix, matrix } from './matrix.ts';

/** target += a · b. */
export function addProduct(target: Matrix, a: Matrix, b: Matrix): void {
  const { rows, columns: depth } = a;
  const { columns } = b;
  for (let i = 0; i < rows; i++) {
    const row = target.data.subarray(i * columns, (i + 1) * columns);
    for (let k = 0; k < depth; k++) {
      const factor = a.data[i * depth + k] as number;
      if (factor === 0) continue;
      const from = k * columns;
      for (let j = 0; j < columns; j++) row[j] = (row[j] as number) + factor * (b.data[from + j] as number);
    }
  }
}

/** a · b. */
export function multiply(a: Matrix, b: Matrix): Matrix {
  const result = matrix(a.rows, b.columns);
  addProduct(result, a, b);
  return result;
}

/** target += aᵀ · b, for a [n, p] and b [n, q]. */
export function addTransposedProduct(target: Matrix, a: Matrix, b: Matrix): void {
  const { columns } = b;
  for (let k = 0; k < a.rows; k++) {
    const from = k * columns;
    for (let i = 0; i < a.columns; i++) {
      const factor = a.data[k * a.columns + i] as number;
      if (factor === 0) continue;
      const to = i * columns;
      for (let j = 0; j < columns; j++) target.data[to + j] = (target.data[to + j] as number) + factor * (b.data[from + j] as number);
    }
  }
}

/** a · bᵀ. */
export function multiplyTransposed(a: Matrix, b: Matrix): Matrix {
  const result = matrix(a.rows, b.rows);
  const depth = a.columns;
  for (let i = 0; i < a.rows; i++)
    for (let j = 0; j < b.rows; j++) {
      let sum = 0;
      for (let k = 0; k < depth; k++) sum += (a.data[i * depth + k] as number) * (b.data[j * depth + k] as number);
      result.data[i * b.rows + j] = sum;
    }
  return result;
}

/** target += xᵀ · x, for x [n, d]: the sum of the outer products of its rows. */
export function addGram(target: Matrix, x: Matrix): void {
  addTransposedProduct(target, x, x);
}
