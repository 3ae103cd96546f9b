/**
 * The sum of a window for each of `channels` neighbouring elements, scaled. The taps of the window are `rows` x `columns`,
 * `rowBytes` and `columnBytes` apart, the first at `from`. Each channel adds its taps in this order, in every variant.
 */
import { NARROW_SUMS, PACKED, SIMD } from "../variant";
import { max8, min8, packSaturated8, splat8, sxtab16, sxtab16Ror8 } from "./dsp";
import { requantize, requantizeFour, requantizeWide } from "./requantize";

/** y[c] = Σ x / divisor */
export function sumWindowFloat32(
  y: usize,
  from: usize,
  rows: i32,
  columns: i32,
  rowBytes: usize,
  columnBytes: usize,
  channels: i32,
  divisor: f32,
): void {
  const end = y + ((<usize>channels) << 2);
  if (SIMD && channels >= 4) {
    for (; y < end; y += 16, from += 16) {
      // The last vector overlaps the one before.
      const back = y + 16 > end ? y + 16 - end : 0;
      y -= back;
      from -= back;
      let sum = f32x4.splat(0);
      let row = from;
      for (let r = 0; r < rows; r++, row += rowBytes) {
        let at = row;
        for (let c = 0; c < columns; c++, at += columnBytes) sum = f32x4.add(sum, v128.load(at));
      }
      v128.store(y, f32x4.div(sum, f32x4.splat(divisor)));
    }
  }
  for (; y < end; y += 4, from += 4) {
    let sum: f32 = 0;
    let row = from;
    for (let r = 0; r < rows; r++, row += rowBytes) {
      let at = row;
      for (let c = 0; c < columns; c++, at += columnBytes) sum += load<f32>(at);
    }
    store<f32>(y, sum / divisor);
  }
}

// @ts-ignore: decorator
@inline
function sumVectorInt8(
  y: usize,
  from: usize,
  rows: i32,
  columns: i32,
  rowBytes: usize,
  columnBytes: usize,
  offset: i32,
  multiplier: f32,
  zeroPoint: i32,
  lowest: i32,
  highest: i32,
): void {
  let s0 = i32x4.splat(offset);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let low = i16x8.splat(0);
  let high = i16x8.splat(0);
  let pending = 0;
  for (let r = 0; r < rows; r++, from += rowBytes) {
    let at = from;
    for (let c = 0; c < columns; c++, at += columnBytes) {
      const x = v128.load(at);
      low = i16x8.add(low, i16x8.extend_low_i8x16_s(x));
      high = i16x8.add(high, i16x8.extend_high_i8x16_s(x));
      // 256 taps of at most 128 fill 16 bits.
      if (++pending < 255) continue;
      s0 = i32x4.add(s0, i32x4.extend_low_i16x8_s(low));
      s1 = i32x4.add(s1, i32x4.extend_high_i16x8_s(low));
      s2 = i32x4.add(s2, i32x4.extend_low_i16x8_s(high));
      s3 = i32x4.add(s3, i32x4.extend_high_i16x8_s(high));
      low = i16x8.splat(0);
      high = low;
      pending = 0;
    }
  }
  const multipliers = f32x4.splat(multiplier);
  const zeroPoints = i32x4.splat(zeroPoint);
  s0 = requantizeFour(i32x4.add(s0, i32x4.extend_low_i16x8_s(low)), multipliers, zeroPoints);
  s1 = requantizeFour(i32x4.add(s1, i32x4.extend_high_i16x8_s(low)), multipliers, zeroPoints);
  s2 = requantizeFour(i32x4.add(s2, i32x4.extend_low_i16x8_s(high)), multipliers, zeroPoints);
  s3 = requantizeFour(i32x4.add(s3, i32x4.extend_high_i16x8_s(high)), multipliers, zeroPoints);
  const narrow = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(s0, s1), i16x8.narrow_i32x4_s(s2, s3));
  v128.store(y, i8x16.min_s(i8x16.max_s(narrow, i8x16.splat(<i8>lowest)), i8x16.splat(<i8>highest)));
}

/** y[c] = offset + Σ x, requantized */
export function sumWindowInt8(
  y: usize,
  from: usize,
  rows: i32,
  columns: i32,
  rowBytes: usize,
  columnBytes: usize,
  channels: i32,
  offset: i32,
  multiplier: f32,
  zeroPoint: i32,
  lowest: i32,
  highest: i32,
): void {
  const end = y + channels;
  if (SIMD && (channels >= 16 || !NARROW_SUMS)) {
    for (; y < end; y += 16, from += 16) {
      // The last vector overlaps the one before.
      const back = y + 16 > end ? y + 16 - end : 0;
      y -= back;
      from -= back;
      sumVectorInt8(y, from, rows, columns, rowBytes, columnBytes, offset, multiplier, zeroPoint, lowest, highest);
    }
  }
  if (SIMD && !NARROW_SUMS) return;
  // As many int8 fit an int16.
  if (PACKED && channels >= 4 && rows * columns <= 255) {
    const lows = splat8(lowest);
    const highs = splat8(highest);
    for (; y < end; y += 4, from += 4) {
      const back = y + 4 > end ? y + 4 - end : 0;
      y -= back;
      from -= back;
      let even = 0, odd = 0;
      let row = from;
      for (let r = rows; r > 0; r--, row += rowBytes) {
        let at = row;
        for (let c = columns; c > 0; c--, at += columnBytes) {
          const x = load<i32>(at, 0, 1);
          even = sxtab16(even, x);
          odd = sxtab16Ror8(odd, x);
        }
      }
      const bytes = packSaturated8(
        requantizeWide(offset + <i16>even, multiplier, zeroPoint),
        requantizeWide(offset + <i16>odd, multiplier, zeroPoint),
        requantizeWide(offset + (even >> 16), multiplier, zeroPoint),
        requantizeWide(offset + (odd >> 16), multiplier, zeroPoint),
      );
      store<i32>(y, min8(max8(bytes, lows), highs), 0, 1);
    }
  }
  for (; y < end; y++, from++) {
    let sum = offset;
    let row = from;
    for (let r = 0; r < rows; r++, row += rowBytes) {
      let at = row;
      for (let c = 0; c < columns; c++, at += columnBytes) sum += load<i8>(at);
    }
    store<i8>(y, requantize(sum, multiplier, zeroPoint, lowest, highest));
  }
}
