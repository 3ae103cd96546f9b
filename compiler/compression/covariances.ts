/** What the statistics of a layer say about weights for it. */
import { innerProduct, type Matrix, matrix } from '../linalg/matrix.ts';
import { multiplyTransposed } from '../linalg/multiply.ts';
import type { Layer } from './layers.ts';
import type { LayerStatistics } from './statistics.ts';

/** Covariances: the statistics of x - E[x] and y - E[y]. A layer with a bias is fitted on them, and b = E[y] - W E[x]. */
export function centred(statistics: LayerStatistics): { correlation: Matrix[]; cross: Matrix[] } {
  const { inputMean, targetMean } = statistics;
  const minusOuter = (sum: Matrix, left: ArrayLike<number>, offset: number, right: ArrayLike<number>): Matrix => ({
    ...sum,
    data: sum.data.map((value, i) => {
      const column = i % sum.columns;
      return value - (left[offset + (i - column) / sum.columns] as number) * (right[column] as number);
    }),
  });
  return {
    correlation: statistics.correlation.map((r, group) =>
      minusOuter(r, inputMean[group] as Float64Array, 0, inputMean[group] as Float64Array),
    ),
    cross: statistics.cross.map((g, group) => minusOuter(g, targetMean, group * g.rows, inputMean[group] as Float64Array)),
  };
}

/** R and G of a layer of one group, centred; undefined where there are no statistics of it. */
export function wholeCovariances(statistics: LayerStatistics | undefined): { r: Matrix; g: Matrix } | undefined {
  const { correlation: [r] = [], cross: [g] = [] } = statistics ? centred(statistics) : {};
  return r && g && { r, g };
}

/** The rows of a layer's matrix that belong to one group. */
export function groupWeights(layer: Layer, weights: ArrayLike<number>, group: number): Matrix {
  const rows = layer.outputs / layer.groups;
  const block = matrix(rows, layer.columns);
  const first = group * rows * layer.columns;
  for (let i = 0; i < block.data.length; i++) block.data[i] = weights[first + i] as number;
  return block;
}

/**
 * How far a layer with these weights and bias is from its targets: E‖y - W x - b‖² / E‖y - E[y]‖², by the statistics alone.
 * 0: the same answers; 1: as good as answering the mean.
 */
export function relativeError(layer: Layer, statistics: LayerStatistics, weights: ArrayLike<number>, bias: ArrayLike<number>): number {
  const { correlation, cross } = centred(statistics);
  const { targetMean, targetEnergy, inputMean } = statistics;
  let error = 0;
  let variance = 0;
  for (let group = 0; group < layer.groups; group++) {
    const w = groupWeights(layer, weights, group);
    const r = correlation[group] as Matrix;
    // tr(W R Wᵀ) - 2 tr(G Wᵀ) + tr(Y Yᵀ), centred; then the shift of the mean.
    error += innerProduct(multiplyTransposed(w, r).data, w.data) - 2 * innerProduct((cross[group] as Matrix).data, w.data);
    for (let row = 0; row < w.rows; row++) {
      const o = group * w.rows + row;
      const own = (targetEnergy[o] as number) - (targetMean[o] as number) ** 2;
      const answered = innerProduct(w.data.subarray(row * w.columns, (row + 1) * w.columns), inputMean[group] as Float64Array);
      variance += own;
      error += own + ((targetMean[o] as number) - answered - (bias[o] as number)) ** 2;
    }
  }
  return variance > 0 ? Math.max(0, error) / variance : 0;
}
