/**
 * The columns of the layers that read some channels, as a problem of choosing among groups of columns. Everything is
 * centred (the bias takes care of means), answers are scaled to a total variance of 1, and inputs, if asked for, too:
 * one λ then means about the same everywhere.
 */
import { dampedCholesky, solveCholesky } from '../linalg/cholesky.ts';
import type { GroupTerm } from '../linalg/group-sparse.ts';
import { innerProduct, type Matrix, matrix, takeColumns, takeRows, transpose } from '../linalg/matrix.ts';
import { addProduct } from '../linalg/multiply.ts';
import { centred } from './covariances.ts';
import type { Layer } from './layers.ts';
import type { LayerStatistics } from './statistics.ts';

/** A column that is there anyway. */
export const FREE_COLUMN = -1;

/** A column that is gone. */
export const ABSENT_COLUMN = -2;

export interface ReaderTerm extends GroupTerm {
  /** What the layer computes now, in the units of `cross`: [rows, columns]. */
  readonly weights: Matrix;
}

export interface ReaderProblem {
  readonly terms: readonly ReaderTerm[];
  readonly groups: number;
}

/** Inputs that vary less than this share of the one that varies most are constants, which the bias replaces: they are left out. */
const CONSTANT_VARIANCE = 1e-9;

/** Damping of the free columns, as a share of their mean variance. */
const FREE_RIDGE = 1e-6;

function indicesOf(columns: Int32Array, wanted: (group: number) => boolean): number[] {
  return [...columns.keys()].filter((i) => wanted(columns[i] as number));
}

/**
 * What is left of R and G when the free columns already do what they can: r - R_of R_ff⁻¹ R_fo. `explained` is the variance
 * of the answers that they account for, tr(G_f R_ff⁻¹ G_fᵀ).
 */
export function withoutFree(
  correlation: Matrix,
  cross: Matrix,
  own: readonly number[],
  free: readonly number[],
): { r: Matrix; g: Matrix; explained: number } {
  const ownRows = takeRows(correlation, own);
  const [r, g] = [takeColumns(ownRows, own), takeColumns(cross, own)];
  if (free.length === 0) return { r, g, explained: 0 };
  const [toFree, ofFree] = [takeColumns(ownRows, free), takeColumns(cross, free)];
  const { factor } = dampedCholesky(takeColumns(takeRows(correlation, free), free), FREE_RIDGE);
  const solved = solveCholesky(factor, transpose(toFree));
  addProduct(r, toFree, solved, -1);
  addProduct(g, ofFree, solved, -1);
  return { r, g, explained: innerProduct(transpose(solveCholesky(factor, transpose(ofFree))).data, ofFree.data) };
}

/** Column j times factors[j]; rows too when symmetric. */
function scaled({ rows, columns, data }: Matrix, factors: Float64Array, isSymmetric = false): Matrix {
  return matrix(
    rows,
    columns,
    data.map((value, i) => {
      const j = i % columns;
      return value * (factors[j] as number) * (isSymmetric ? (factors[(i - j) / columns] as number) : 1);
    }),
  );
}

/**
 * @param layer without groups
 * @param columns group of each column, or FREE_COLUMN, or ABSENT_COLUMN
 * @param rows the outputs that matter
 */
export function readerTerm(
  layer: Layer,
  statistics: LayerStatistics,
  columns: Int32Array,
  rows: readonly number[],
  standardize: boolean,
): ReaderTerm {
  const { correlation, cross } = centred(statistics);
  const own = indicesOf(columns, (group) => group >= 0);
  const free = indicesOf(columns, (group) => group === FREE_COLUMN);
  const { r, g } = withoutFree(correlation[0] as Matrix, takeRows(cross[0] as Matrix, rows), own, free);
  const diagonal = Float64Array.from(own, (_, j) => r.data[j * (own.length + 1)] as number);
  const least = CONSTANT_VARIANCE * diagonal.reduce((a, b) => Math.max(a, b), 0);
  const varying = [...own.keys()].filter((j) => (diagonal[j] as number) > least);
  const chosen = varying.map((j) => own[j] as number);
  const variance = rows.reduce((sum, o) => sum + (statistics.targetEnergy[o] as number) - (statistics.targetMean[o] as number) ** 2, 0);
  const unit = variance > 0 ? 1 / Math.sqrt(variance) : 1;
  const inverse = Float64Array.from(varying, (j) => (standardize ? 1 / Math.sqrt(diagonal[j] as number) : 1));
  const weights = takeColumns(takeRows(matrix(layer.outputs, layer.columns, layer.weights), rows), chosen);
  return {
    correlation: scaled(takeColumns(takeRows(r, varying), varying), inverse, true),
    cross: scaled(
      takeColumns(g, varying),
      inverse.map((factor) => factor * unit),
    ),
    weights: scaled(
      weights,
      inverse.map((factor) => unit / factor),
    ),
    groupOf: Int32Array.from(chosen, (column) => columns[column] as number),
  };
}
