/** The deterministic test data of methods.md: x ← (1664525 x + 1013904223) mod 2^32, value 2x / 2^32 - 1. */
import { type Matrix, matrix } from '../../../compiler/linalg/matrix.ts';

/** T(seed, shape) of methods.md: successive values, row-major. */
export function lcg(seed: number, count: number): Float64Array {
  let state = seed;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return (2 * state) / 2 ** 32 - 1;
  });
}

export function lcgMatrix(seed: number, rows: number, columns: number): Matrix {
  return matrix(rows, columns, lcg(seed, rows * columns));
}
