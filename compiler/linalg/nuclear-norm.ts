/**
 * Reconstruction of low rank (methods.md 16): the penalty of fista.ts is the nuclear norm ‖M‖_*, the sum of the singular
 * values; its proximal operator takes the threshold from each of them, U max(S - threshold, 0) Vᵀ.
 */
import { type FistaOptions, type FistaSolution, fista, lipschitzConstant, type Penalty, type ReconstructionTerm } from './fista.ts';
import { type Matrix, matrix } from './matrix.ts';
import { multiply, multiplyTransposed, smallerGram } from './multiply.ts';
import { singularValues } from './svd.ts';
import { symmetricEigen } from './symmetric-eigen.ts';

export interface NuclearNormSolution extends FistaSolution {
  /** Singular values of M, descending; those that the norm took are left out. */
  readonly values: Float64Array;
}

/** The smallest λ at which M is 0: the largest singular value of G. */
export function largestNuclearLambda({ cross }: ReconstructionTerm): number {
  return singularValues(cross)[0] as number;
}

export interface Thresholded {
  readonly value: Matrix;
  readonly rank: number;
}

/** The proximal operator: U max(1 - threshold / S, 0) Uᵀ M, by the eigenvectors U of M Mᵀ; from the other side where that is smaller. */
export function thresholdSingularValues(m: Matrix, threshold: number): Thresholded {
  const isLeft = m.rows <= m.columns;
  const { values, vectors } = symmetricEigen(smallerGram(m));
  const factors = values.map((value) => (value > threshold ** 2 ? 1 - threshold / Math.sqrt(value) : 0));
  const scaled = matrix(
    vectors.rows,
    vectors.columns,
    vectors.data.map((value, i) => value * (factors[i % vectors.columns] as number)),
  );
  const shrinking = multiplyTransposed(scaled, vectors);
  return { value: isLeft ? multiply(shrinking, m) : multiply(m, shrinking), rank: factors.filter((factor) => factor > 0).length };
}

const penalty: Penalty = {
  shrink: (factors, threshold) => {
    for (const m of factors) m.data.set(thresholdSingularValues(m, threshold).value.data);
  },
  // The Frobenius norm bounds the spectral norm.
  dualNorm: (factors) => Math.max(...factors.map(({ data }) => Math.hypot(...data))),
};

/** Values below this share of the largest are rounding. */
const ROUNDING = 1e-6;

export function solveNuclearNorm(term: ReconstructionTerm, lambda: number, options: FistaOptions = {}): NuclearNormSolution {
  const solution = fista([term], penalty, lambda, options, lipschitzConstant([term]));
  const values = singularValues(solution.factors[0] as Matrix);
  return { ...solution, values: values.filter((value) => value > ROUNDING * (values[0] as number)) };
}
