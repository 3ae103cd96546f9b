/** Blocks of 16 elements between float32 and int8; each returns how many elements it did. */

// @ts-ignore: decorator
@inline
function quantizeFour(x: usize, scale: v128, low: v128, high: v128, zeroPoint: v128): v128 {
  const limited = v128.min<f32>(v128.max<f32>(v128.div<f32>(v128.load(x), scale), low), high);
  // trunc_sat makes a NaN 0.
  return v128.add<i32>(v128.trunc_sat<i32>(v128.nearest<f32>(limited)), zeroPoint);
}

export function quantizeBlocksSimd(x: usize, y: usize, count: usize, scale: f32, zeroPoint: i32, low: f32, high: f32): usize {
  const scales = f32x4.splat(scale);
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  const zeroPoints = i32x4.splat(zeroPoint);
  const end = count & ~15;
  for (let i: usize = 0; i < end; i += 16) {
    const from = x + (i << 2);
    const a = v128.narrow<i32>(quantizeFour(from, scales, lows, highs, zeroPoints), quantizeFour(from + 16, scales, lows, highs, zeroPoints));
    const b = v128.narrow<i32>(quantizeFour(from + 32, scales, lows, highs, zeroPoints), quantizeFour(from + 48, scales, lows, highs, zeroPoints));
    v128.store(y + i, i8x16.narrow_i16x8_s(a, b));
  }
  return end;
}

export function dequantizeBlocksSimd(x: usize, y: usize, count: usize, scale: f32, zeroPoint: i32): usize {
  const scales = f32x4.splat(scale);
  const zeroPoints = i16x8.splat(<i16>zeroPoint);
  const end = count & ~15;
  for (let i: usize = 0; i < end; i += 8) {
    const offsets = v128.sub<i16>(v128.load_ext<i8>(x + i), zeroPoints);
    const to = y + (i << 2);
    v128.store(to, v128.mul<f32>(v128.convert<i32>(v128.extend_low<i16>(offsets)), scales));
    v128.store(to + 16, v128.mul<f32>(v128.convert<i32>(v128.extend_high<i16>(offsets)), scales));
  }
  return end;
}
