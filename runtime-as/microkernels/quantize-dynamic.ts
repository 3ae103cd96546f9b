/**
 * float32 → integers around zero with a scale from the numbers themselves: ONNX's DynamicQuantizeLinear, whose uint8 minus
 * its zero point is stored as int16. Least and largest number do not depend on the order in which they are looked for.
 */
import { SIMD } from "../variant";

const LEVELS: f32 = 255;

/** The least number, or 0 when that is less; with `sign` -1 minus the largest. */
function least(x: usize, count: usize, sign: f32): f32 {
  let result: f32 = 0;
  let i: usize = 0;
  if (SIMD) {
    const signs = f32x4.splat(sign);
    let lanes = f32x4.splat(0);
    for (const end = count & ~3; i < end; i += 4) lanes = f32x4.min(lanes, f32x4.mul(v128.load(x + (i << 2)), signs));
    result = min<f32>(
      min<f32>(f32x4.extract_lane(lanes, 0), f32x4.extract_lane(lanes, 1)),
      min<f32>(f32x4.extract_lane(lanes, 2), f32x4.extract_lane(lanes, 3)),
    );
  }
  for (; i < count; i++) result = min<f32>(result, load<f32>(x + (i << 2)) * sign);
  return result;
}

// @ts-ignore: decorator
@inline
function rounded(value: f32): i32 {
  return value == value ? <i32>nearest<f32>(value) : 0;
}

/** Writes `count` int16 in [-255, 255] and @returns the scale. */
export function quantizeDynamic(x: usize, count: usize, to: usize): f32 {
  const low = least(x, count, 1);
  const high = -least(x, count, -1);
  const scale: f32 = high == low ? 1 : (high - low) / LEVELS;
  const zeroPoint = <f32>rounded(min<f32>(max<f32>(0 - low / scale, 0), LEVELS));
  const first = -zeroPoint;
  const last = LEVELS - zeroPoint;
  let i: usize = 0;
  if (SIMD) {
    const scales = f32x4.splat(scale), lows = f32x4.splat(first), highs = f32x4.splat(last);
    for (const end = count & ~7; i < end; i += 8) {
      const from = x + (i << 2);
      const a = f32x4.nearest(f32x4.min(f32x4.max(f32x4.div(v128.load(from), scales), lows), highs));
      const b = f32x4.nearest(f32x4.min(f32x4.max(f32x4.div(v128.load(from, 16), scales), lows), highs));
      v128.store(to + (i << 1), i16x8.narrow_i32x4_s(i32x4.trunc_sat_f32x4_s(a), i32x4.trunc_sat_f32x4_s(b)));
    }
  }
  for (; i < count; i++) store<i16>(to + (i << 1), <i16>rounded(min<f32>(max<f32>(load<f32>(x + (i << 2)) / scale, first), last)));
  return scale;
}
