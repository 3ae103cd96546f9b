/** One row of MUL_INT8; operand strides 0 or 1. */
import {
  MUL_A_ZERO_POINT,
  MUL_B_ZERO_POINT,
  MUL_CLAMP_HIGH,
  MUL_CLAMP_LOW,
  MUL_MULTIPLIER_F32,
  MUL_OUTPUT_ZERO_POINT,
} from "../format";
import { parameter, parameterF32 } from "../step";
import { SIMD } from "../variant";
import { requantize, requantizeFour } from "./requantize";

export function mulInt8Row(step: usize, a: usize, b: usize, y: usize, count: i32, aStride: i32, bStride: i32): void {
  const aZeroPoint = parameter(step, MUL_A_ZERO_POINT);
  const bZeroPoint = parameter(step, MUL_B_ZERO_POINT);
  const multiplier = parameterF32(step, MUL_MULTIPLIER_F32);
  const zeroPoint = parameter(step, MUL_OUTPUT_ZERO_POINT);
  const low = parameter(step, MUL_CLAMP_LOW);
  const high = parameter(step, MUL_CLAMP_HIGH);
  const end = y + count;
  if (SIMD) {
    const multipliers = f32x4.splat(multiplier);
    const zeroPoints = i32x4.splat(zeroPoint);
    const lows = i8x16.splat(<i8>low);
    const highs = i8x16.splat(<i8>high);
    const aZeroPoints = i16x8.splat(<i16>aZeroPoint);
    const bZeroPoints = i16x8.splat(<i16>bZeroPoint);
    let va = i8x16.splat(load<i8>(a));
    let vb = i8x16.splat(load<i8>(b));
    for (; y + 16 <= end; y += 16) {
      if (aStride) va = v128.load(a);
      if (bStride) vb = v128.load(b);
      const a0 = i16x8.sub(i16x8.extend_low_i8x16_s(va), aZeroPoints);
      const a1 = i16x8.sub(i16x8.extend_high_i8x16_s(va), aZeroPoints);
      const b0 = i16x8.sub(i16x8.extend_low_i8x16_s(vb), bZeroPoints);
      const b1 = i16x8.sub(i16x8.extend_high_i8x16_s(vb), bZeroPoints);
      const first = i16x8.narrow_i32x4_s(
        requantizeFour(i32x4.extmul_low_i16x8_s(a0, b0), multipliers, zeroPoints),
        requantizeFour(i32x4.extmul_high_i16x8_s(a0, b0), multipliers, zeroPoints),
      );
      const second = i16x8.narrow_i32x4_s(
        requantizeFour(i32x4.extmul_low_i16x8_s(a1, b1), multipliers, zeroPoints),
        requantizeFour(i32x4.extmul_high_i16x8_s(a1, b1), multipliers, zeroPoints),
      );
      v128.store(y, i8x16.min_s(i8x16.max_s(i8x16.narrow_i16x8_s(first, second), lows), highs));
      a += <usize>aStride << 4;
      b += <usize>bStride << 4;
    }
  }
  for (; y < end; y++, a += aStride, b += bStride) {
    const product = (<i32>load<i8>(a) - aZeroPoint) * (<i32>load<i8>(b) - bZeroPoint);
    store<i8>(y, requantize(product, multiplier, zeroPoint, low, high));
  }
}
