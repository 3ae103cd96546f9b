/**
 * Least squares for what is kept of a layer (methods.md 1, "compensation without labels"): row by row, the weights on the
 * support S that answer the targets best, w_S = (R_SS + εI)⁻¹ (g_S + ε w⁰_S), on covariances, and the bias that makes the means agree.
 */
import { dampedCholesky, solveCholesky } from '../linalg/cholesky.ts';
import { type Matrix, matrix } from '../linalg/matrix.ts';
import { centred } from './covariances.ts';
import type { Layer } from './layers.ts';
import type { LevelObjective } from './level-descent.ts';
import type { LayerStatistics } from './statistics.ts';

/**
 * Share of the mean of the diagonal that is added to R: inputs that never vary would make it singular. It pulls towards the
 * weights as they are, which matters where samples are few: columns that the samples say little about stay what they were.
 */
export const DEFAULT_RIDGE = 1e-6;

export interface FittedLayer {
  /** [outputs, columns] */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/** The rows and columns of a symmetric matrix with these indices. */
export function submatrix(a: Matrix, indices: ArrayLike<number>): Matrix {
  const n = indices.length;
  const result = matrix(n, n);
  for (let i = 0; i < n; i++) {
    const row = (indices[i] as number) * a.columns;
    for (let j = 0; j < n; j++) result.data[i * n + j] = a.data[row + (indices[j] as number)] as number;
  }
  return result;
}

/** b = E[y] - W E[x]. */
export function fittedBias(layer: Layer, statistics: LayerStatistics, weights: ArrayLike<number>): Float32Array {
  const perGroup = layer.outputs / layer.groups;
  return Float32Array.from({ length: layer.outputs }, (_, o) => {
    const mean = statistics.inputMean[Math.floor(o / perGroup)] as Float64Array;
    let bias = statistics.targetMean[o] as number;
    for (let i = 0; i < layer.columns; i++) bias -= (weights[o * layer.columns + i] as number) * (mean[i] as number);
    return bias;
  });
}

/**
 * The weights W on the support that minimize tr(W R Wᵀ) - 2 tr(G Wᵀ); the others are 0. Rows with the same support (whole
 * columns pruned) are solved together.
 * @param support [outputs, columns]: not 0 where a weight is kept
 * @param ridge share of the mean of the diagonal of R that is added to it
 * @param prior where the ridge pulls to, [outputs, columns]; default: zero
 * @returns [outputs, columns]
 */
export function fitOnSupport(
  { outputs, columns, groups }: Pick<Layer, 'outputs' | 'columns' | 'groups'>,
  { correlation, cross }: LevelObjective,
  support: ArrayLike<number>,
  ridge = 0,
  prior?: ArrayLike<number>,
): Float32Array {
  const weights = new Float32Array(outputs * columns);
  const perGroup = outputs / groups;
  const rowsBySupport = new Map<string, { kept: number[]; rows: number[]; group: number }>();
  for (let row = 0; row < outputs; row++) {
    const kept = Array.from({ length: columns }, (_, i) => i).filter((i) => support[row * columns + i] !== 0);
    const group = Math.floor(row / perGroup);
    const key = `${group}:${kept.join()}`;
    const same = rowsBySupport.get(key) ?? { kept, rows: [], group };
    rowsBySupport.set(key, same);
    same.rows.push(row);
  }
  for (const { kept, rows, group } of rowsBySupport.values()) {
    if (kept.length === 0) continue;
    const { factor, damping } = dampedCholesky(submatrix(correlation[group] as Matrix, kept), ridge);
    const g = cross[group] as Matrix;
    const right = matrix(kept.length, rows.length);
    rows.forEach((row, j) => {
      kept.forEach((column, i) => {
        const pull = damping * (prior?.[row * columns + column] ?? 0);
        right.data[i * rows.length + j] = (g.data[(row - group * perGroup) * columns + column] as number) + pull;
      });
    });
    const solved = solveCholesky(factor, right);
    rows.forEach((row, j) => {
      kept.forEach((column, i) => {
        weights[row * columns + column] = solved.data[i * rows.length + j] as number;
      });
    });
  }
  return weights;
}

/**
 * The weights and the bias that answer best.
 * @param support [outputs, columns]: not 0 where a weight is kept
 */
export function refit(layer: Layer, statistics: LayerStatistics, support: ArrayLike<number>, ridge = DEFAULT_RIDGE): FittedLayer {
  const weights = fitOnSupport(layer, centred(statistics), support, ridge, layer.weights);
  return { weights, bias: fittedBias(layer, statistics, weights) };
}
