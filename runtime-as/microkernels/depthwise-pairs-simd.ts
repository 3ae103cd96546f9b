/**
 * Depthwise 3x3 int8 convolution of 8 channels on rows that lie interleaved in pairs: `i32x4.dot_i16x8_s` takes a column of two
 * rows at once, and nothing is shuffled per output pixel.
 *
 *     pair     [column][8 channels][2 rows] int16
 *     block    8 biases int32 · 8 multipliers float32 · weights of output rows that begin with the first row of a pair · of those
 *              that begin with the second; each [2 pairs][3 columns][8 channels][2 rows] int16, zeros for the fourth row
 */
import { requantizeRow, requantizeRows2, requantizeRows4 } from "./requantize";

export const PAIRS_HEADER_BYTES: i32 = 64;
/** Of a column. */
export const PAIR_COLUMN_BYTES: i32 = 32;
/** Weights of the window's columns in one pair. */
export const PAIR_WEIGHT_BYTES: i32 = 3 * PAIR_COLUMN_BYTES;
export const WINDOW_WEIGHT_BYTES: i32 = 2 * PAIR_WEIGHT_BYTES;

/** Interleaves a pixel of two rows. */
// @ts-ignore: decorator
@inline
function interleave(to: usize, a: usize, b: usize): void {
  const x = v128.load_ext<i8>(a);
  const y = v128.load_ext<i8>(b);
  v128.store(to, v128.shuffle<i16>(x, y, 0, 8, 1, 9, 2, 10, 3, 11));
  v128.store(to, v128.shuffle<i16>(x, y, 4, 12, 5, 13, 6, 14, 7, 15), 16);
}

/** Interleaves `count` pixels of two rows, from `a` and `b` on. */
// @ts-ignore: decorator
@inline
export function interleaveRows(to: usize, a: usize, aPixelBytes: usize, b: usize, bPixelBytes: usize, count: i32): void {
  for (; count >= 2; count -= 2, to += 2 * PAIR_COLUMN_BYTES) {
    interleave(to, a, b);
    a += aPixelBytes;
    b += bPixelBytes;
    interleave(to + PAIR_COLUMN_BYTES, a, b);
    a += aPixelBytes;
    b += bPixelBytes;
  }
  if (count > 0) interleave(to, a, b);
}

// @ts-ignore: decorator
@inline
function dot(sum: v128, x: v128, weights: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(x, weights));
}

/**
 * `count` output pixels, `pixelBytes` apart at `y`: in fours, the rest in tiles of 3, 2 and 1. The window's first pair begins at `x`, the
 * second `delta` bytes further. T: i8 for stride 1, i16 for stride 2, so that distances are literals.
 *
 * The loops over the two pairs stay loops: in straight code the optimizer computes one accumulator after the other, and the
 * weights of all of them do not fit the registers.
 */
// @ts-ignore: decorator
@inline
export function depthwisePixels<T>(
  x: usize, delta: usize, weights: usize, block: usize, constants: usize, y: usize, pixelBytes: usize, count: i32,
): void {
  for (; count >= 4; count -= 4, x += sizeof<T>() * 128, y += pixelBytes << 2) {
    let c00 = v128.load(block);
    let c01 = v128.load(block, 16);
    let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
    let p = x;
    for (let i = 0; i < WINDOW_WEIGHT_BYTES; i += PAIR_WEIGHT_BYTES, p += delta) {
      const w = weights + i;
      let wk = v128.load(w);
      c00 = dot(c00, v128.load(p), wk);
      c10 = dot(c10, v128.load(p, sizeof<T>() * 32), wk);
      c20 = dot(c20, v128.load(p, sizeof<T>() * 64), wk);
      c30 = dot(c30, v128.load(p, sizeof<T>() * 96), wk);
      wk = v128.load(w, 16);
      c01 = dot(c01, v128.load(p, 16), wk);
      c11 = dot(c11, v128.load(p, sizeof<T>() * 32 + 16), wk);
      c21 = dot(c21, v128.load(p, sizeof<T>() * 64 + 16), wk);
      c31 = dot(c31, v128.load(p, sizeof<T>() * 96 + 16), wk);
      wk = v128.load(w, 32);
      c00 = dot(c00, v128.load(p, 32), wk);
      c10 = dot(c10, v128.load(p, sizeof<T>() * 32 + 32), wk);
      c20 = dot(c20, v128.load(p, sizeof<T>() * 64 + 32), wk);
      c30 = dot(c30, v128.load(p, sizeof<T>() * 96 + 32), wk);
      wk = v128.load(w, 48);
      c01 = dot(c01, v128.load(p, 48), wk);
      c11 = dot(c11, v128.load(p, sizeof<T>() * 32 + 48), wk);
      c21 = dot(c21, v128.load(p, sizeof<T>() * 64 + 48), wk);
      c31 = dot(c31, v128.load(p, sizeof<T>() * 96 + 48), wk);
      wk = v128.load(w, 64);
      c00 = dot(c00, v128.load(p, 64), wk);
      c10 = dot(c10, v128.load(p, sizeof<T>() * 32 + 64), wk);
      c20 = dot(c20, v128.load(p, sizeof<T>() * 64 + 64), wk);
      c30 = dot(c30, v128.load(p, sizeof<T>() * 96 + 64), wk);
      wk = v128.load(w, 80);
      c01 = dot(c01, v128.load(p, 80), wk);
      c11 = dot(c11, v128.load(p, sizeof<T>() * 32 + 80), wk);
      c21 = dot(c21, v128.load(p, sizeof<T>() * 64 + 80), wk);
      c31 = dot(c31, v128.load(p, sizeof<T>() * 96 + 80), wk);
    }
    const y2 = y + (pixelBytes << 1);
    requantizeRows4(c00, c01, c10, c11, c20, c21, c30, c31, y, y + pixelBytes, y2, y2 + pixelBytes, 8, block, constants);
  }
  for (; count >= 3; count -= 3, x += sizeof<T>() * 96, y += 3 * pixelBytes) {
    let c00 = v128.load(block);
    let c01 = v128.load(block, 16);
    let c10 = c00, c11 = c01, c20 = c00, c21 = c01;
    let p = x;
    for (let i = 0; i < WINDOW_WEIGHT_BYTES; i += PAIR_WEIGHT_BYTES, p += delta) {
      const w = weights + i;
      let wk = v128.load(w);
      c00 = dot(c00, v128.load(p), wk);
      c10 = dot(c10, v128.load(p, sizeof<T>() * 32), wk);
      c20 = dot(c20, v128.load(p, sizeof<T>() * 64), wk);
      wk = v128.load(w, 16);
      c01 = dot(c01, v128.load(p, 16), wk);
      c11 = dot(c11, v128.load(p, sizeof<T>() * 32 + 16), wk);
      c21 = dot(c21, v128.load(p, sizeof<T>() * 64 + 16), wk);
      wk = v128.load(w, 32);
      c00 = dot(c00, v128.load(p, 32), wk);
      c10 = dot(c10, v128.load(p, sizeof<T>() * 32 + 32), wk);
      c20 = dot(c20, v128.load(p, sizeof<T>() * 64 + 32), wk);
      wk = v128.load(w, 48);
      c01 = dot(c01, v128.load(p, 48), wk);
      c11 = dot(c11, v128.load(p, sizeof<T>() * 32 + 48), wk);
      c21 = dot(c21, v128.load(p, sizeof<T>() * 64 + 48), wk);
      wk = v128.load(w, 64);
      c00 = dot(c00, v128.load(p, 64), wk);
      c10 = dot(c10, v128.load(p, sizeof<T>() * 32 + 64), wk);
      c20 = dot(c20, v128.load(p, sizeof<T>() * 64 + 64), wk);
      wk = v128.load(w, 80);
      c01 = dot(c01, v128.load(p, 80), wk);
      c11 = dot(c11, v128.load(p, sizeof<T>() * 32 + 80), wk);
      c21 = dot(c21, v128.load(p, sizeof<T>() * 64 + 80), wk);
    }
    const y2 = y + (pixelBytes << 1);
    requantizeRows4(c00, c01, c10, c11, c20, c21, c20, c21, y, y + pixelBytes, y2, y2, 8, block, constants);
  }
  for (; count >= 2; count -= 2, x += sizeof<T>() * 64, y += pixelBytes << 1) {
    let c00 = v128.load(block);
    let c01 = v128.load(block, 16);
    let c10 = c00, c11 = c01;
    let p = x;
    for (let i = 0; i < WINDOW_WEIGHT_BYTES; i += PAIR_WEIGHT_BYTES, p += delta) {
      const w = weights + i;
      let wk = v128.load(w);
      c00 = dot(c00, v128.load(p), wk);
      c10 = dot(c10, v128.load(p, sizeof<T>() * 32), wk);
      wk = v128.load(w, 16);
      c01 = dot(c01, v128.load(p, 16), wk);
      c11 = dot(c11, v128.load(p, sizeof<T>() * 32 + 16), wk);
      wk = v128.load(w, 32);
      c00 = dot(c00, v128.load(p, 32), wk);
      c10 = dot(c10, v128.load(p, sizeof<T>() * 32 + 32), wk);
      wk = v128.load(w, 48);
      c01 = dot(c01, v128.load(p, 48), wk);
      c11 = dot(c11, v128.load(p, sizeof<T>() * 32 + 48), wk);
      wk = v128.load(w, 64);
      c00 = dot(c00, v128.load(p, 64), wk);
      c10 = dot(c10, v128.load(p, sizeof<T>() * 32 + 64), wk);
      wk = v128.load(w, 80);
      c01 = dot(c01, v128.load(p, 80), wk);
      c11 = dot(c11, v128.load(p, sizeof<T>() * 32 + 80), wk);
    }
    requantizeRows2(c00, c01, c10, c11, y, y + pixelBytes, 8, block, constants);
  }
  for (; count >= 1; count -= 1, x += sizeof<T>() * 32, y += pixelBytes) {
    let c00 = v128.load(block);
    let c01 = v128.load(block, 16);
    let p = x;
    for (let i = 0; i < WINDOW_WEIGHT_BYTES; i += PAIR_WEIGHT_BYTES, p += delta) {
      const w = weights + i;
      let wk = v128.load(w);
      c00 = dot(c00, v128.load(p), wk);
      wk = v128.load(w, 16);
      c01 = dot(c01, v128.load(p, 16), wk);
      wk = v128.load(w, 32);
      c00 = dot(c00, v128.load(p, 32), wk);
      wk = v128.load(w, 48);
      c01 = dot(c01, v128.load(p, 48), wk);
      wk = v128.load(w, 64);
      c00 = dot(c00, v128.load(p, 64), wk);
      wk = v128.load(w, 80);
      c01 = dot(c01, v128.load(p, 80), wk);
    }
    requantizeRow(c00, c01, y, 8, block, constants);
  }
}
