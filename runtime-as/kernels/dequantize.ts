/** DEQUANTIZE: y = (x - zero point) · scale, int8 → float32. */
import { DTYPE_FLOAT32, DTYPE_INT8, QUANTIZE_PARAMETERS, QUANTIZE_SCALE_F32, QUANTIZE_ZERO_POINT } from "../format";
import { hasShape, holds, isBetween } from "../check";
import { dequantizeBlocksSimd } from "../microkernels/quantize-simd";
import { operandAddress, operandBytes, parameter, parameterF32 } from "../step";
import { SIMD } from "../variant";

export function checkDequantize(step: usize, context: usize): bool {
  if (!hasShape(step, 2, QUANTIZE_PARAMETERS) || !isBetween(step, QUANTIZE_ZERO_POINT, -128, 127)) return false;
  const elements: i64 = operandBytes(step, context, 0);
  return holds(step, context, 0, DTYPE_INT8, elements, 1) && holds(step, context, 1, DTYPE_FLOAT32, elements, 4);
}

export function runDequantize(step: usize, context: usize, prepared: usize): void {
  const scale = parameterF32(step, QUANTIZE_SCALE_F32);
  const zeroPoint = parameter(step, QUANTIZE_ZERO_POINT);
  const x = operandAddress(step, context, 0);
  const y = operandAddress(step, context, 1);
  const count = <usize>operandBytes(step, context, 0);
  let i: usize = 0;
  if (SIMD) i = dequantizeBlocksSimd(x, y, count, scale, zeroPoint);
  for (; i < count; i++) store<f32>(y + (i << 2), <f32>(<i32>load<i8>(x + i) - zeroPoint) * scale);
}
