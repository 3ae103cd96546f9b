/** One row of ADD_INT8; operand strides 0 or 1. */
import {
  ADD_A_MULTIPLIER,
  ADD_A_ZERO_POINT,
  ADD_B_MULTIPLIER,
  ADD_B_ZERO_POINT,
  ADD_CLAMP_HIGH,
  ADD_CLAMP_LOW,
  ADD_OUTPUT_ZERO_POINT,
  ADD_SHIFT,
} from "../format";
import { parameter } from "../step";
import { PACKED, SIMD } from "../variant";
import { max8, min8, packSaturated8, smlabb, smlatt, splat8, sxtb16, sxtb16Ror8 } from "./dsp";

/** Eight sums a · ma + b · mb + offset, shifted: one dot product per pair. */
// @ts-ignore: decorator
@inline
function addEight(a: v128, b: v128, multipliers: v128, offset: v128, shift: i32): v128 {
  const low = i16x8.shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
  const high = i16x8.shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
  return i16x8.narrow_i32x4_s(
    i32x4.shr_s(i32x4.add(i32x4.dot_i16x8_s(low, multipliers), offset), shift),
    i32x4.shr_s(i32x4.add(i32x4.dot_i16x8_s(high, multipliers), offset), shift),
  );
}

export function addInt8Row(step: usize, a: usize, b: usize, y: usize, count: i32, aStride: i32, bStride: i32): void {
  const aMultiplier = parameter(step, ADD_A_MULTIPLIER);
  const bMultiplier = parameter(step, ADD_B_MULTIPLIER);
  const shift = parameter(step, ADD_SHIFT);
  const zeroPoint = parameter(step, ADD_OUTPUT_ZERO_POINT);
  const low = parameter(step, ADD_CLAMP_LOW);
  const high = parameter(step, ADD_CLAMP_HIGH);
  // Zero points and the half for rounding in one number: |offset| < 2^30 + 2 · 128 · 2^15.
  const offset =
    (1 << (shift - 1)) - parameter(step, ADD_A_ZERO_POINT) * aMultiplier - parameter(step, ADD_B_ZERO_POINT) * bMultiplier;
  const end = y + count;
  if (SIMD) {
    const multipliers = i32x4.splat((aMultiplier & 0xffff) | (bMultiplier << 16));
    const offsets = i32x4.splat(offset);
    const zeroPoints = i16x8.splat(<i16>zeroPoint);
    const lows = i8x16.splat(<i8>low);
    const highs = i8x16.splat(<i8>high);
    let a0 = i16x8.splat(aStride ? 0 : load<i8>(a)), a1 = a0;
    let b0 = i16x8.splat(bStride ? 0 : load<i8>(b)), b1 = b0;
    for (; y + 16 <= end; y += 16) {
      if (aStride) {
        a0 = v128.load_ext<i8>(a);
        a1 = v128.load_ext<i8>(a, 8);
      }
      if (bStride) {
        b0 = v128.load_ext<i8>(b);
        b1 = v128.load_ext<i8>(b, 8);
      }
      const first = addEight(a0, b0, multipliers, offsets, shift);
      const second = addEight(a1, b1, multipliers, offsets, shift);
      const sum = i8x16.narrow_i16x8_s(i16x8.add_sat_s(first, zeroPoints), i16x8.add_sat_s(second, zeroPoints));
      v128.store(y, i8x16.min_s(i8x16.max_s(sum, lows), highs));
      a += <usize>aStride << 4;
      b += <usize>bStride << 4;
    }
  }
  if (PACKED) {
    const aMultipliers = (aMultiplier & 0xffff) | (aMultiplier << 16);
    const bMultipliers = (bMultiplier & 0xffff) | (bMultiplier << 16);
    const lows = splat8(low);
    const highs = splat8(high);
    let fourA = splat8(load<i8>(a));
    let fourB = splat8(load<i8>(b));
    for (; y + 4 <= end; y += 4) {
      if (aStride) fourA = load<i32>(a, 0, 1);
      if (bStride) fourB = load<i32>(b, 0, 1);
      const aEven = sxtb16(fourA), bEven = sxtb16(fourB), aOdd = sxtb16Ror8(fourA), bOdd = sxtb16Ror8(fourB);
      const sums = packSaturated8(
        (smlabb(aEven, aMultipliers, smlabb(bEven, bMultipliers, offset)) >> shift) + zeroPoint,
        (smlabb(aOdd, aMultipliers, smlabb(bOdd, bMultipliers, offset)) >> shift) + zeroPoint,
        (smlatt(aEven, aMultipliers, smlatt(bEven, bMultipliers, offset)) >> shift) + zeroPoint,
        (smlatt(aOdd, aMultipliers, smlatt(bOdd, bMultipliers, offset)) >> shift) + zeroPoint,
      );
      store<i32>(y, min8(max8(sums, lows), highs), 0, 1);
      a += <usize>aStride << 2;
      b += <usize>bStride << 2;
    }
  }
  for (; y < end; y++, a += aStride, b += bStride) {
    const sum = <i32>load<i8>(a) * aMultiplier + <i32>load<i8>(b) * bMultiplier + offset;
    store<i8>(y, min(max((sum >> shift) + zeroPoint, low), high));
  }
}
