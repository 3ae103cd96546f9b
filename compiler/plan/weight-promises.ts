/** What the runtime may count on in the weights of int8 convolutions (PROMISES of runtime-as/format.ts): found once, here, and said in the packed model. */
import * as format from '../../runtime-as/format.ts';
import { areQuadsFitting } from '../quantization/quad-fit.ts';
import { areWindowsFitting } from '../quantization/window-fit.ts';
import type { PlannedStep, PlannedTensor } from './plan.ts';
import { winogradPromises } from './winograd.ts';

const OPCODES: readonly number[] = [format.OPCODE_CONV2D_INT8, format.OPCODE_DEPTHWISE_INT8];

function areRowsFitting(weights: Int8Array, rows: number): boolean {
  const length = weights.length / rows;
  for (let row = 0; row < rows; row++) if (!areQuadsFitting(weights.subarray(row * length, (row + 1) * length))) return false;
  return true;
}

function isWindow(parameters: readonly number[]): boolean {
  return parameters[format.CONV_KERNEL_HEIGHT] === 3 && parameters[format.CONV_KERNEL_WIDTH] === 3;
}

/** What holds of the weights as this step reads them. */
function promisesOf(weights: Int8Array, { opcode, operands, parameters }: PlannedStep, tensors: readonly PlannedTensor[]): number {
  const isSymmetric = weights.includes(-128) ? 0 : format.TENSOR_IS_SYMMETRIC;
  if (opcode === format.OPCODE_DEPTHWISE_INT8)
    return isSymmetric | (isWindow(parameters) && areWindowsFitting(weights) ? format.TENSOR_FITS_QUADS : 0);
  const [, , bias, multipliers] = operands.map((operand) => tensors[operand]?.constant);
  return (
    (areRowsFitting(weights, parameters[format.CONV_OUT_CHANNELS] as number) ? format.TENSOR_FITS_QUADS : 0) |
    isSymmetric |
    winogradPromises(parameters, weights, bias, multipliers)
  );
}

/** The tensors, with what holds of the weights of int8 convolutions, [outC, K] or depthwise [KH, KW, C], in every step that reads them. */
export function promiseWeights(tensors: readonly PlannedTensor[], steps: readonly PlannedStep[]): PlannedTensor[] {
  const promises = new Map<number, number>();
  for (const step of steps) {
    if (!OPCODES.includes(step.opcode)) continue;
    const index = step.operands[1] as number;
    const weights = tensors[index]?.constant;
    if (weights instanceof Int8Array) promises.set(index, (promises.get(index) ?? format.PROMISES) & promisesOf(weights, step, tensors));
  }
  return tensors.map((tensor, index) => {
    const held = promises.get(index);
    return held ? { ...tensor, promises: held } : tensor;
  });
}
