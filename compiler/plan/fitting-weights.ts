/** Which weights run in relaxed dot products, and on which engines (runtime-as/microkernels/relaxed-simd.ts): found once, here, and promised in the packed model. */
import * as format from '../../runtime-as/format.ts';
import { areQuadsFitting } from '../quantization/quad-fit.ts';
import type { PlannedStep, PlannedTensor } from './plan.ts';

function areRowsFitting(weights: Int8Array, rows: number): boolean {
  const length = weights.length / rows;
  for (let row = 0; row < rows; row++) if (!areQuadsFitting(weights.subarray(row * length, (row + 1) * length))) return false;
  return true;
}

/** The weights [outC, K] of int8 convolutions: with `fitsQuads` those that fit in every step that reads them, with `isSymmetric` those without -128. */
export function markFittingWeights(tensors: readonly PlannedTensor[], steps: readonly PlannedStep[]): PlannedTensor[] {
  const fits = new Map<number, boolean>();
  for (const { opcode, operands, parameters } of steps) {
    if (opcode !== format.OPCODE_CONV2D_INT8) continue;
    const index = operands[1] as number;
    const weights = tensors[index]?.constant;
    if (!(weights instanceof Int8Array)) continue;
    fits.set(index, fits.get(index) !== false && areRowsFitting(weights, parameters[format.CONV_OUT_CHANNELS] as number));
  }
  return tensors.map((tensor, index) => {
    if (!fits.has(index)) return tensor;
    const isSymmetric = !(tensor.constant as Int8Array).includes(-128);
    return { ...tensor, ...(fits.get(index) && { fitsQuads: true }), ...(isSymmetric && { isSymmetric }) };
  });
}
