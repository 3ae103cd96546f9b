/**
 * Coordinate descent of weights on given levels (post-training.md 2.2, "integer coordinate descent", on any levels instead
 * of all integers): weight after weight moves to the level nearest to what minimizes the error of the row's answers, given
 * all other weights, so that one weight's rounding takes back another's.
 */
import { innerProduct, type Matrix, matrix, trace } from '../linalg/matrix.ts';
import { centred, groupWeights, relativeError } from './covariances.ts';
import type { Layer } from './layers.ts';
import { fittedBias } from './refit.ts';
import type { LayerStatistics } from './statistics.ts';
import { gridWeights, type WeightGrid } from './weight-grid.ts';

/** E‖y - W x - b‖² up to a constant is tr(W R Wᵀ) - 2 tr(G Wᵀ). */
export interface LevelObjective {
  /** R per group: [columns, columns]. */
  readonly correlation: readonly Matrix[];
  /** G per group: [outputs / groups, columns]. */
  readonly cross: readonly Matrix[];
}

/**
 * The layer's statistics, centred, and damped towards its weights: inputs that are never seen leave them where they are.
 * @param ridge share of the mean of the diagonal of R
 */
export function levelObjective(layer: Layer, statistics: LayerStatistics, ridge: number): LevelObjective {
  const { correlation, cross } = centred(statistics);
  const damping = correlation.map((r) => ridge * (trace(r) / r.rows || 1));
  return {
    correlation: correlation.map((r, group) => {
      const damped = matrix(r.rows, r.columns, r.data.slice());
      for (let i = 0; i < r.rows; i++) damped.data[i * r.rows + i] = (r.data[i * r.rows + i] as number) + (damping[group] as number);
      return damped;
    }),
    cross: cross.map((g, group) => {
      const { data } = groupWeights(layer, layer.weights, group);
      return { ...g, data: g.data.map((value, i) => value + (damping[group] as number) * (data[i] as number)) };
    }),
  };
}

/** R and the row of G that belong to an output channel. */
export function rowObjective({ correlation, cross }: LevelObjective, layer: Layer, row: number) {
  const perGroup = layer.outputs / layer.groups;
  const group = Math.floor(row / perGroup);
  const at = (row - group * perGroup) * layer.columns;
  return { r: correlation[group] as Matrix, g: (cross[group] as Matrix).data.subarray(at, at + layer.columns) };
}

/** Adds `factor` times a row of R. */
function addRow(sum: Float64Array, r: Matrix, row: number, factor: number): void {
  const { data, columns } = r;
  const from = row * columns;
  for (let j = 0; j < columns; j++) sum[j] = (sum[j] as number) + factor * (data[from + j] as number);
}

/** The sum of these rows of R. */
export function sumRows(r: Matrix, rows: readonly number[]): Float64Array {
  const sum = new Float64Array(r.columns);
  for (const row of rows) addRow(sum, r, row, 1);
  return sum;
}

/** q R for a row of integers. */
function timesCorrelation(integers: ArrayLike<number>, r: Matrix): Float64Array {
  const product = new Float64Array(r.columns);
  for (let i = 0; i < r.rows; i++) if (integers[i] !== 0) addRow(product, r, i, integers[i] as number);
  return product;
}

/** The diagonal of R, per group: what a squared error of an input's weight costs. */
export function importanceOf({ correlation }: LevelObjective): Float64Array[] {
  return correlation.map((r) => Float64Array.from({ length: r.rows }, (_, i) => r.data[i * r.rows + i] as number));
}

/** Which weights may move: those that are not zero. */
export function zerosStay({ weights }: Layer): Uint8Array {
  return Uint8Array.from(weights, (weight) => Number(weight !== 0));
}

export interface Answers {
  readonly grid: WeightGrid;
  /** With which the means agree. */
  readonly bias: Float32Array;
  /** relativeError. */
  readonly error: number;
}

/** How well the layer answers with these weights. */
export function answersOf(layer: Layer, statistics: LayerStatistics, grid: WeightGrid): Answers {
  const weights = gridWeights(grid);
  const bias = fittedBias(layer, statistics, weights);
  return { grid, bias, error: relativeError(layer, statistics, weights, bias) };
}

/** The level of weight `column` of `row` that is nearest to `target`, in integers of the grid. */
export type NearestLevel = (target: number, row: number, column: number) => number;

/** g qᵀ / q R qᵀ: the scale with which these integers answer best; as it was where that is far from it. */
export function fittedScale(scale: number, integers: ArrayLike<number>, product: ArrayLike<number>, g: ArrayLike<number>): number {
  const fitted = Math.fround(innerProduct(integers, g) / innerProduct(integers, product));
  return fitted > scale / 2 && fitted < scale * 2 ? fitted : scale;
}

/** What one row is rounded on. */
export interface DescentRow {
  readonly scale: number;
  readonly r: Matrix;
  /** [columns] */
  readonly g: ArrayLike<number>;
  /** [columns]: weights for which it is 0 stay. */
  readonly isFree: ArrayLike<number>;
  readonly nearest: (target: number, column: number) => number;
}

/**
 * One pass over the weights of a row.
 * @param integers [columns]; they are changed
 * @returns the integers times R, and how many of them changed
 */
export function descendRow(integers: Int8Array, { scale, r, g, isFree, nearest }: DescentRow): { product: Float64Array; changes: number } {
  const product = timesCorrelation(integers, r);
  let changes = 0;
  for (let column = 0; column < integers.length; column++) {
    const curvature = r.data[column * r.columns + column] as number;
    if (!isFree[column] || !(curvature > 0)) continue;
    const before = integers[column] as number;
    const target = before + ((g[column] as number) / scale - (product[column] as number)) / curvature;
    const change = nearest(target, column) - before;
    if (change === 0) continue;
    integers[column] = before + change;
    addRow(product, r, column, change);
    changes++;
  }
  return { product, changes };
}

/** One pass over the weights of every row, and its scale after that; weights for which `isFree` is 0 stay. */
export function descend(layer: Layer, objective: LevelObjective, grid: WeightGrid, nearest: NearestLevel, isFree: Uint8Array): WeightGrid {
  const integers = grid.integers.slice();
  const scales = grid.scales.map((scale, row) => {
    const [from, to] = [row * layer.columns, (row + 1) * layer.columns];
    const own = integers.subarray(from, to);
    const { r, g } = rowObjective(objective, layer, row);
    const { product } = descendRow(own, {
      scale,
      r,
      g,
      isFree: isFree.subarray(from, to),
      nearest: (target, column) => nearest(target, row, column),
    });
    return fittedScale(scale, own, product, g);
  });
  return { integers, scales };
}
