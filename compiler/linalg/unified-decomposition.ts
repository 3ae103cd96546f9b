/**
 * Low rank plus column-sparse weights behind a ReLU (Ma et al., "A unified approximation framework for compressing and
 * accelerating deep neural networks", 2018; methods.md 17):
 *
 *     min over A, B of  Σ_i ‖y_i - max(0, (A + B) x_i)‖² + λ1 Σ_groups ‖A_group‖_F + λ2 ‖B‖_*
 *
 * by ADMM with M = A + B. The ReLU is majorized: with z = M x the target is y where y > 0, and min(z, 0) where y = 0, which
 * no positive part of z can beat; then M is a least squares problem whose matrix is factored once.
 */
import { damped, dampedCholesky, solveCholesky } from './cholesky.ts';
import { addScaled, innerProduct, type Matrix, matrix, trace, transpose } from './matrix.ts';
import { addGram, multiply, multiplyTransposed, transposedMultiply } from './multiply.ts';
import { thresholdSingularValues } from './nuclear-norm.ts';

export interface UnifiedProblem {
  /** X: [n, d], one patch per row. */
  readonly inputs: Matrix;
  /** Linear answers of the original, [n, h]. */
  readonly targets: Matrix;
  /** Group of each column: they are kept or dropped together. A negative group has no penalty and no low rank: the bias. */
  readonly groupOf: ArrayLike<number>;
  /** Whether a ReLU follows. */
  readonly isRectified: boolean;
}

export interface UnifiedOptions {
  readonly lambda1: number;
  readonly lambda2: number;
  readonly limit?: number;
  readonly tolerance?: number;
  /** The solution of λs nearby. */
  readonly start?: UnifiedSolution;
  /** Of the problem's inputs, where several λs are tried on them. */
  readonly system?: NormalSystem;
}

/** The least squares problem of M, whatever the λs and targets: the Cholesky factor of 2 XᵀX + penalty · I. */
export interface NormalSystem {
  readonly penalty: number;
  readonly factor: Matrix;
}

export interface UnifiedSolution {
  /** A: zero but in some groups of columns. */
  readonly sparse: Matrix;
  /** B. */
  readonly low: Matrix;
  readonly rank: number;
  /** Groups of A that are not zero, ascending. */
  readonly groups: readonly number[];
  readonly iterations: number;
  readonly multiplier: Matrix;
}

/** What z = M x should be: y where a positive answer is wanted, and nothing positive where none is. */
export function rectifiedTargets(z: Matrix, targets: Matrix): Matrix {
  const data = new Float64Array(z.data.length);
  for (let i = 0; i < data.length; i++) {
    const wanted = targets.data[i] as number;
    data[i] = wanted > 0 ? wanted : Math.min(z.data[i] as number, 0);
  }
  return { ...z, data };
}

/** Columns of a group times max(0, 1 - threshold / their norm); the group of the bias as it is. */
function shrinkGroups(a: Matrix, groupOf: ArrayLike<number>, threshold: number): { value: Matrix; groups: number[] } {
  const { rows, columns } = a;
  const groups = [...new Set(Array.from(groupOf))].filter((group) => group >= 0).sort((x, y) => x - y);
  const squares = new Float64Array((groups.at(-1) ?? -1) + 1);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const group = groupOf[column] as number;
      const value = a.data[row * columns + column] as number;
      if (group >= 0) squares[group] = (squares[group] as number) + value * value;
    }
  const factors = squares.map((sum) => Math.max(0, 1 - threshold / (Math.sqrt(sum) || 1)));
  const ofColumns = Float64Array.from({ length: columns }, (_, column) => factors[groupOf[column] as number] ?? 1);
  return { value: scaleColumns(a, ofColumns), groups: groups.filter((group) => (factors[group] as number) > 0) };
}

/** Column i times factors[i]. */
function scaleColumns({ rows, columns, data }: Matrix, factors: Float64Array): Matrix {
  const scaled = matrix(rows, columns);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      scaled.data[at] = (data[at] as number) * (factors[column] as number);
    }
  return scaled;
}

/** The columns of the bias set to zero. */
function withoutBias(a: Matrix, groupOf: ArrayLike<number>): Matrix {
  return scaleColumns(
    a,
    Float64Array.from({ length: a.columns }, (_, column) => Number((groupOf[column] as number) >= 0)),
  );
}

/** @param inputs X [n, d] */
export function normalSystem(inputs: Matrix): NormalSystem {
  const gram = matrix(inputs.columns, inputs.columns);
  addGram(gram, inputs);
  const doubled = { ...gram, data: gram.data.map((value) => 2 * value) };
  const penalty = (0.3 * trace(doubled)) / inputs.columns;
  return { penalty, factor: dampedCholesky(damped(doubled, penalty)).factor };
}

/** Inner steps of the majorization per step of ADMM. */
const INNER_STEPS = 3;

export function decompose(
  { inputs, targets, groupOf, isRectified }: UnifiedProblem,
  { lambda1, lambda2, limit = 200, tolerance = 1e-4, start, system = normalSystem(inputs) }: UnifiedOptions,
): UnifiedSolution {
  const [h, d] = [targets.columns, inputs.columns];
  const { penalty, factor } = system;
  let [sparse, low] = [start?.sparse ?? matrix(h, d), start?.low ?? matrix(h, d)];
  let multiplier = start?.multiplier ?? matrix(h, d);
  // Without a ReLU the targets stay, and with them everything that depends on the number of patches.
  const linear = isRectified ? undefined : transposedMultiply(targets, inputs);
  let m = addScaled(sparse, low, 1);
  let [rank, groups, iterations] = [0, [] as readonly number[], 0];
  while (iterations < limit) {
    iterations++;
    const before = addScaled(sparse, low, 1);
    const shifted = addScaled(m, multiplier, -1 / penalty);
    const shrunk = shrinkGroups(addScaled(shifted, low, -1), groupOf, lambda1 / penalty);
    ({ value: sparse, groups } = shrunk);
    const thresholded = thresholdSingularValues(withoutBias(addScaled(shifted, sparse, -1), groupOf), lambda2 / penalty);
    ({ value: low, rank } = thresholded);
    const sum = addScaled(sparse, low, 1);
    const fixed = addScaled(multiplier, sum, penalty);
    for (let step = 0; step < (isRectified ? INNER_STEPS : 1); step++) {
      const cross = linear ?? transposedMultiply(rectifiedTargets(multiplyTransposed(inputs, m), targets), inputs);
      const right = addScaled(fixed, cross, 2);
      m = transpose(solveCholesky(factor, transpose(right)));
    }
    const apart = addScaled(sum, m, -1);
    multiplier = addScaled(multiplier, apart, penalty);
    const size = Math.sqrt(innerProduct(m.data, m.data)) || 1;
    const moved = addScaled(sum, before, -1);
    const [primal, dual] = [apart, moved].map(({ data }) => Math.sqrt(innerProduct(data, data)) / size) as [number, number];
    if (Math.max(primal, dual) < tolerance) break;
  }
  return { sparse, low, rank, groups, iterations, multiplier };
}

export interface DebiasedParts {
  /** P [h, r] and Q [r, d]. */
  readonly p: Matrix;
  readonly q: Matrix;
  /** A once more: [h, d]. */
  readonly sparse: Matrix;
}

/**
 * The same structure without the shrinking of the norms: least squares on the features Q x and the kept columns of x, with
 * the majorized targets.
 * @param rows Q: the row space of B
 */
export function debias(
  { inputs, targets, groupOf, isRectified }: UnifiedProblem,
  rows: Matrix,
  groups: readonly number[],
  steps = 20,
): DebiasedParts {
  const kept = Array.from({ length: inputs.columns }, (_, i) => i).filter((i) => {
    const group = groupOf[i] as number;
    return group < 0 || groups.includes(group);
  });
  const [n, r] = [inputs.rows, rows.rows];
  const reduced = multiplyTransposed(inputs, rows);
  const features = matrix(n, r + kept.length);
  for (let i = 0; i < n; i++) {
    features.data.set(reduced.data.subarray(i * r, (i + 1) * r), i * features.columns);
    kept.forEach((column, j) => {
      features.data[i * features.columns + r + j] = inputs.data[i * inputs.columns + column] as number;
    });
  }
  const gram = matrix(features.columns, features.columns);
  addGram(gram, features);
  const { factor } = dampedCholesky(gram, 1e-8);
  let theta = transpose(solveCholesky(factor, transposedMultiply(features, targets)));
  for (let step = 0; isRectified && step < steps; step++) {
    const wanted = rectifiedTargets(multiplyTransposed(features, theta), targets);
    theta = transpose(solveCholesky(factor, transposedMultiply(features, wanted)));
  }
  const p = matrix(theta.rows, r);
  const sparse = matrix(theta.rows, inputs.columns);
  for (let o = 0; o < theta.rows; o++) {
    p.data.set(theta.data.subarray(o * theta.columns, o * theta.columns + r), o * r);
    kept.forEach((column, j) => {
      sparse.data[o * inputs.columns + column] = theta.data[o * theta.columns + r + j] as number;
    });
  }
  return { p, q: rows, sparse };
}

/** Mean of ‖max(0, y) - max(0, M x)‖² over that of max(0, y) less its mean; without a ReLU, of the answers themselves. */
export function answerError({ inputs, targets, isRectified }: UnifiedProblem, m: Matrix): number {
  const answers = multiply(inputs, transpose(m)).data;
  const act = (value: number) => (isRectified ? Math.max(0, value) : value);
  const means = new Float64Array(targets.columns);
  targets.data.forEach((value, i) => {
    means[i % means.length] = (means[i % means.length] as number) + act(value) / targets.rows;
  });
  let [error, variance] = [0, 0];
  targets.data.forEach((value, i) => {
    error += (act(value) - act(answers[i] as number)) ** 2;
    variance += (act(value) - (means[i % means.length] as number)) ** 2;
  });
  return variance > 0 ? error / variance : 0;
}
