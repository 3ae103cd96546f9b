/**
 * Depthwise int8 convolution of one output row, 8 channels x 4 pixels: `i32x4.dot_i16x8_s` on two taps at a time.
 *
 *     block   8 biases int32 · 8 multipliers float32 · [ceil(taps / 2)][8 channels][2 taps] int16
 *     row     [phase][column][8 channels] int16, where input column w + pad stands in phase w % stride, column
 *             w / stride: so neighbouring output pixels read neighbouring columns, whatever the stride
 *     taps    byte offset of each tap from the first output pixel's column in its row
 */
import { requantizeRows2, requantizeRows4 } from "./requantize";

export const DEPTHWISE_HEADER_BYTES: i32 = 64;

/** Widens `count` pixels that lie `pixelBytes` apart, every 8 channels to a row of their own, `rowBytes` further on; reads up to 7 bytes more. */
export function widenColumns(to: usize, rowBytes: usize, from: usize, pixelBytes: usize, count: i32, channels: i32): void {
  for (; channels > 0; channels -= 8, to += rowBytes, from += 8) {
    let column = to;
    let pixel = from;
    let i = count;
    for (; i >= 4; i -= 4, column += 64) {
      const pixel2 = pixel + (pixelBytes << 1);
      v128.store(column, v128.load_ext<i8>(pixel));
      v128.store(column, v128.load_ext<i8>(pixel + pixelBytes), 16);
      v128.store(column, v128.load_ext<i8>(pixel2), 32);
      v128.store(column, v128.load_ext<i8>(pixel2 + pixelBytes), 48);
      pixel = pixel2 + (pixelBytes << 1);
    }
    for (; i > 0; i--, column += 16, pixel += pixelBytes) v128.store(column, v128.load_ext<i8>(pixel));
  }
}

/** `bytes`: those of whole columns. */
export function fillColumns(to: usize, value: i32, bytes: usize): void {
  const column = i16x8.splat(<i16>value);
  for (const end = to + bytes; to < end; to += 16) v128.store(to, column);
}

/** Channels 0 to 3 of two taps. */
// @ts-ignore: decorator
@inline
function dotLow(sum: v128, a: v128, b: v128, weights: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11), weights));
}

/** Channels 4 to 7. */
// @ts-ignore: decorator
@inline
function dotHigh(sum: v128, a: v128, b: v128, weights: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15), weights));
}

/** `columns` output pixels, `pixelBytes` apart at `y`: in fours, and the last two or one in a tile of 2; reads up to a column more than that. */
export function depthwiseRow(
  rows: usize, taps: usize, pairs: i32, block: usize, channels: i32, constants: usize, y: usize, pixelBytes: usize, columns: i32,
): void {
  const tapsEnd = taps + (<usize>pairs << 3);
  for (; columns > 2; columns -= 4, rows += 64, y += pixelBytes << 2) {
    let c00 = v128.load(block);
    let c01 = v128.load(block, 16);
    let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
    let w = block + DEPTHWISE_HEADER_BYTES;
    for (let tap = taps; tap < tapsEnd; tap += 8, w += 32) {
      const a = rows + load<u32>(tap);
      const b = rows + load<u32>(tap, 4);
      const w0 = v128.load(w);
      const w1 = v128.load(w, 16);
      const a0 = v128.load(a);
      const b0 = v128.load(b);
      c00 = dotLow(c00, a0, b0, w0);
      c01 = dotHigh(c01, a0, b0, w1);
      const a1 = v128.load(a, 16);
      const b1 = v128.load(b, 16);
      c10 = dotLow(c10, a1, b1, w0);
      c11 = dotHigh(c11, a1, b1, w1);
      const a2 = v128.load(a, 32);
      const b2 = v128.load(b, 32);
      c20 = dotLow(c20, a2, b2, w0);
      c21 = dotHigh(c21, a2, b2, w1);
      const a3 = v128.load(a, 48);
      const b3 = v128.load(b, 48);
      c30 = dotLow(c30, a3, b3, w0);
      c31 = dotHigh(c31, a3, b3, w1);
    }
    const y2 = y + (pixelBytes << 1);
    // A pixel behind the row is stored over its last pixel, before that one.
    const y3 = columns > 3 ? y2 + pixelBytes : y2;
    requantizeRows4(c00, c01, c10, c11, c20, c21, c30, c31, y, y + pixelBytes, y2, y3, channels, block, constants);
  }
  if (columns <= 0) return;
  let c00 = v128.load(block);
  let c01 = v128.load(block, 16);
  let c10 = c00, c11 = c01;
  let w = block + DEPTHWISE_HEADER_BYTES;
  for (let tap = taps; tap < tapsEnd; tap += 8, w += 32) {
    const a = rows + load<u32>(tap);
    const b = rows + load<u32>(tap, 4);
    const w0 = v128.load(w);
    const w1 = v128.load(w, 16);
    const a0 = v128.load(a);
    const b0 = v128.load(b);
    c00 = dotLow(c00, a0, b0, w0);
    c01 = dotHigh(c01, a0, b0, w1);
    const a1 = v128.load(a, 16);
    const b1 = v128.load(b, 16);
    c10 = dotLow(c10, a1, b1, w0);
    c11 = dotHigh(c11, a1, b1, w1);
  }
  requantizeRows2(c00, c01, c10, c11, y, columns > 1 ? y + pixelBytes : y, channels, block, constants);
}
