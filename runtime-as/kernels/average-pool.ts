/**
 * AVERAGE_POOL: x [N, H, W, C] → y [N, OH, OW, C]. int8: y = clamp(rne(f32(Σ (x - zx)) · f32(ratio / count)) + zy), over
 * the taps inside the input; padding adds nothing to the sum.
 */
import {
  AVERAGE_POOL_FLOAT32_PARAMETERS,
  AVERAGE_POOL_INT8_PARAMETERS,
  DTYPE_FLOAT32,
  DTYPE_INT8,
  OPCODE_AVERAGE_POOL_FLOAT32,
  OPCODE_AVERAGE_POOL_INT8,
  POOL_CHANNELS,
  POOL_CLAMP_HIGH,
  POOL_CLAMP_LOW,
  POOL_COUNT_INCLUDE_PAD,
  POOL_INPUT_ZERO_POINT,
  POOL_OUTPUT_ZERO_POINT,
  POOL_PAD_BOTTOM,
  POOL_PAD_RIGHT,
  POOL_RATIO_F32,
} from "../format";
import { isBetween } from "../check";
import { parameter, parameterF32 } from "../step";
import { NARROW_SUMS } from "../variant";
import { checkPool, runPool } from "./pool";

const MAX_PAD: i32 = 1 << 15;

function checkAveragePool(step: usize, context: usize, dtype: i32, parameters: i32): bool {
  return (
    checkPool(step, context, dtype, parameters) &&
    isBetween(step, POOL_PAD_BOTTOM, 0, MAX_PAD) &&
    isBetween(step, POOL_PAD_RIGHT, 0, MAX_PAD) &&
    isBetween(step, POOL_COUNT_INCLUDE_PAD, 0, 1)
  );
}

export function checkAveragePoolInt8(step: usize, context: usize): bool {
  return (
    checkAveragePool(step, context, DTYPE_INT8, AVERAGE_POOL_INT8_PARAMETERS) &&
    (NARROW_SUMS || parameter(step, POOL_CHANNELS) >= 16) &&
    isBetween(step, POOL_INPUT_ZERO_POINT, -128, 127) &&
    isBetween(step, POOL_OUTPUT_ZERO_POINT, -128, 127) &&
    isBetween(step, POOL_CLAMP_LOW, -128, 127) &&
    isBetween(step, POOL_CLAMP_HIGH, parameter(step, POOL_CLAMP_LOW), 127) &&
    abs<f32>(parameterF32(step, POOL_RATIO_F32)) < Infinity
  );
}

export function runAveragePoolInt8(step: usize, context: usize, prepared: usize): void {
  runPool<i8>(OPCODE_AVERAGE_POOL_INT8, step, context);
}

export function checkAveragePoolFloat32(step: usize, context: usize): bool {
  return checkAveragePool(step, context, DTYPE_FLOAT32, AVERAGE_POOL_FLOAT32_PARAMETERS);
}

export function runAveragePoolFloat32(step: usize, context: usize, prepared: usize): void {
  runPool<f32>(OPCODE_AVERAGE_POOL_FLOAT32, step, context);
}
