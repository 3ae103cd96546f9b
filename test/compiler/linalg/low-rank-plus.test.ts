/** Low rank plus sparse, and both behind a ReLU: methods.md 17 and 20. */
import { describe, expect, test } from 'vitest';
import { addScaled, innerProduct, matrix, transpose } from '../../../compiler/linalg/matrix.ts';
import { multiply, multiplyTransposed, transposedMultiply } from '../../../compiler/linalg/multiply.ts';
import { greedyBilateral } from '../../../compiler/linalg/sparse-plus-low-rank.ts';
import { svd } from '../../../compiler/linalg/svd.ts';
import { answerError, debias, decompose, type UnifiedProblem } from '../../../compiler/linalg/unified-decomposition.ts';
import { lcgMatrix } from '../compression/lcg.ts';

/** Rank 2 plus columns 3 and 11 of 20. */
function planted() {
  const low = multiply(lcgMatrix(1, 16, 2), lcgMatrix(2, 2, 20));
  const columns = lcgMatrix(3, 16, 20);
  const sparse = { ...columns, data: columns.data.map((value, i) => (i % 20 === 3 || i % 20 === 11 ? 2 * value : 0)) };
  return { low, sparse, w: addScaled(low, sparse, 1) };
}

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
