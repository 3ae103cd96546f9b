/** ADD_INT8 (Add and Sub): y = clamp(((a - za) ma + (b - zb) mb + 2^(shift - 1)) >> shift) + zy), with broadcasting. */
import {
  ADD_A_MULTIPLIER,
  ADD_A_ZERO_POINT,
  ADD_B_MULTIPLIER,
  ADD_OUTPUT_ZERO_POINT,
  ADD_PARAMETERS,
  ADD_SHIFT,
  DTYPE_INT8,
  OPCODE_ADD_INT8,
} from "../format";
import { areInt8, hasShape, isBetween } from "../check";
import { checkBroadcast, runRows } from "./broadcast";

export function checkAddInt8(step: usize, context: usize): bool {
  if (!hasShape(step, 3, ADD_PARAMETERS)) return false;
  return (
    areInt8(step, ADD_A_ZERO_POINT, 2) &
    areInt8(step, ADD_OUTPUT_ZERO_POINT, 3) &
    isBetween(step, ADD_A_MULTIPLIER, -32767, 32767) &
    isBetween(step, ADD_B_MULTIPLIER, -32767, 32767) &
    isBetween(step, ADD_SHIFT, 1, 31) &
    checkBroadcast(step, context, DTYPE_INT8, DTYPE_INT8)
  );
}

export function runAddInt8(step: usize, context: usize, prepared: usize): void {
  runRows(OPCODE_ADD_INT8, step, context, DTYPE_INT8, DTYPE_INT8);
}
