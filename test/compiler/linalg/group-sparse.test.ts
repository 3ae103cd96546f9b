/** The ℓ2,1 reconstruction against the golden values of methods.md 15, and its optimality conditions. */
import { describe, expect, test } from 'vitest';
import { dampedCholesky, solveCholesky } from '../../../compiler/linalg/cholesky.ts';
import { withPrincipalRows } from '../../../compiler/linalg/fista.ts';
import {
  type GroupSparseProblem,
  groupNorms,
  largestLambda,
  optimalityGap,
  solveGroupSparse,
} from '../../../compiler/linalg/group-sparse.ts';
import { addScaled, innerProduct, type Matrix, matrix, takeColumns, takeRows, transpose } from '../../../compiler/linalg/matrix.ts';
import { multiply, multiplyTransposed } from '../../../compiler/linalg/multiply.ts';
import { lcgMatrix } from '../compression/lcg.ts';

/** methods.md 15: six neurons, the last of which is .7 of the first minus .3 of the second. */
function redundantNeurons() {
  const x = multiply(lcgMatrix(51, 6, 6), lcgMatrix(52, 6, 200));
  for (let n = 0; n < 200; n++) x.data[1000 + n] = 0.7 * x.data[n]! - 0.3 * x.data[200 + n]!;
  const correlation = multiplyTransposed(x, x);
  correlation.data.forEach((value, i) => {
    correlation.data[i] = value / 200;
  });
  const weights = lcgMatrix(53, 4, 6);
  return { correlation, weights, cross: multiply(weights, correlation) };
}

const { correlation, weights, cross } = redundantNeurons();
const single: GroupSparseProblem = { terms: [{ correlation, cross, groupOf: Int32Array.of(0, 1, 2, 3, 4, 5) }], groups: 6 };
const used = (norms: ArrayLike<number>) => [...Array(norms.length).keys()].filter((group) => norms[group]! > 0);

/** tr((W - M) R (W - M)ᵀ). */
function error(m: Matrix): number {
  const difference = addScaled(weights, m, -1);
  return innerProduct(multiply(difference, correlation).data, difference.data);
}

/** G_S R_SS⁻¹ in the columns S. */
function debiased(kept: readonly number[]): Matrix {
  const { factor } = dampedCholesky(takeRows(takeColumns(correlation, kept), kept));
  const solved = transpose(solveCholesky(factor, transpose(takeColumns(cross, kept))));
  const result = matrix(4, 6);
  for (let row = 0; row < 4; row++) kept.forEach((column, i) => (result.data[row * 6 + column] = solved.data[row * kept.length + i]!));
  return result;
}

const exact = { tolerance: 1e-10, limit: 100_000 };

describe('the golden values', () => {
  test('nothing is left from the largest λ on', () => {
    expect(largestLambda(single)).toBeCloseTo(1.20377, 5);
    expect(used(solveGroupSparse(single, 1.2038, exact).norms)).toEqual([]);
    expect(used(solveGroupSparse(single, 1.2, exact).norms)).not.toEqual([]);
  });

  test.for([0.05, 0.2])('λ = %f finds the redundant neuron, and the fit of the others is exact', (lambda) => {
    const { norms } = solveGroupSparse(single, lambda, exact);
    expect(used(norms)).toEqual([0, 1, 2, 3, 4]);
    expect(error(debiased(used(norms)))).toBeLessThan(1e-12);
  });

  test('λ = .5 keeps two: 1.650 of 4.2502 before the fit, .7358 after it', () => {
    const { norms, factors } = solveGroupSparse(single, 0.5, exact);
    expect(used(norms)).toEqual([0, 4]);
    expect(error(matrix(4, 6))).toBeCloseTo(4.25018, 5);
    expect(error(factors[0]!)).toBeCloseTo(1.65031, 5);
    expect(error(debiased([0, 4]))).toBeCloseTo(0.73582, 5);
  });
});

test('the step goes down the gradient: the optimality conditions hold to rounding', () => {
  for (const lambda of [0.01, 0.1, 0.5]) {
    const { factors } = solveGroupSparse(single, lambda, { tolerance: 1e-14, limit: 100_000 });
    expect(optimalityGap(single, lambda, factors)).toBeLessThan(1e-11);
    // ‖M‖_F ≤ ‖M‖_2,1 ≤ L(M) / λ: the refinement that the lecture prints is garbled.
    const frobenius = Math.sqrt(innerProduct(factors[0]!.data, factors[0]!.data));
    const sum = groupNorms(single, factors).reduce((a, b) => a + b);
    expect(frobenius).toBeLessThanOrEqual(sum);
    expect(sum).toBeLessThanOrEqual((error(factors[0]!) / 2 + lambda * sum) / lambda);
    expect(error(factors[0]!) / 2 + lambda * sum).toBeLessThan(error(matrix(4, 6)) / 2);
  }
});

describe('groups', () => {
  const grouped: GroupSparseProblem = {
    terms: [
      { correlation, cross, groupOf: Int32Array.of(0, 1, 2, 0, 1, 2) },
      { correlation, cross: multiply(lcgMatrix(7, 2, 6), correlation), groupOf: Int32Array.of(2, 2, 1, 1, 0, 0) },
    ],
    groups: 3,
  };

  test('their columns come and go together, over all terms', () => {
    for (const lambda of [0.3, 1, 1.5]) {
      const { factors, norms } = solveGroupSparse(grouped, lambda, { tolerance: 1e-12, limit: 100_000 });
      expect(optimalityGap(grouped, lambda, factors)).toBeLessThan(1e-9);
      grouped.terms.forEach(({ groupOf }, t) => {
        const { columns, data } = factors[t]!;
        for (let column = 0; column < columns; column++) {
          const isUsed = data.some((value, i) => i % columns === column && value !== 0);
          expect(isUsed).toBe(norms[groupOf[column]!]! > 0);
        }
      });
    }
  });

  test('a rotation of the rows changes no norm', () => {
    const compact = { ...grouped, terms: withPrincipalRows(grouped.terms, 1e-14) };
    expect(compact.terms.map(({ cross }) => cross.rows)).toEqual([4, 2]);
    const options = { tolerance: 1e-10, limit: 100_000 };
    const [a, b] = [solveGroupSparse(grouped, 0.4, options), solveGroupSparse(compact, 0.4, options)];
    a.norms.forEach((norm, group) => expect(b.norms[group]).toBeCloseTo(norm, 7));
  });

  test('a solution nearby is a good start', () => {
    const from = solveGroupSparse(grouped, 0.41, exact);
    const warm = solveGroupSparse(grouped, 0.4, { ...exact, start: from.factors });
    const cold = solveGroupSparse(grouped, 0.4, exact);
    expect(warm.iterations).toBeLessThan(cold.iterations);
    groupNorms(grouped, warm.factors).forEach((norm, group) => expect(norm).toBeCloseTo(cold.norms[group]!, 7));
  });
});
