/** Linear algebra: the golden values of methods.md 6 and 7, identities, and ml-matrix as an independent oracle. */
import { EigenvalueDecomposition, LuDecomposition, Matrix as Oracle, SingularValueDecomposition } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { chooseRank } from '../../../compiler/compression/rank.ts';
import { cholesky, dampedCholesky, invertCholesky, solveCholesky } from '../../../compiler/linalg/cholesky.ts';
import { identity, type Matrix, matrix, trace, transpose } from '../../../compiler/linalg/matrix.ts';
import { addGram, addTransposedProduct, multiply, multiplyTransposed, transposedMultiply } from '../../../compiler/linalg/multiply.ts';
import { deflate, powerIteration, powerStep, rayleighQuotient } from '../../../compiler/linalg/power-iteration.ts';
import { pseudoInverse } from '../../../compiler/linalg/pseudo-inverse.ts';
import { composeSvd, singularValues, squaredNorm, svd } from '../../../compiler/linalg/svd.ts';
import { symmetricEigen, symmetricEigenvalues } from '../../../compiler/linalg/symmetric-eigen.ts';
import { lcgMatrix } from '../compression/lcg.ts';

function toOracle({ rows, columns, data }: Matrix): Oracle {
  return Oracle.from1DArray(rows, columns, data);
}

function largestDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs((a[i] as number) - (b[i] as number)));
  return largest;
}

function expectEqual(actual: Matrix, expected: Oracle, tolerance = 1e-10): void {
  expect([actual.rows, actual.columns]).toEqual([expected.rows, expected.columns]);
  expect(largestDistance(actual.data, expected.to1DArray())).toBeLessThan(tolerance);
}

describe('products', () => {
  test.for([
    [1, 1, 1],
    [3, 5, 4],
    [17, 33, 9],
    [64, 70, 65],
    [150, 300, 530],
  ] as const)('%i x %i x %i', ([m, k, n]) => {
    const [a, b, c] = [lcgMatrix(1, m, k), lcgMatrix(2, k, n), lcgMatrix(3, n, k)];
    expectEqual(multiply(a, b), toOracle(a).mmul(toOracle(b)));
    expectEqual(multiplyTransposed(a, c), toOracle(a).mmul(toOracle(c).transpose()));
    const sum = multiplyTransposed(c, c);
    const expected = toOracle(sum).add(toOracle(c).mmul(toOracle(c).transpose()));
    addGram(sum, transpose(c));
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

  test.for([1, 2, 7, 40, 150])('factors and solves %i x %i', (n) => {
    const a = spd(n);
    const factor = cholesky(a) as Matrix;
    expectEqual(multiplyTransposed(factor, factor), toOracle(a));
    const b = lcgMatrix(8, n, 3);
    expectEqual(multiply(a, solveCholesky(factor, b)), toOracle(b), 1e-7);
    expect(largestDistance(multiply(a, invertCholesky(factor)).data, identity(n).data)).toBeLessThan(1e-7);
    // det A = Π l_ii²
    if (n < 10)
      expect(new LuDecomposition(toOracle(a)).determinant).toBeCloseTo(
        factor.data.reduce((d, l, i) => (i % (n + 1) ? d : d * l * l), 1),
        6,
      );
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

  test.for([1, 2, 5, 30, 131])('agree with ml-matrix for %i x %i, and the vectors diagonalize', (n) => {
    const half = lcgMatrix(9, n, n);
    const a = matrix(
      n,
      n,
      half.data.map((value, i) => value + (half.data[(i % n) * n + Math.floor(i / n)] as number)),
    );
    const { values, vectors } = symmetricEigen(a);
    const expected = new EigenvalueDecomposition(toOracle(a)).realEigenvalues.sort((x, y) => y - x);
    expect(largestDistance(values, expected)).toBeLessThan(1e-9);
    const product = multiply(transpose(vectors), multiply(a, vectors));
    const diagonal = product.data.map((_, i) => (i % (n + 1) === 0 ? (values[i / (n + 1)] as number) : 0));
    expect(largestDistance(product.data, diagonal)).toBeLessThan(1e-9);
    expect(largestDistance(symmetricEigenvalues(a), values)).toBeLessThan(1e-9);
    expect(values.reduce((x, y) => x + y, 0)).toBeCloseTo(trace(a), 9);
  });
});

describe('singular values', () => {
  // S4's users and movies (methods.md 7). Signs are free.
  const a = matrix(7, 5, [1, 1, 1, 0, 0, 3, 3, 3, 0, 0, 4, 4, 4, 0, 0, 5, 5, 5, 0, 0, 0, 2, 0, 4, 4, 0, 0, 0, 5, 5, 0, 1, 0, 2, 2]);
  const found = svd(a);
  const column = ({ rows, columns, data }: Matrix, j: number) =>
    Array.from({ length: rows }, (_, i) => Math.abs(data[i * columns + j] as number));

  test('of users and movies', () => {
    expect(found.values.length).toBe(3);
    expect(largestDistance(found.values, [12.481, 9.5086, 1.3456])).toBeLessThan(5e-5);
    expect(squaredNorm(a)).toBe(248);
    expect(
      largestDistance(
        found.values.map((s) => s * s),
        [155.776, 90.414, 1.811],
      ),
    ).toBeLessThan(1e-3);
    expect(largestDistance(column(found.u, 0), [0.1376, 0.4128, 0.5504, 0.688, 0.1528, 0.0722, 0.0764])).toBeLessThan(6e-5);
    expect(largestDistance(column(found.v, 0), [0.5623, 0.5929, 0.5623, 0.0901, 0.0901])).toBeLessThan(6e-5);
    expect(largestDistance(column(found.v, 1), [0.1266, 0.0288, 0.1266, 0.6954, 0.6954])).toBeLessThan(6e-5);
    expect(largestDistance(column(found.v, 2), [0.4097, 0.8048, 0.4097, 0.0913, 0.0913])).toBeLessThan(6e-5);
    expect(
      largestDistance(
        column(found.u, 0).map((u) => u * (found.values[0] as number)),
        [1.7174, 5.1521, 6.8695, 8.5869, 1.9068, 0.9013, 0.9534],
      ),
    ).toBeLessThan(6e-5);
  });

  test('90 % of the energy take two of them, and the third is the error', () => {
    const energy = found.values.map((s) => s * s);
    expect(largestDistance([energy[0]! / 248, (energy[0]! + energy[1]!) / 248], [0.6281, 0.9927])).toBeLessThan(6e-5);
    const question = { energies: energy, parametersPerRank: 12, parameters: 35 };
    expect(chooseRank(question, { energy: 0.9, roundTo: 1, keepUnprofitable: true })).toBe(2);
    const b = composeSvd(svd(a, 2));
    expect(Math.sqrt(squaredNorm({ ...b, data: b.data.map((x, i) => x - a.data[i]!) }))).toBeCloseTo(1.3456, 4);
    const row = (i: number) => b.data.slice(5 * i, 5 * i + 5);
    // The seed's printed "B" is the product of all three rounded factors; these are the rows of the rank-2 matrix.
    expect(largestDistance(row(0), [0.994, 1.012, 0.994, -0.001, -0.001])).toBeLessThan(6e-4);
    expect(largestDistance(row(4), [0.36, 1.292, 0.36, 4.08, 4.08])).toBeLessThan(6e-4);
    expect(largestDistance(row(5), [-0.374, 0.734, -0.374, 4.917, 4.917])).toBeLessThan(6e-4);
    expect(largestDistance(row(6), [0.18, 0.646, 0.18, 2.04, 2.04])).toBeLessThan(6e-4);
  });

  test.for([
    [9, 4],
    [4, 9],
    [30, 30],
  ] as const)('agree with ml-matrix for %i x %i, and compose to the matrix', ([m, n]) => {
    const x = lcgMatrix(12, m, n);
    const expected = new SingularValueDecomposition(toOracle(x), { autoTranspose: true }).diagonal;
    expect(largestDistance(svd(x).values, expected)).toBeLessThan(1e-7);
    expect(largestDistance(singularValues(x), expected)).toBeLessThan(1e-7);
    expect(largestDistance(composeSvd(svd(x)).data, x.data)).toBeLessThan(1e-8);
  });

  test('of a large matrix by subspace iteration are those of all of it', () => {
    const planted = multiply(lcgMatrix(13, 600, 20), lcgMatrix(14, 20, 560));
    const noise = lcgMatrix(15, 600, 560);
    const x = matrix(
      600,
      560,
      planted.data.map((value, i) => value + 0.05 * noise.data[i]!),
    );
    const few = svd(x, 20);
    const all = singularValues(x);
    expect(
      largestDistance(
        few.values.map((value, i) => value / all[i]!),
        few.values.map(() => 1),
      ),
    ).toBeLessThan(1e-6);
    const unit = transposedMultiply(few.u, few.u);
    expect(largestDistance(unit.data, identity(20).data)).toBeLessThan(1e-9);
  });

  test('invert what can be inverted', () => {
    const x = multiply(lcgMatrix(16, 8, 3), lcgMatrix(17, 3, 6));
    const inverse = pseudoInverse(x);
    // The four conditions of Penrose.
    const [xi, ix] = [multiply(x, inverse), multiply(inverse, x)];
    expect(largestDistance(multiply(xi, x).data, x.data)).toBeLessThan(1e-7);
    expect(largestDistance(multiply(ix, inverse).data, inverse.data)).toBeLessThan(1e-7);
    expect(largestDistance(xi.data, transpose(xi).data)).toBeLessThan(1e-7);
    expect(largestDistance(ix.data, transpose(ix).data)).toBeLessThan(1e-7);
  });
});

describe('power iteration on [[1, 2], [2, 3]] (methods.md 6)', () => {
  const m = matrix(2, 2, [1, 2, 2, 3]);

  test('takes the steps of the lecture', () => {
    const first = powerStep(m, matrix(2, 1, [1, 1]));
    expect(largestDistance(first.data, [0.5145, 0.8575])).toBeLessThan(5e-5);
    expect(largestDistance(multiply(m, first).data, [2.2295, 3.6015])).toBeLessThan(5e-5);
    expect(squaredNorm(multiply(m, first))).toBeCloseTo(17.9412, 4);
    expect(largestDistance(powerStep(m, first).data, [0.5264, 0.8503])).toBeLessThan(5e-5);
  });

  test('converges to 2 + √5; the quotient of a rounded vector is another number', () => {
    const { value, vector } = powerIteration(m, { start: matrix(2, 1, [1, 1]) });
    expect(value).toBeCloseTo(2 + Math.sqrt(5), 10);
    expect(largestDistance(vector.data, [0.52573, 0.85065])).toBeLessThan(1e-5);
    expect(rayleighQuotient(m, matrix(2, 1, [0.53, 0.85]))).toBeCloseTo(4.2504, 6);
  });

  test('finds the second pair after deflation, whose lower right number is negative', () => {
    const rounded = deflate(m, { value: 4.25, vector: matrix(2, 1, [0.53, 0.85]) });
    expect(largestDistance(rounded.data, [-0.1938, 0.0854, 0.0854, -0.0706])).toBeLessThan(5e-5);
    const deflated = deflate(m, powerIteration(m));
    expect(largestDistance(deflated.data, [-0.1708, 0.1056, 0.1056, -0.0652])).toBeLessThan(5e-5);
    expect(powerIteration(deflated).value).toBeCloseTo(2 - Math.sqrt(5), 8);
  });
});
