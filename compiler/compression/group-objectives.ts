/**
 * What second-order methods minimize (methods.md, notation; post-training.md 2.2): with the bias that makes the means agree,
 * the error of other weights V of a layer is, up to a constant,
 *
 *     E‖y - V x - b‖² = tr((V - W*) H (V - W*)ᵀ),   H = cov(x),   W* = cov(y, x) H⁻¹
 *
 * so that W*, not the weights themselves, is what V should be near: it answers as the original did on the inputs of now.
 */
import { type Matrix, matrix } from '../linalg/matrix.ts';
import type { Layer } from './layers.ts';
import { levelObjective } from './level-descent.ts';
import { fitOnSupport } from './refit.ts';
import type { LayerStatistics } from './statistics.ts';

/** Share of the mean of the diagonal that is added to H (Frantar et al.: 1 %). */
export const DEFAULT_DAMPING = 0.01;

/** Of one group of a layer; layers that are not grouped have one. */
export interface GroupObjective {
  /** The layer's rows from here on. */
  readonly firstRow: number;
  /** H, damped: [columns, columns]. */
  readonly hessian: Matrix;
  /** W*: [outputs / groups, columns]. */
  readonly optimum: Matrix;
  /** Like `optimum`: 0 where a weight was zero before and stays zero; W* is the best with these zeros. */
  readonly isFree: Uint8Array;
}

/** Damping draws W* towards the weights, so that inputs that never vary leave them alone. */
export function groupObjectives(layer: Layer, statistics: LayerStatistics, damping = DEFAULT_DAMPING): GroupObjective[] {
  const objective = levelObjective(layer, statistics, damping);
  const isFree = Uint8Array.from(layer.weights, (weight) => Number(weight !== 0));
  const best = Float64Array.from(fitOnSupport(layer, objective, isFree));
  const rows = layer.outputs / layer.groups;
  return objective.correlation.map((hessian, group) => {
    const [from, to] = [group * rows * layer.columns, (group + 1) * rows * layer.columns];
    return {
      firstRow: group * rows,
      hessian,
      optimum: matrix(rows, layer.columns, best.slice(from, to)),
      isFree: isFree.subarray(from, to),
    };
  });
}
