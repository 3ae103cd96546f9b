/** CAST: the same numbers in the dtype of y; float32 is truncated towards zero and saturated, NaN becomes 0. */
import { CAST_PARAMETERS, DTYPE_FLOAT32, DTYPE_INT32, DTYPE_INT8 } from "../format";
import { hasShape, holds } from "../check";
import { operandAddress, operandBytes, operandDtype } from "../step";

// @ts-ignore: decorator
@inline
function bytesOf(dtype: i32): i32 {
  return dtype == DTYPE_INT8 ? 1 : 4;
}

export function checkCast(step: usize, context: usize): bool {
  if (!hasShape(step, 2, CAST_PARAMETERS)) return false;
  const from = operandDtype(step, context, 0);
  const to = operandDtype(step, context, 1);
  const elements: i64 = <u32>operandBytes(step, context, 0) / bytesOf(from);
  return holds(step, context, 0, from, elements, bytesOf(from)) && holds(step, context, 1, to, elements, bytesOf(to));
}

export function runCast(step: usize, context: usize, prepared: usize): void {
  const from = operandDtype(step, context, 0);
  const to = operandDtype(step, context, 1);
  let x = operandAddress(step, context, 0);
  let y = operandAddress(step, context, 1);
  for (const end = x + operandBytes(step, context, 0); x < end; x += bytesOf(from), y += bytesOf(to)) {
    if (from == DTYPE_FLOAT32) {
      const value = load<f32>(x);
      if (to == DTYPE_FLOAT32) store<f32>(y, value);
      else storeInteger(to, y, truncate(value));
    } else {
      const value = from == DTYPE_INT32 ? load<i32>(x) : <i32>load<i8>(x);
      if (to == DTYPE_FLOAT32) store<f32>(y, <f32>value);
      else storeInteger(to, y, value);
    }
  }
}

/** Every cast of the host language saturates here: the limits are tested first. */
function truncate(value: f32): i32 {
  if (value != value) return 0;
  if (value >= 2147483648) return i32.MAX_VALUE;
  if (value <= -2147483648) return i32.MIN_VALUE;
  return <i32>value;
}

function storeInteger(dtype: i32, y: usize, value: i32): void {
  if (dtype == DTYPE_INT32) store<i32>(y, value);
  else store<i8>(y, min(max(value, -128), 127));
}
