/**
 * FISTA (Beck and Teboulle 2009) with restarts (O'Donoghue and Candès 2015) for reconstructions under a norm:
 *
 *     min over M of  Σ_terms ½ tr(M R Mᵀ) - tr(G Mᵀ)  +  λ ‖M‖
 *
 * With G = W R the sum is ½ E‖W x - M x‖², less a constant.
 */
import { addScaled, innerProduct, type Matrix, matrix } from './matrix.ts';
import { multiply, multiplyTransposed, transposedMultiply } from './multiply.ts';
import { powerIteration } from './power-iteration.ts';
import { symmetricEigen } from './symmetric-eigen.ts';

export interface ReconstructionTerm {
  /** R: [columns, columns], symmetric. */
  readonly correlation: Matrix;
  /** G: [rows, columns]. */
  readonly cross: Matrix;
}

export interface Penalty {
  /** The proximal operator of threshold · ‖M‖, in place. */
  shrink(factors: readonly Matrix[], threshold: number): void;
  /** The dual norm, or a bound of it: what a gradient of the smooth part is compared with λ in. */
  dualNorm(factors: readonly Matrix[]): number;
}

export interface FistaOptions {
  /** Where to begin: the solution of a λ nearby. Default: zeros. */
  readonly start?: readonly Matrix[];
  /** The optimality conditions may be missed by this share of λ. */
  readonly tolerance?: number;
  readonly limit?: number;
}

export interface FistaSolution {
  /** M of each term. */
  readonly factors: readonly Matrix[];
  readonly iterations: number;
}

/** A bound of the largest eigenvalue of all R; power iteration comes from below. */
export function lipschitzConstant(terms: readonly ReconstructionTerm[]): number {
  return 1.01 * Math.max(...terms.map(({ correlation }) => powerIteration(correlation, { tolerance: 1e-6, limit: 200 }).value));
}

/**
 * The same terms with as few rows as G has independent ones, for norms that do not see a rotation of the rows: G = U G' and
 * M = U M'. Directions whose share of ‖G‖² is below `tolerance` are left out.
 */
export function withPrincipalRows<Term extends ReconstructionTerm>(terms: readonly Term[], tolerance = 1e-10): Term[] {
  return terms.map((term) => {
    const { values, vectors } = symmetricEigen(multiplyTransposed(term.cross, term.cross));
    const total = values.reduce((sum, value) => sum + Math.max(0, value), 0);
    const rank = Math.max(1, values.filter((value) => value > tolerance * total).length);
    const leading = matrix(vectors.rows, rank);
    for (let i = 0; i < leading.data.length; i++)
      leading.data[i] = vectors.data[Math.floor(i / rank) * vectors.columns + (i % rank)] as number;
    return { ...term, cross: transposedMultiply(leading, term.cross) };
  });
}

/** a + factor · (a - b). */
function extrapolated(a: Matrix, b: Matrix, factor: number): Matrix {
  const result = matrix(a.rows, a.columns);
  for (let i = 0; i < result.data.length; i++) {
    const value = a.data[i] as number;
    result.data[i] = value + factor * (value - (b.data[i] as number));
  }
  return result;
}

/** point - (point R - G) / L, for one term. */
function gradientStep({ correlation, cross }: ReconstructionTerm, point: Matrix, lipschitz: number): Matrix {
  const step = multiply(point, correlation);
  for (let i = 0; i < step.data.length; i++)
    step.data[i] = (point.data[i] as number) - ((step.data[i] as number) - (cross.data[i] as number)) / lipschitz;
  return step;
}

/**
 * Stops when the gradient mapping L (A - prox(A)), which is zero at the solution, is below `tolerance` · λ.
 * @param lipschitz bound of the eigenvalues of R
 */
export function fista(
  terms: readonly ReconstructionTerm[],
  penalty: Penalty,
  lambda: number,
  { start, tolerance = 1e-2, limit = 2000 }: FistaOptions,
  lipschitz: number,
): FistaSolution {
  let current = start ?? terms.map(({ cross }) => matrix(cross.rows, cross.columns));
  let previous = current;
  let momentum = 1;
  let iterations = 0;
  while (iterations < limit) {
    iterations++;
    const theta = (momentum - 1) / (momentum + 2);
    momentum++;
    const points = current.map((m, t) => extrapolated(m, previous[t] as Matrix, theta));
    const next = points.map((point, t) => gradientStep(terms[t] as ReconstructionTerm, point, lipschitz));
    penalty.shrink(next, lambda / lipschitz);
    const steps = points.map((point, t) => addScaled(point, next[t] as Matrix, -1));
    // Momentum that leads uphill is dropped: (A - M⁺) · (M⁺ - M) > 0.
    const uphill = steps.reduce((sum, { data }, t) => {
      const [to, from] = [next[t] as Matrix, current[t] as Matrix];
      return sum + innerProduct(data, to.data) - innerProduct(data, from.data);
    }, 0);
    if (uphill > 0) momentum = 1;
    previous = current;
    current = next;
    if (lipschitz * penalty.dualNorm(steps) <= tolerance * lambda) break;
  }
  return { factors: current, iterations };
}
