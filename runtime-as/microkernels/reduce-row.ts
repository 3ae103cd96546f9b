/** Sum, maximum and minimum of `length` neighbouring elements. */
import { SIMD } from "../variant";

/** Four partial sums (element i belongs to sum i mod 4), added up as (0 + 1) + (2 + 3); then the rest, one by one. */
export function sumRowFloat32(x: usize, length: i32): f32 {
  const end = x + ((<usize>length) << 2);
  let sum: f32;
  if (SIMD) {
    let sums = f32x4.splat(0);
    for (; x + 16 <= end; x += 16) sums = f32x4.add(sums, v128.load(x));
    sum = f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1) + (f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3));
  } else {
    let s0: f32 = 0;
    let s1: f32 = 0;
    let s2: f32 = 0;
    let s3: f32 = 0;
    for (; x + 16 <= end; x += 16) {
      s0 += load<f32>(x);
      s1 += load<f32>(x, 4);
      s2 += load<f32>(x, 8);
      s3 += load<f32>(x, 12);
    }
    sum = s0 + s1 + (s2 + s3);
  }
  for (; x < end; x += 4) sum += load<f32>(x);
  return sum;
}

export function sumRowInt8(x: usize, length: i32): i32 {
  const end = x + length;
  let sum = 0;
  if (SIMD) {
    let sums = i32x4.splat(0);
    for (; x + 16 <= end; x += 16) {
      sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_s(v128.load(x))));
    }
    sum = i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1) + i32x4.extract_lane(sums, 2) + i32x4.extract_lane(sums, 3);
  }
  for (; x < end; x++) sum += load<i8>(x);
  return sum;
}

/** The largest element; NaN when one is NaN. */
export function maxRowFloat32(x: usize, length: i32): f32 {
  const end = x + ((<usize>length) << 2);
  let largest = -Infinity as f32;
  if (SIMD) {
    let v = f32x4.splat(-Infinity);
    for (; x + 16 <= end; x += 16) v = f32x4.max(v, v128.load(x));
    largest = max<f32>(
      max<f32>(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)),
      max<f32>(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)),
    );
  }
  for (; x < end; x += 4) largest = max<f32>(largest, load<f32>(x));
  return largest;
}
