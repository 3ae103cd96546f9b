/**
 * Mean, variance and scaling of a row of float32 numbers. Sums are in float64: element i belongs to partial sum i mod 4 and
 * these are added up as (0 + 1) + (2 + 3), then the rest one by one; so all builds give the same bits.
 */
import { SIMD } from "../variant";

/** The elements as pairs of float64. */
// @ts-ignore: decorator
@inline
function lowPair(four: v128): v128 {
  return f64x2.promote_low_f32x4(four);
}

// @ts-ignore: decorator
@inline
function highPair(four: v128): v128 {
  return f64x2.promote_low_f32x4(i64x2.shuffle(four, four, 1, 1));
}

// @ts-ignore: decorator
@inline
function sumOfFour(low: v128, high: v128): f64 {
  return f64x2.extract_lane(low, 0) + f64x2.extract_lane(low, 1) + (f64x2.extract_lane(high, 0) + f64x2.extract_lane(high, 1));
}

export function meanOfRow(x: usize, length: i32): f64 {
  const end = x + ((<usize>length) << 2);
  let sum: f64;
  if (SIMD) {
    let low = f64x2.splat(0);
    let high = f64x2.splat(0);
    for (; x + 16 <= end; x += 16) {
      const four = v128.load(x);
      low = f64x2.add(low, lowPair(four));
      high = f64x2.add(high, highPair(four));
    }
    sum = sumOfFour(low, high);
  } else {
    let s0: f64 = 0;
    let s1: f64 = 0;
    let s2: f64 = 0;
    let s3: f64 = 0;
    for (; x + 16 <= end; x += 16) {
      s0 += load<f32>(x);
      s1 += load<f32>(x, 4);
      s2 += load<f32>(x, 8);
      s3 += load<f32>(x, 12);
    }
    sum = s0 + s1 + (s2 + s3);
  }
  for (; x < end; x += 4) sum += load<f32>(x);
  return sum / length;
}

// @ts-ignore: decorator
@inline
function squaredDistance(x: usize, mean: f64): f64 {
  const distance = <f64>load<f32>(x) - mean;
  return distance * distance;
}

/** The mean squared distance to the mean: in two passes, so that nothing cancels. */
export function varianceOfRow(x: usize, length: i32, mean: f64): f64 {
  const end = x + ((<usize>length) << 2);
  let sum: f64;
  if (SIMD) {
    const means = f64x2.splat(mean);
    let low = f64x2.splat(0);
    let high = f64x2.splat(0);
    for (; x + 16 <= end; x += 16) {
      const four = v128.load(x);
      const lowDistance = f64x2.sub(lowPair(four), means);
      const highDistance = f64x2.sub(highPair(four), means);
      low = f64x2.add(low, f64x2.mul(lowDistance, lowDistance));
      high = f64x2.add(high, f64x2.mul(highDistance, highDistance));
    }
    sum = sumOfFour(low, high);
  } else {
    let s0: f64 = 0;
    let s1: f64 = 0;
    let s2: f64 = 0;
    let s3: f64 = 0;
    for (; x + 16 <= end; x += 16) {
      s0 += squaredDistance(x, mean);
      s1 += squaredDistance(x + 4, mean);
      s2 += squaredDistance(x + 8, mean);
      s3 += squaredDistance(x + 12, mean);
    }
    sum = s0 + s1 + (s2 + s3);
  }
  for (; x < end; x += 4) sum += squaredDistance(x, mean);
  return sum / length;
}

/** y = (x - mean) · factor · gamma + beta, in float64 up to the rounding of y; y may be x. */
export function normalizeRow(x: usize, y: usize, length: i32, mean: f64, factor: f64, gamma: usize, beta: usize): void {
  const end = x + ((<usize>length) << 2);
  if (SIMD) {
    const means = f64x2.splat(mean);
    const factors = f64x2.splat(factor);
    for (; x + 16 <= end; x += 16, y += 16, gamma += 16, beta += 16) {
      const four = v128.load(x);
      const scale = v128.load(gamma);
      const shift = v128.load(beta);
      const low = f64x2.mul(f64x2.mul(f64x2.sub(lowPair(four), means), factors), lowPair(scale));
      const high = f64x2.mul(f64x2.mul(f64x2.sub(highPair(four), means), factors), highPair(scale));
      const y01 = f32x4.demote_f64x2_zero(f64x2.add(low, lowPair(shift)));
      const y23 = f32x4.demote_f64x2_zero(f64x2.add(high, highPair(shift)));
      v128.store(y, i64x2.shuffle(y01, y23, 0, 2));
    }
  }
  for (; x < end; x += 4, y += 4, gamma += 4, beta += 4) {
    store<f32>(y, <f32>((<f64>load<f32>(x) - mean) * factor * <f64>load<f32>(gamma) + <f64>load<f32>(beta)));
  }
}
