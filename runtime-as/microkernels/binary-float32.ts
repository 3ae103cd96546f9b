/** One row of a broadcast float32 operator: y[i] = clamp(f(a[i · stride], b[i · stride])), strides 0 or 1. */
import {
  BINARY_CLAMP_HIGH_F32,
  BINARY_CLAMP_LOW_F32,
  BINARY_FUNCTION,
  FUNCTION_ADD,
  FUNCTION_DIV,
  FUNCTION_MAX,
  FUNCTION_MIN,
  FUNCTION_MUL,
  FUNCTION_POWER,
  FUNCTION_PRELU,
  FUNCTION_SUB,
} from "../format";
import { parameter, parameterF32 } from "../step";
import { SIMD } from "../variant";
import { pow } from "./transcendental";

// @ts-ignore: decorator
@inline
function scalar(f: i32, a: f32, b: f32): f32 {
  switch (f) {
    case FUNCTION_ADD: return a + b;
    case FUNCTION_SUB: return a - b;
    case FUNCTION_MUL: return a * b;
    case FUNCTION_DIV: return a / b;
    case FUNCTION_MIN: return min<f32>(a, b);
    case FUNCTION_MAX: return max<f32>(a, b);
    case FUNCTION_POWER: return pow(a, b);
  }
  return a < 0 ? a * b : a;
}

// @ts-ignore: decorator
@inline
function vector(f: i32, a: v128, b: v128): v128 {
  switch (f) {
    case FUNCTION_ADD: return f32x4.add(a, b);
    case FUNCTION_SUB: return f32x4.sub(a, b);
    case FUNCTION_MUL: return f32x4.mul(a, b);
    case FUNCTION_DIV: return f32x4.div(a, b);
    case FUNCTION_MIN: return f32x4.min(a, b);
    case FUNCTION_MAX: return f32x4.max(a, b);
  }
  return v128.bitselect(f32x4.mul(a, b), a, f32x4.lt(a, f32x4.splat(0)));
}

/** `f` is a constant at every call: the switches vanish. */
// @ts-ignore: decorator
@inline
function row(f: i32, a: usize, b: usize, y: usize, count: i32, aBytes: usize, bBytes: usize, low: f32, high: f32): void {
  const end = y + ((<usize>count) << 2);
  if (SIMD && f != FUNCTION_POWER) {
    let va = f32x4.splat(load<f32>(a));
    let vb = f32x4.splat(load<f32>(b));
    for (; y + 16 <= end; y += 16) {
      if (aBytes) va = v128.load(a);
      if (bBytes) vb = v128.load(b);
      v128.store(y, f32x4.min(f32x4.max(vector(f, va, vb), f32x4.splat(low)), f32x4.splat(high)));
      a += aBytes << 2;
      b += bBytes << 2;
    }
  }
  for (; y < end; y += 4, a += aBytes, b += bBytes) {
    store<f32>(y, min<f32>(max<f32>(scalar(f, load<f32>(a), load<f32>(b)), low), high));
  }
}

export function binaryFloat32Row(step: usize, a: usize, b: usize, y: usize, count: i32, aStride: i32, bStride: i32): void {
  const low = parameterF32(step, BINARY_CLAMP_LOW_F32);
  const high = parameterF32(step, BINARY_CLAMP_HIGH_F32);
  const aBytes = <usize>aStride << 2;
  const bBytes = <usize>bStride << 2;
  switch (parameter(step, BINARY_FUNCTION)) {
    case FUNCTION_ADD: row(FUNCTION_ADD, a, b, y, count, aBytes, bBytes, low, high); return;
    case FUNCTION_SUB: row(FUNCTION_SUB, a, b, y, count, aBytes, bBytes, low, high); return;
    case FUNCTION_MUL: row(FUNCTION_MUL, a, b, y, count, aBytes, bBytes, low, high); return;
    case FUNCTION_DIV: row(FUNCTION_DIV, a, b, y, count, aBytes, bBytes, low, high); return;
    case FUNCTION_MIN: row(FUNCTION_MIN, a, b, y, count, aBytes, bBytes, low, high); return;
    case FUNCTION_MAX: row(FUNCTION_MAX, a, b, y, count, aBytes, bBytes, low, high); return;
    case FUNCTION_POWER: row(FUNCTION_POWER, a, b, y, count, aBytes, bBytes, low, high); return;
    case FUNCTION_PRELU: row(FUNCTION_PRELU, a, b, y, count, aBytes, bBytes, low, high); return;
  }
}
