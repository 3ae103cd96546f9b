/** One row of PRELU_INT8; x has stride 1, the float32 multipliers of negative x have stride 0 or 1. */
import { PRELU_INPUT_ZERO_POINT, PRELU_OUTPUT_ZERO_POINT, PRELU_POSITIVE_MULTIPLIER_F32 } from "../format";
import { parameter, parameterF32 } from "../step";
import { SIMD } from "../variant";
import { requantize, requantizeFour } from "./requantize";

/** Four numbers x - zero point: `negative` multiplies those below zero, `positive` the others. */
// @ts-ignore: decorator
@inline
function preluFour(x: v128, positive: v128, negative: v128, zeroPoints: v128): v128 {
  return requantizeFour(x, v128.bitselect(negative, positive, i32x4.lt_s(x, i32x4.splat(0))), zeroPoints);
}

export function preluInt8Row(step: usize, x: usize, negative: usize, y: usize, count: i32, negativeStride: i32): void {
  const inputZeroPoint = parameter(step, PRELU_INPUT_ZERO_POINT);
  const positive = parameterF32(step, PRELU_POSITIVE_MULTIPLIER_F32);
  const zeroPoint = parameter(step, PRELU_OUTPUT_ZERO_POINT);
  const end = y + count;
  if (SIMD) {
    const positives = f32x4.splat(positive);
    const zeroPoints = i32x4.splat(zeroPoint);
    const inputZeroPoints = i16x8.splat(<i16>inputZeroPoint);
    let n = v128.load32_splat(negative);
    for (; y + 8 <= end; y += 8, x += 8) {
      const offsets = i16x8.sub(v128.load8x8_s(x), inputZeroPoints);
      if (negativeStride) n = v128.load(negative);
      const low = preluFour(i32x4.extend_low_i16x8_s(offsets), positives, n, zeroPoints);
      if (negativeStride) n = v128.load(negative, 16);
      const high = preluFour(i32x4.extend_high_i16x8_s(offsets), positives, n, zeroPoints);
      const narrow = i16x8.narrow_i32x4_s(low, high);
      v128.store64_lane(y, i8x16.narrow_i16x8_s(narrow, narrow), 0);
      negative += <usize>negativeStride << 5;
    }
  }
  for (; y < end; y++, x++, negative += <usize>negativeStride << 2) {
    const offset = <i32>load<i8>(x) - inputZeroPoint;
    store<i8>(y, requantize(offset, offset < 0 ? load<f32>(negative) : positive, zeroPoint, -128, 127));
  }
}
