/**
 * Reconstruction with few groups of columns (methods.md 15; the ℓ2,1 norm of Robin's "Linear Neural Reconstruction"): the
 * penalty of fista.ts is Σ_groups ‖M_group‖_F. A term is a layer that reads the columns; terms share the groups, so that a
 * group is used by all of them or by none.
 */
import { type FistaOptions, type FistaSolution, fista, lipschitzConstant, type Penalty, type ReconstructionTerm } from './fista.ts';
import type { Matrix } from './matrix.ts';
import { multiply } from './multiply.ts';

export interface GroupTerm extends ReconstructionTerm {
  /** The group of each column. */
  readonly groupOf: Int32Array;
}

export interface GroupSparseProblem {
  readonly terms: readonly GroupTerm[];
  readonly groups: number;
}

export interface GroupSparseSolution extends FistaSolution {
  /** ‖M_group‖_F over all terms; 0: the group is not used. */
  readonly norms: Float64Array;
}

/** Frobenius norm of each group of columns, over all terms. */
export function groupNorms({ terms, groups }: GroupSparseProblem, factors: readonly Matrix[]): Float64Array {
  const squares = new Float64Array(groups);
  terms.forEach(({ groupOf }, t) => {
    const { columns, data } = factors[t] as Matrix;
    for (let row = 0; row < data.length; row += columns)
      for (let column = 0; column < columns; column++) {
        const group = groupOf[column] as number;
        squares[group] = (squares[group] as number) + (data[row + column] as number) ** 2;
      }
  });
  return squares.map(Math.sqrt);
}

function largestNorm(problem: GroupSparseProblem, factors: readonly Matrix[]): number {
  return groupNorms(problem, factors).reduce((a, b) => Math.max(a, b), 0);
}

/** The smallest λ at which no group is used. */
export function largestLambda(problem: GroupSparseProblem): number {
  return largestNorm(
    problem,
    problem.terms.map(({ cross }) => cross),
  );
}

/** shrink: m_group · max(0, 1 - threshold / ‖m_group‖). */
function groupPenalty(problem: GroupSparseProblem): Penalty {
  return {
    shrink(factors, threshold) {
      const factorOf = groupNorms(problem, factors).map((norm) => (norm > threshold ? 1 - threshold / norm : 0));
      problem.terms.forEach(({ groupOf }, t) => {
        const { columns, data } = factors[t] as Matrix;
        const ofColumns = Float64Array.from(groupOf, (group) => factorOf[group] as number);
        for (let row = 0; row < data.length; row += columns)
          for (let column = 0; column < columns; column++)
            data[row + column] = (data[row + column] as number) * (ofColumns[column] as number);
      });
    },
    dualNorm: (factors) => largestNorm(problem, factors),
  };
}

/** @param lipschitz bound of the eigenvalues of R, when it is known already */
export function solveGroupSparse(
  problem: GroupSparseProblem,
  lambda: number,
  options: FistaOptions = {},
  lipschitz = lipschitzConstant(problem.terms),
): GroupSparseSolution {
  const solution = fista(problem.terms, groupPenalty(problem), lambda, options, lipschitz);
  return { ...solution, norms: groupNorms(problem, solution.factors) };
}

/**
 * How far M is from the optimality conditions, as the largest norm over the groups: used groups need
 * (G - M R)_group = λ M_group / ‖M_group‖, the others ‖(G - M R)_group‖ ≤ λ.
 */
export function optimalityGap(problem: GroupSparseProblem, lambda: number, factors: readonly Matrix[]): number {
  const norms = groupNorms(problem, factors);
  const residuals = problem.terms.map(({ correlation, cross, groupOf }, t) => {
    const m = factors[t] as Matrix;
    const fitted = multiply(m, correlation);
    const data = cross.data.map((value, i) => {
      const norm = norms[groupOf[i % m.columns] as number] as number;
      return value - (fitted.data[i] as number) - (norm > 0 ? (lambda * (m.data[i] as number)) / norm : 0);
    });
    return { ...m, data };
  });
  return groupNorms(problem, residuals).reduce((gap, norm, group) => Math.max(gap, (norms[group] as number) > 0 ? norm : norm - lambda), 0);
}
