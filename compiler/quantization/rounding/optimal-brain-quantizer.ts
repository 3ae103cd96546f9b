/**
 * Optimal Brain Quantizer (Frantar, Alistarh, NeurIPS 2022; post-training.md 2.2): row by row, always the weight whose
 * rounding costs least is next. The cost is rows · columns³, so it is for layers of a few hundred columns.
 */

import { operate } from '../../linalg/brain-surgeon.ts';
import { dampedCholesky, invertCholesky } from '../../linalg/cholesky.ts';
import { nearestInteger, type Rounding } from './problem.ts';

export const optimalBrainQuantizer: Rounding = ({ target, hessian, scales, largest, isFree }) => {
  const { rows, columns } = target;
  const inverse = invertCholesky(dampedCholesky(hessian).factor);
  const integers = new Int8Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const from = row * columns;
    const scale = scales[row] as number;
    const pruned = isFree.subarray(from, from + columns).reduce((count, free) => count + Number(!free), 0);
    const isPruned = (column: number) => !isFree[from + column];
    const { weights } = operate(target.data.subarray(from, from + columns), inverse, {
      value: (weight, column) => (isPruned(column) ? 0 : scale * nearestInteger(weight / scale, largest)),
      // Pruned weights are settled first, so that the others are rounded knowing that these are zero.
      mayBeNext: (column, settled) => settled >= pruned || isPruned(column),
    });
    integers.set(
      Int8Array.from(weights, (weight) => Math.round(weight / scale)),
      from,
    );
  }
  return integers;
};
