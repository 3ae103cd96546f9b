/**
 * REDUCE: x [outer, length, inner] → y [outer, inner]: sum or mean along the middle axis. int8 sums are requantized,
 * y = clamp(rne(f32(Σ (x - zx)) · multiplier) + zy).
 */
import {
  DTYPE_FLOAT32,
  DTYPE_INT8,
  FUNCTION_REDUCE_MEAN,
  FUNCTION_REDUCE_SUM,
  REDUCE_PARAMETERS,
  REDUCE_FUNCTION,
  REDUCE_INNER,
  REDUCE_INPUT_ZERO_POINT,
  REDUCE_INT8_PARAMETERS,
  REDUCE_LENGTH,
  REDUCE_MULTIPLIER_F32,
  REDUCE_OUTER,
  REDUCE_OUTPUT_ZERO_POINT,
} from "../format";
import { areInt8, dtypeBytes, extent, hasShape, holds, isBetween, times } from "../check";
import { sumRowFloat32, sumRowInt8 } from "../microkernels/reduce-row";
import { requantize } from "../microkernels/requantize";
import { sumWindowFloat32, sumWindowInt8 } from "../microkernels/sum-window";
import { operandAddress, parameter, parameterF32 } from "../step";
import { NARROW_SUMS } from "../variant";

/** Any reduction whose function lies between these two. */
export function checkReduce(step: usize, context: usize, dtype: i32, parameters: i32, first: i32, last: i32): bool {
  return (
    hasShape(step, 2, parameters) &&
    isBetween(step, REDUCE_FUNCTION, first, last) &
    holds(step, context, 0, dtype, extent(step, REDUCE_OUTER, 3), dtypeBytes(dtype)) &
    holds(step, context, 1, dtype, times(parameter(step, REDUCE_OUTER), parameter(step, REDUCE_INNER)), dtypeBytes(dtype))
  );
}

export function checkReduceInt8(step: usize, context: usize): bool {
  return (
    checkReduce(step, context, DTYPE_INT8, REDUCE_INT8_PARAMETERS, FUNCTION_REDUCE_SUM, FUNCTION_REDUCE_MEAN) &&
    (NARROW_SUMS || parameter(step, REDUCE_INNER) >= 16) &
    areInt8(step, REDUCE_INPUT_ZERO_POINT, 1) &
    areInt8(step, REDUCE_OUTPUT_ZERO_POINT, 1) &
    (abs<f32>(parameterF32(step, REDUCE_MULTIPLIER_F32)) < Infinity)
  );
}

export function checkReduceFloat32(step: usize, context: usize): bool {
  return checkReduce(step, context, DTYPE_FLOAT32, REDUCE_PARAMETERS, FUNCTION_REDUCE_SUM, FUNCTION_REDUCE_MEAN);
}

export function runReduceInt8(step: usize, context: usize, prepared: usize): void {
  const outer = parameter(step, REDUCE_OUTER);
  const length = parameter(step, REDUCE_LENGTH);
  const inner = parameter(step, REDUCE_INNER);
  const offset = -length * parameter(step, REDUCE_INPUT_ZERO_POINT);
  const multiplier = parameterF32(step, REDUCE_MULTIPLIER_F32);
  const zeroPoint = parameter(step, REDUCE_OUTPUT_ZERO_POINT);
  let x = operandAddress(step, context, 0);
  let y = operandAddress(step, context, 1);
  for (let o = 0; o < outer; o++, x += length * inner, y += inner) {
    if (NARROW_SUMS && inner == 1) store<i8>(y, requantize(offset + sumRowInt8(x, length), multiplier, zeroPoint, -128, 127));
    else sumWindowInt8(y, x, 1, length, 0, inner, inner, offset, multiplier, zeroPoint, -128, 127);
  }
}

export function runReduceFloat32(step: usize, context: usize, prepared: usize): void {
  const outer = parameter(step, REDUCE_OUTER);
  const length = parameter(step, REDUCE_LENGTH);
  const inner = parameter(step, REDUCE_INNER);
  const divisor: f32 = parameter(step, REDUCE_FUNCTION) == FUNCTION_REDUCE_MEAN ? <f32>length : 1;
  const stride = <usize>inner << 2;
  let x = operandAddress(step, context, 0);
  let y = operandAddress(step, context, 1);
  for (let o = 0; o < outer; o++, x += stride * <usize>length, y += stride) {
    if (inner == 1) store<f32>(y, sumRowFloat32(x, length) / divisor);
    else sumWindowFloat32(y, x, 1, length, 0, stride, inner, divisor);
  }
}
