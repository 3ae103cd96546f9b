/** Linear algebra: the golden values of methods.md 6 and 7, identities, and ml-matrix as an independent oracle. */
import { EigenvalueDecomposition, Matrix as Oracle } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { cholesky, dampedCholesky, solveCholesky } from '../../../compiler/linalg/cholesky.ts';
import { type Matrix, matrix, trace, transpose } from '../../../compiler/linalg/matrix.ts';
import { addGram, addTransposedProduct, multiply, multiplyTransposed } from '../../../compiler/linalg/multiply.ts';
import { symmetricEigen } from '../../../compiler/linalg/symmetric-eigen.ts';
import { lcgMatrix } from '../compression/lcg.ts';

function toOracle({ rows, columns, data }: Matrix): Oracle {
  return Oracle.from1DArray(rows, columns, data);
}

function expectEqual(actual: Matrix, expected: Oracle, tolerance = 1e-10): void {
  expect([actual.rows, actual.columns]).toEqual([expected.rows, expected.columns]);
  const numbers = expected.to1DArray();
  actual.data.forEach((value, i) => {
    expect(Math.abs(value - (numbers[i] as number)), `element ${i}`).toBeLessThan(tolerance);
  });
}

describe('products', () => {
  test.for([
    [1, 1, 1],
    [3, 5, 4],
    [17, 33, 9],
    [64, 70, 65],
  ] as const)('%i x %i x %i', ([m, k, n]) => {
    const [a, b, c] = [lcgMatrix(1, m, k), lcgMatrix(2, k, n), lcgMatrix(3, n, k)];
    expectEqual(multiply(a, b), toOracle(a).mmul(toOracle(b)));
    expectEqual(multiplyTransposed(a, c), toOracle(a).mmul(toOracle(c).transpose()));
    const sum = matrix(k, k, lcgMatrix(4, k, k).data);
    const expected = toOracle(sum).add(toOracle(a).transpose().mmul(toOracle(a)));
    addGram(sum, a);
    expectEqual(sum, expected);
    const cross = matrix(n, k);
    addTransposedProduct(cross, transpose(c), transpose(lcgMatrix(5, k, k)));
    expectEqual(cross, toOracle(c).mmul(toOracle(lcgMatrix(5, k, k)).transpose()));
  });
});

describe('Cholesky', () => {
  const spd = (n: number) => {
    const result = matrix(n, n);
    addGram(result, lcgMatrix(7, n + 3, n));
    return result;
  };

  test.for([1, 2, 7, 40])('factors and solves %i x %i', (n) => {
    const a = spd(n);
    const factor = cholesky(a) as Matrix;
    expectEqual(multiplyTransposed(factor, factor), toOracle(a));
    const b = lcgMatrix(8, n, 3);
    expectEqual(multiply(a, solveCholesky(factor, b)), toOracle(b), 1e-8);
  });

  test('refuses what is not positive definite, and damps it', () => {
    const singular = matrix(2, 2, [1, 1, 1, 1]);
    expect(cholesky(singular)).toBeUndefined();
    const { factor, damping } = dampedCholesky(singular);
    expect(damping).toBeGreaterThan(0);
    expect(damping).toBeLessThan(1e-6);
    expect(factor.data.every(Number.isFinite)).toBe(true);
  });
});

describe('eigenvalues', () => {
  test('of [[1, 2], [2, 3]] are 2 ± √5 (methods.md 6)', () => {
    const { values, vectors } = symmetricEigen(matrix(2, 2, [1, 2, 2, 3]));
    expect(values[0]).toBeCloseTo(4.23607, 5);
    expect(values[1]).toBeCloseTo(-0.23607, 5);
    expect(Math.abs(vectors.data[0] as number)).toBeCloseTo(0.52573, 5);
    expect(Math.abs(vectors.data[2] as number)).toBeCloseTo(0.85065, 5);
  });

  test.for([1, 5, 30, 61])('agree with ml-matrix for %i x %i, and the vectors diagonalize', (n) => {
    const half = lcgMatrix(9, n, n);
    const a = matrix(
      n,
      n,
      half.data.map((value, i) => value + (half.data[(i % n) * n + Math.floor(i / n)] as number)),
    );
    const { values, vectors } = symmetricEigen(a);
    const expected = new EigenvalueDecomposition(toOracle(a)).realEigenvalues.sort((x, y) => y - x);
    values.forEach((value, i) => expect(value).toBeCloseTo(expected[i] as number, 9));
    const product = multiply(transpose(vectors), multiply(a, vectors));
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) expect(product.data[i * n + j]).toBeCloseTo(i === j ? (values[i] as number) : 0, 9);
    expect(values.reduce((x, y) => x + y, 0)).toBeCloseTo(trace(a), 9);
  });
});
