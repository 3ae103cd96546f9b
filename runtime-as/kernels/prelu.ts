/** PRELU_INT8: y = clamp(rne(f32(x - zx) m) + zy), where m is the positive multiplier, or the channel's own for x < zx. */
import {
  BROADCAST_A_STRIDES,
  BROADCAST_DIMENSIONS,
  BROADCAST_RANK,
  DTYPE_FLOAT32,
  DTYPE_INT8,
  OPCODE_PRELU_INT8,
  PRELU_INPUT_ZERO_POINT,
  PRELU_OUTPUT_ZERO_POINT,
  PRELU_PARAMETERS,
} from "../format";
import { hasShape, isBetween } from "../check";
import { parameter } from "../step";
import { checkBroadcast, runRows } from "./broadcast";

export function checkPreluInt8(step: usize, context: usize): bool {
  const last = BROADCAST_RANK - 1;
  return (
    hasShape(step, 3, PRELU_PARAMETERS) &&
    isBetween(step, PRELU_INPUT_ZERO_POINT, -128, 127) &&
    isBetween(step, PRELU_OUTPUT_ZERO_POINT, -128, 127) &&
    checkBroadcast(step, context, DTYPE_INT8, DTYPE_FLOAT32) &&
    // x is as large as y, so that its rows are contiguous.
    (parameter(step, BROADCAST_A_STRIDES + last) == 1 || parameter(step, BROADCAST_DIMENSIONS + last) == 1)
  );
}

export function runPreluInt8(step: usize, context: usize, prepared: usize): void {
  runRows(OPCODE_PRELU_INT8, step, context, DTYPE_INT8, DTYPE_FLOAT32);
}
