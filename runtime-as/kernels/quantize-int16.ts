/** QUANTIZE_INT16: y = clamp(rne(x / scale)), float32 → int16; a NaN becomes 0. DEQUANTIZE_INT16: y = x · scale. */
import { DTYPE_FLOAT32, DTYPE_INT16, QUANTIZE_PARAMETERS, QUANTIZE_SCALE_F32, QUANTIZE_ZERO_POINT } from "../format";
import { hasShape, holds, isBetween } from "../check";
import { operandAddress, operandBytes, parameterF32 } from "../step";

const LIMIT: f32 = 32767;

/** `real` and `integer`: which operand is float32, which int16. */
function checkConversion(step: usize, context: usize, real: i32, integer: i32): bool {
  if (!hasShape(step, 2, QUANTIZE_PARAMETERS) || !isBetween(step, QUANTIZE_ZERO_POINT, 0, 0)) return false;
  const elements: i64 = operandBytes(step, context, integer) >> 1;
  return holds(step, context, real, DTYPE_FLOAT32, elements, 4) && holds(step, context, integer, DTYPE_INT16, elements, 2);
}

export function checkQuantizeInt16(step: usize, context: usize): bool {
  return checkConversion(step, context, 0, 1);
}

export function checkDequantizeInt16(step: usize, context: usize): bool {
  return checkConversion(step, context, 1, 0);
}

export function runQuantizeInt16(step: usize, context: usize, prepared: usize): void {
  const scale = parameterF32(step, QUANTIZE_SCALE_F32);
  let x = operandAddress(step, context, 0);
  let y = operandAddress(step, context, 1);
  for (const end = y + operandBytes(step, context, 1); y < end; x += 4, y += 2) {
    const limited = min<f32>(max<f32>(load<f32>(x) / scale, -LIMIT), LIMIT);
    store<i16>(y, limited == limited ? <i16>nearest<f32>(limited) : 0);
  }
}

export function runDequantizeInt16(step: usize, context: usize, prepared: usize): void {
  const scale = parameterF32(step, QUANTIZE_SCALE_F32);
  let x = operandAddress(step, context, 0);
  let y = operandAddress(step, context, 1);
  for (const end = x + operandBytes(step, context, 0); x < end; x += 2, y += 4) store<f32>(y, <f32>load<i16>(x) * scale);
}
