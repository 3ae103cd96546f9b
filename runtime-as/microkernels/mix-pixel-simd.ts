/** The SIMD side of mix-pixel.ts: as many channels as fill whole vectors; both return how many bytes they have written. */
import { RESIZE_WEIGHT_BITS } from "../format";

// @ts-ignore: decorator
@inline
function between(low: v128, high: v128, weight: v128): v128 {
  return f32x4.add(low, f32x4.mul(f32x4.sub(high, low), weight));
}

export function mixChannelsFloat32Simd(
  y: usize, topLeft: usize, topRight: usize, bottomLeft: usize, bottomRight: usize, across: f32, down: f32, end: usize,
): usize {
  const a = f32x4.splat(across);
  const d = f32x4.splat(down);
  let at: usize = 0;
  for (; at + 16 <= end; at += 16) {
    const top = between(v128.load(topLeft + at), v128.load(topRight + at), a);
    const bottom = between(v128.load(bottomLeft + at), v128.load(bottomRight + at), a);
    v128.store(y + at, between(top, bottom, d));
  }
  return at;
}

/** Four channels: pairs (left, right) times (one - across, across), then the two rows. */
// @ts-ignore: decorator
@inline
function mixFour(top: v128, bottom: v128, across: v128, up: v128, down: v128): v128 {
  const sum = i32x4.add(i32x4.mul(i32x4.dot_i16x8_s(top, across), up), i32x4.mul(i32x4.dot_i16x8_s(bottom, across), down));
  return i32x4.shr_s(i32x4.add(sum, i32x4.splat(1 << (2 * RESIZE_WEIGHT_BITS - 1))), 2 * RESIZE_WEIGHT_BITS);
}

// @ts-ignore: decorator
@inline
function pairsLow(left: v128, right: v128): v128 {
  return i8x16.shuffle(left, right, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23);
}

// @ts-ignore: decorator
@inline
function pairsHigh(left: v128, right: v128): v128 {
  return i8x16.shuffle(left, right, 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31);
}

export function mixChannelsInt8Simd(
  y: usize, topLeft: usize, topRight: usize, bottomLeft: usize, bottomRight: usize, across: i32, down: i32, end: usize,
): usize {
  const one = 1 << RESIZE_WEIGHT_BITS;
  const a = i32x4.splat((one - across) | (across << 16));
  const u = i32x4.splat(one - down);
  const d = i32x4.splat(down);
  let at: usize = 0;
  for (; at + 8 <= end; at += 8) {
    const tl = v128.load_ext<i8>(topLeft + at);
    const tr = v128.load_ext<i8>(topRight + at);
    const bl = v128.load_ext<i8>(bottomLeft + at);
    const br = v128.load_ext<i8>(bottomRight + at);
    const low = mixFour(pairsLow(tl, tr), pairsLow(bl, br), a, u, d);
    const high = mixFour(pairsHigh(tl, tr), pairsHigh(bl, br), a, u, d);
    const words = i16x8.narrow_i32x4_s(low, high);
    v128.store64_lane(y + at, i8x16.narrow_i16x8_s(words, words), 0);
  }
  return at;
}
