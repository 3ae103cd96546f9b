/**
 * Depthwise int8 convolution of one output row, 8 channels x 4 pixels: `i32x4.dot_i16x8_s` on two taps at a time.
 *
 *     block   8 biases int32 · 8 multipliers float32 · [ceil(taps / 2)][8 channels][2 taps] int16
 *     row     [phase][column][8 channels] int16, where input column w + pad stands in phase w % stride, column
 *             w / stride: so neighbouring output pixels read neighbouring columns, whatever the stride
 *     taps    byte offset of each tap from the first output pixel's column in its row
 */
import { requantizeRows4 } from "./requantize";

export const DEPTHWISE_HEADER_BYTES: i32 = 64;

/** Widens 8 channels of `count` pixels that lie `pixelBytes` apart; reads 8 bytes of each. */
export function widenColumns(to: usize, from: usize, pixelBytes: usize, count: i32): void {
  for (; count >= 4; count -= 4, to += 64) {
    const from2 = from + (pixelBytes << 1);
    v128.store(to, v128.load_ext<i8>(from));
    v128.store(to, v128.load_ext<i8>(from + pixelBytes), 16);
    v128.store(to, v128.load_ext<i8>(from2), 32);
    v128.store(to, v128.load_ext<i8>(from2 + pixelBytes), 48);
    from = from2 + (pixelBytes << 1);
  }
  for (; count > 0; count--, to += 16, from += pixelBytes) v128.store(to, v128.load_ext<i8>(from));
}

export function fillColumns(to: usize, value: i32, count: i32): void {
  for (const end = to + (<usize>count << 4); to < end; to += 16) v128.store(to, i16x8.splat(<i16>value));
}

/** `columns` output pixels, `pixelBytes` apart at `y`; reads up to 3 columns more than that. */
export function depthwiseRow(
  rows: usize, taps: usize, pairs: i32, block: usize, channels: i32, constants: usize, y: usize, pixelBytes: usize, columns: i32,
): void {
  const tapsEnd = taps + (<usize>pairs << 3);
  for (; columns > 0; columns -= 4, rows += 64, y += pixelBytes << 2) {
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
      c00 = i32x4.add(c00, i32x4.dot_i16x8_s(v128.shuffle<i16>(a0, b0, 0, 8, 1, 9, 2, 10, 3, 11), w0));
      c01 = i32x4.add(c01, i32x4.dot_i16x8_s(v128.shuffle<i16>(a0, b0, 4, 12, 5, 13, 6, 14, 7, 15), w1));
      const a1 = v128.load(a, 16);
      const b1 = v128.load(b, 16);
      c10 = i32x4.add(c10, i32x4.dot_i16x8_s(v128.shuffle<i16>(a1, b1, 0, 8, 1, 9, 2, 10, 3, 11), w0));
      c11 = i32x4.add(c11, i32x4.dot_i16x8_s(v128.shuffle<i16>(a1, b1, 4, 12, 5, 13, 6, 14, 7, 15), w1));
      const a2 = v128.load(a, 32);
      const b2 = v128.load(b, 32);
      c20 = i32x4.add(c20, i32x4.dot_i16x8_s(v128.shuffle<i16>(a2, b2, 0, 8, 1, 9, 2, 10, 3, 11), w0));
      c21 = i32x4.add(c21, i32x4.dot_i16x8_s(v128.shuffle<i16>(a2, b2, 4, 12, 5, 13, 6, 14, 7, 15), w1));
      const a3 = v128.load(a, 48);
      const b3 = v128.load(b, 48);
      c30 = i32x4.add(c30, i32x4.dot_i16x8_s(v128.shuffle<i16>(a3, b3, 0, 8, 1, 9, 2, 10, 3, 11), w0));
      c31 = i32x4.add(c31, i32x4.dot_i16x8_s(v128.shuffle<i16>(a3, b3, 4, 12, 5, 13, 6, 14, 7, 15), w1));
    }
    // Pixels behind the row are stored over its last pixel, and that one last of all.
    const y1 = y + <usize>min(1, columns - 1) * pixelBytes;
    const y2 = y + <usize>min(2, columns - 1) * pixelBytes;
    const y3 = y + <usize>min(3, columns - 1) * pixelBytes;
    requantizeRows4(c00, c01, c10, c11, c20, c21, c30, c31, y, y1, y2, y3, channels, block, constants);
  }
}
