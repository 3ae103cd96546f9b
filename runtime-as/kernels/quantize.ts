/** QUANTIZE: y = clamp(rne(x / scale) + zero point), float32 → int8; a NaN becomes the zero point. */
import { DTYPE_FLOAT32, DTYPE_INT8, QUANTIZE_PARAMETERS, QUANTIZE_SCALE_F32, QUANTIZE_ZERO_POINT } from "../format";
import { hasShape, holds, isBetween } from "../check";
import { quantizeBlocksSimd } from "../microkernels/quantize-simd";
import { operandAddress, operandBytes, parameter, parameterF32 } from "../step";
import { SIMD } from "../variant";

export function checkQuantize(step: usize, context: usize): bool {
  if (!hasShape(step, 2, QUANTIZE_PARAMETERS) || !isBetween(step, QUANTIZE_ZERO_POINT, -128, 127)) return false;
  const elements: i64 = operandBytes(step, context, 1);
  return holds(step, context, 0, DTYPE_FLOAT32, elements, 4) && holds(step, context, 1, DTYPE_INT8, elements, 1);
}

export function runQuantize(step: usize, context: usize, prepared: usize): void {
  const scale = parameterF32(step, QUANTIZE_SCALE_F32);
  const zeroPoint = parameter(step, QUANTIZE_ZERO_POINT);
  const x = operandAddress(step, context, 0);
  const y = operandAddress(step, context, 1);
  const count = <usize>operandBytes(step, context, 1);
  // Limits before rounding: the sum with the zero point cannot overflow.
  const offset = <f32>zeroPoint;
  const low: f32 = -128.0 - offset;
  const high: f32 = 127.0 - offset;
  let i: usize = 0;
  if (SIMD) i = quantizeBlocksSimd(x, y, count, scale, zeroPoint, low, high);
  for (; i < count; i++) {
    const limited = min<f32>(max<f32>(load<f32>(x + (i << 2)) / scale, low), high);
    store<i8>(y + i, (limited == limited ? <i32>nearest<f32>(limited) : 0) + zeroPoint);
  }
}
