/** Low rank plus sparse, and both behind a ReLU: methods.md 17 and 20. */
import { describe, expect, test } from 'vitest';
import { addScaled, innerProduct, matrix, transpose } from '../../../compiler/linalg/matrix.ts';
import { multiply, multiplyTransposed, transposedMultiply } from '../../../compiler/linalg/multiply.ts';
import { thresholdSingularValues } from '../../../compiler/linalg/nuclear-norm.ts';
import { greedyBilateral } from '../../../compiler/linalg/sparse-plus-low-rank.ts';
import { singularValues, svd } from '../../../compiler/linalg/svd.ts';
import { answerError, debias, decompose, type UnifiedProblem } from '../../../compiler/linalg/unified-decomposition.ts';
import { lcgMatrix } from '../compression/lcg.ts';

/** Rank 2 plus columns 3 and 11 of 20: T(1) T(2) + 2 T(3, [16, 2]) there. */
function planted() {
  const low = multiply(lcgMatrix(1, 16, 2), lcgMatrix(2, 2, 20));
  const columns = lcgMatrix(3, 16, 2).data;
  const sparse = matrix(16, 20);
  for (let row = 0; row < 16; row++) [3, 11].forEach((column, i) => (sparse.data[row * 20 + column] = 2 * columns[row * 2 + i]!));
  return { low, sparse, w: addScaled(low, sparse, 1) };
}

test('singular values are thresholded alike from either side', () => {
  const m = lcgMatrix(8, 5, 9);
  const [wide, tall] = [thresholdSingularValues(m, 0.6), thresholdSingularValues(transpose(m), 0.6)];
  expect(wide.rank).toBe(tall.rank);
  const expected = singularValues(m).map((value) => Math.max(0, value - 0.6));
  expect(expected.filter((value) => value > 0)).toHaveLength(wide.rank);
  singularValues(wide.value).forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i] as number, 6);
  });
  transpose(tall.value).data.forEach((value, i) => {
    expect(value).toBeCloseTo(wide.value.data[i] as number, 9);
  });
});

describe('greedy bilateral decomposition (20)', () => {
  test('finds a rank and single weights that were planted', () => {
    const low = multiply(lcgMatrix(1, 16, 2), lcgMatrix(2, 2, 20));
    const w = { ...low, data: low.data.map((value, i) => value + (i % 37 === 5 ? 3 : 0)) };
    const count = w.data.filter((_, i) => i % 37 === 5).length;
    const x = lcgMatrix(4, 300, 20);
    const r = transposedMultiply(x, x);
    const { p, q, sparse, relativeError } = greedyBilateral(w, r, { rank: 2, count, sweeps: 100 });
    expect(relativeError).toBeLessThan(1e-6);
    expect(q.rows).toBe(2);
    expect(p.columns).toBe(2);
    sparse.data.forEach((value, i) => {
      expect(value).toBeCloseTo(i % 37 === 5 ? 3 : 0, 2);
    });
  });

  test('both together are better than either at the same size', () => {
    const { w } = planted();
    const x = lcgMatrix(4, 300, 20);
    const r = transposedMultiply(x, x);
    const errorOf = (rank: number, count: number) => greedyBilateral(w, r, { rank, count }).relativeError;
    expect(errorOf(2, 32)).toBeLessThan(errorOf(2, 0));
    expect(errorOf(2, 32)).toBeLessThan(errorOf(3, 0));
  });
});

describe('low rank plus columns behind a ReLU (17)', () => {
  const { w, low } = planted();
  const inputs = lcgMatrix(4, 600, 20);
  const targets = multiplyTransposed(inputs, w);
  const problem: UnifiedProblem = { inputs, targets, groupOf: Int32Array.from({ length: 20 }, (_, i) => i), isRectified: true };
  const at = (preference: number, lambda2: number) => decompose(problem, { lambda1: preference * lambda2, lambda2, limit: 400 });

  test('the ratio of the norms decides who explains what', () => {
    const between = at(0.6, 20);
    expect(between.rank).toBe(2);
    expect(between.groups).toEqual([3, 11]);
    // A single column costs more in A than in B: nothing is left to A.
    expect(at(4, 20).groups).toEqual([]);
    // A rank spread over all columns costs less in A.
    expect(at(0.15, 20).rank).toBe(0);
  });

  // W = T(1) T(2) + 2 T(3) in two columns + 0.02 T(4), X = T(5): ../shared/prototypes/numerics/unified_admm.py, run until nothing moves.
  test.for([
    [60, 0.7, true, { columns: [3, 11], rank: 2, raw: 0.056102, fitted: 0.019146 }],
    [150, 0.5, true, { columns: [3, 11], rank: 2, raw: 0.121761, fitted: 0.023949 }],
    [150, 0.7, true, { columns: [3, 11], rank: 2, raw: 0.133045, fitted: 0.02419 }],
    [150, 0.5, false, { columns: [3, 11], rank: 2, raw: 0.063576, fitted: 0.019424 }],
    [150, 0.2, true, { columns: [...Array(20).keys()], rank: 0, raw: 0.06924, fitted: 0 }],
    [150, 1, true, { columns: [], rank: 4, raw: 0.158827, fitted: 0.033025 }],
  ] as const)('the golden values of methods.md 17: λ2 %i, λ1/λ2 %f, rectified %s', ([lambda2, ratio, isRectified, golden]) => {
    const noise = lcgMatrix(4, 16, 20);
    const noisy = addScaled(w, noise, 0.02);
    const given = transpose(lcgMatrix(5, 20, 600));
    const toy: UnifiedProblem = { ...problem, inputs: given, targets: multiplyTransposed(given, noisy), isRectified };
    const found = decompose(toy, { lambda1: ratio * lambda2, lambda2, limit: 3000, tolerance: 1e-8 });
    expect([found.groups, found.rank]).toEqual([golden.columns, golden.rank]);
    const errorOf = (m: ReturnType<typeof matrix>) => {
      const answers = multiplyTransposed(given, m).data;
      let [error, norm] = [0, 0];
      toy.targets.data.forEach((value, i) => {
        error += (Math.max(0, value) - Math.max(0, answers[i]!)) ** 2;
        norm += Math.max(0, value) ** 2;
      });
      return Math.sqrt(error / norm);
    };
    expect(errorOf(addScaled(found.low, found.sparse, 1))).toBeCloseTo(golden.raw, 5);
    const { p, q, sparse } = debias(toy, transpose(svd(found.low, found.rank).v), found.groups, 2000);
    expect(errorOf(addScaled(multiply(p, q), sparse, 1))).toBeCloseTo(golden.fitted, 5);
  });

  test('without the norms the planted weights come back', () => {
    const { low: found, groups, rank, sparse } = at(0.6, 20);
    const { p, q, sparse: refitted } = debias(problem, transpose(svd(found, rank).v), groups, 400);
    const before = answerError(problem, addScaled(found, sparse, 1));
    const after = answerError(problem, addScaled(multiply(p, q), refitted, 1));
    expect(after).toBeLessThan(0.3 * before);
    expect(after).toBeLessThan(1e-2);
    const difference = addScaled(addScaled(multiply(p, q), refitted, 1), w, -1).data;
    expect(innerProduct(difference, difference)).toBeLessThan(0.05 * innerProduct(low.data, low.data));
  });

  test('a column without a group is a bias: it is neither shrunk nor part of the low rank', () => {
    const extended = matrix(600, 21);
    for (let i = 0; i < 600; i++) {
      extended.data.set(inputs.data.subarray(i * 20, i * 20 + 20), i * 21);
      extended.data[i * 21 + 20] = 1;
    }
    const shifted = { ...targets, data: targets.data.map((value) => value + 0.5) };
    const groupOf = Int32Array.from({ length: 21 }, (_, i) => (i < 20 ? i : -1));
    const found = decompose({ inputs: extended, targets: shifted, groupOf, isRectified: true }, { lambda1: 12, lambda2: 20, limit: 400 });
    for (let o = 0; o < 16; o++) {
      expect(found.low.data[o * 21 + 20]).toBeCloseTo(0, 10);
      expect(found.sparse.data[o * 21 + 20]).toBeCloseTo(0.5, 0);
    }
    expect(found.groups).toEqual([3, 11]);
  });
});
