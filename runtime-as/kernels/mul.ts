/** MUL_INT8: y = clamp(rne(f32((a - za)(b - zb)) m) + zy), with broadcasting. */
import {
  DTYPE_INT8,
  MUL_A_ZERO_POINT,
  MUL_B_ZERO_POINT,
  MUL_CLAMP_HIGH,
  MUL_MULTIPLIER_F32,
  MUL_OUTPUT_ZERO_POINT,
  MUL_PARAMETERS,
  OPCODE_MUL_INT8,
} from "../format";
import { hasShape, isBetween } from "../check";
import { parameterF32 } from "../step";
import { checkBroadcast, runRows } from "./broadcast";

export function checkMulInt8(step: usize, context: usize): bool {
  if (!hasShape(step, 3, MUL_PARAMETERS)) return false;
  for (let i = MUL_OUTPUT_ZERO_POINT; i <= MUL_CLAMP_HIGH; i++) if (!isBetween(step, i, -128, 127)) return false;
  return (
    isBetween(step, MUL_A_ZERO_POINT, -128, 127) &&
    isBetween(step, MUL_B_ZERO_POINT, -128, 127) &&
    abs<f32>(parameterF32(step, MUL_MULTIPLIER_F32)) < Infinity &&
    checkBroadcast(step, context, DTYPE_INT8, DTYPE_INT8)
  );
}

export function runMulInt8(step: usize, context: usize, prepared: usize): void {
  runRows(OPCODE_MUL_INT8, step, context, DTYPE_INT8, DTYPE_INT8);
}
