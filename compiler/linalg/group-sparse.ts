/**
 * Reconstruction with few groups of columns (methods.md 15; the ℓ2,1 norm of Robin's "Linear Neural Reconstruction"):
 *
 *     min over M of  Σ_terms ½ tr(M R Mᵀ) - tr(G Mᵀ)  +  λ Σ_groups ‖M_group‖_F
 *
 * by FISTA (Beck and Teboulle 2009) with restarts (O'Donoghue and Candès 2015). A term is a layer that reads the columns;
 * terms share the groups, so that a group is used by all of them or by none. With G = W R the sum is ½ E‖W x - M x‖², less
 * a constant.
 */
import { innerProduct, type Matrix, matrix } from './matrix.ts';
import { multiply, multiplyTransposed, transposedMultiply } from './multiply.ts';
import { powerIteration } from './power-iteration.ts';
import { symmetricEigen } from './symmetric-eigen.ts';

export interface GroupTerm {
  /** R: [columns, columns], symmetric. */
  readonly correlation: Matrix;
  /** G: [rows, columns]. */
  readonly cross: Matrix;
  /** The group of each column. */
  readonly groupOf: Int32Array;
}

export interface GroupSparseProblem {
  readonly terms: readonly GroupTerm[];
  readonly groups: number;
}

export interface GroupSparseOptions {
  /** Where to begin: the solution of a λ nearby. Default: zeros. */
  readonly start?: readonly Matrix[];
  /** The optimality conditions may be missed by this share of λ. */
  readonly tolerance?: number;
  readonly limit?: number;
}

export interface GroupSparseSolution {
  /** M of each term. */
  readonly factors: readonly Matrix[];
  /** ‖M_group‖_F over all terms; 0: the group is not used. */
  readonly norms: Float64Array;
  readonly iterations: number;
}

/** Frobenius norm of each group of columns, over all terms. */
export function groupNorms({ terms, groups }: GroupSparseProblem, factors: readonly Matrix[]): Float64Array {
  const squares = new Float64Array(groups);
  terms.forEach(({ groupOf }, t) => {
    const { columns, data } = factors[t] as Matrix;
    for (let i = 0; i < data.length; i++) {
      const group = groupOf[i % columns] as number;
      squares[group] = (squares[group] as number) + (data[i] as number) ** 2;
    }
  });
  return squares.map(Math.sqrt);
}

/** The smallest λ at which no group is used. */
export function largestLambda(problem: GroupSparseProblem): number {
  return groupNorms(
    problem,
    problem.terms.map(({ cross }) => cross),
  ).reduce((a, b) => Math.max(a, b), 0);
}

/** A bound of the largest eigenvalue of all R; power iteration comes from below. */
export function lipschitzConstant({ terms }: GroupSparseProblem): number {
  return 1.01 * Math.max(...terms.map(({ correlation }) => powerIteration(correlation, { tolerance: 1e-6, limit: 200 }).value));
}

/**
 * The same problem with as few rows as G has independent ones: the norms do not see a rotation of the rows, G = U G' and
 * M = U M'. Directions whose share of ‖G‖² is below `tolerance` are left out.
 */
export function withPrincipalRows(problem: GroupSparseProblem, tolerance = 1e-10): GroupSparseProblem {
  const terms = problem.terms.map((term) => {
    const { values, vectors } = symmetricEigen(multiplyTransposed(term.cross, term.cross));
    const total = values.reduce((sum, value) => sum + Math.max(0, value), 0);
    const rank = Math.max(1, values.filter((value) => value > tolerance * total).length);
    const leading = matrix(vectors.rows, rank);
    for (let i = 0; i < leading.data.length; i++)
      leading.data[i] = vectors.data[Math.floor(i / rank) * vectors.columns + (i % rank)] as number;
    return { ...term, cross: transposedMultiply(leading, term.cross) };
  });
  return { ...problem, terms };
}

/** m_group · max(0, 1 - threshold / ‖m_group‖), in place. */
function shrink(problem: GroupSparseProblem, factors: readonly Matrix[], threshold: number): void {
  const factorOf = groupNorms(problem, factors).map((norm) => (norm > threshold ? 1 - threshold / norm : 0));
  problem.terms.forEach(({ groupOf }, t) => {
    const { columns, data } = factors[t] as Matrix;
    for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) * (factorOf[groupOf[i % columns] as number] as number);
  });
}

/** a + factor · (a - b), or its first step a when there is none. */
function extrapolated(a: Matrix, b: Matrix, factor: number): Matrix {
  return { ...a, data: a.data.map((value, i) => value + factor * (value - (b.data[i] as number))) };
}

/** point - (point R - G) / L, for one term. */
function gradientStep({ correlation, cross }: GroupTerm, point: Matrix, lipschitz: number): Matrix {
  const gradient = multiply(point, correlation);
  return {
    ...point,
    data: point.data.map((value, i) => value - ((gradient.data[i] as number) - (cross.data[i] as number)) / lipschitz),
  };
}

/**
 * Stops when the gradient mapping L (A - prox(A)), which is zero at the solution, is below `tolerance` · λ in every group.
 * @param lipschitz bound of the eigenvalues of R, when it is known already
 */
export function solveGroupSparse(
  problem: GroupSparseProblem,
  lambda: number,
  { start, tolerance = 1e-2, limit = 2000 }: GroupSparseOptions = {},
  lipschitz = lipschitzConstant(problem),
): GroupSparseSolution {
  const { terms } = problem;
  let current = start ?? terms.map(({ cross }) => matrix(cross.rows, cross.columns));
  let previous = current;
  let momentum = 1;
  let iterations = 0;
  while (iterations < limit) {
    iterations++;
    const theta = (momentum - 1) / (momentum + 2);
    momentum++;
    const points = current.map((m, t) => extrapolated(m, previous[t] as Matrix, theta));
    const next = points.map((point, t) => gradientStep(terms[t] as GroupTerm, point, lipschitz));
    shrink(problem, next, lambda / lipschitz);
    const steps = points.map((point, t) => ({
      ...point,
      data: point.data.map((value, i) => value - ((next[t] as Matrix).data[i] as number)),
    }));
    // Momentum that leads uphill is dropped: (A - M⁺) · (M⁺ - M) > 0.
    const uphill = steps.reduce((sum, { data }, t) => {
      const [to, from] = [next[t] as Matrix, current[t] as Matrix];
      return sum + innerProduct(data, to.data) - innerProduct(data, from.data);
    }, 0);
    if (uphill > 0) momentum = 1;
    previous = current;
    current = next;
    if (lipschitz * groupNorms(problem, steps).reduce((a, b) => Math.max(a, b), 0) <= tolerance * lambda) break;
  }
  return { factors: current, norms: groupNorms(problem, current), iterations };
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
