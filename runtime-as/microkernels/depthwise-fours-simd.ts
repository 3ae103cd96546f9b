/**
 * Depthwise 3x3 int8 convolution of 8 channels in relaxed dot products: four rows lie interleaved, and one instruction takes a column of
 * the window, 3 of its 4 bytes.
 *
 *     line    [column][16 channels][rows 0, 2, 1, 3] bytes with the sign of the engine (relaxed-simd.ts), of two blocks
 *     block   8 biases int32 · 8 multipliers float32 · weights of output rows that begin with row 0 · of those that begin with row 1;
 *             each [parts][3 columns][8 channels][rows 0, 2, 1, 3]
 *
 * Engines may add two products in 16 bits. In this order of the rows these are the window's first and third; where their weights do not fit
 * together, the third ones are a part of their own.
 */
import { dotFour, dotHalves, flipAt, FORM_QUADS, onesAt } from "./dot-simd";
import { requantizeRow, requantizeRows4 } from "./requantize";
import { PAIRS, QUADS } from "../variant";

export const FOURS_HEADER_BYTES: i32 = 64;
/** Of a column of a window's weights; a column of a line is of two blocks. */
export const BLOCK_COLUMN_BYTES: i32 = 32;
export const LINE_COLUMN_BYTES: i32 = 2 * BLOCK_COLUMN_BYTES;
/** Weights of a window in one part. */
export const WINDOW_PART_BYTES: i32 = 3 * BLOCK_COLUMN_BYTES;

/** Interleaves 16 channels of `count` pixels, `pixelBytes` apart, of four rows; always reads 16 bytes, so up to 8 behind the last channels. */
export function interleaveFour(to: usize, a: usize, b: usize, c: usize, d: usize, pixelBytes: usize, count: i32, constants: usize): void {
  const flip = flipAt(constants);
  for (const end = to + <usize>(count * LINE_COLUMN_BYTES); to < end; to += LINE_COLUMN_BYTES) {
    const a16 = v128.load(a), b16 = v128.load(b), c16 = v128.load(c), d16 = v128.load(d);
    let ac = v128.shuffle<i8>(a16, c16, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    let bd = v128.shuffle<i8>(b16, d16, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    v128.store(to, v128.xor(v128.shuffle<i16>(ac, bd, 0, 8, 1, 9, 2, 10, 3, 11), flip));
    v128.store(to, v128.xor(v128.shuffle<i16>(ac, bd, 4, 12, 5, 13, 6, 14, 7, 15), flip), 16);
    ac = v128.shuffle<i8>(a16, c16, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    bd = v128.shuffle<i8>(b16, d16, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    v128.store(to, v128.xor(v128.shuffle<i16>(ac, bd, 0, 8, 1, 9, 2, 10, 3, 11), flip), 32);
    v128.store(to, v128.xor(v128.shuffle<i16>(ac, bd, 4, 12, 5, 13, 6, 14, 7, 15), flip), 48);
    a += pixelBytes;
    b += pixelBytes;
    c += pixelBytes;
    d += pixelBytes;
  }
}

/**
 * `count` output pixels, `pixelBytes` apart at `y`: in fours, the rest one by one: tiles of 2 would take 100 bytes gzip of a set, and
 * a tenth less time for most small images, a quarter for 3x3. The window of the first begins at `x`. T: i8 for stride 1, i16 for stride 2,
 * so that distances are literals. Loops over parts are for loops: V8 makes a fifth slower code of do-while ones.
 */
// @ts-ignore: decorator
@inline
export function depthwiseFours<T>(
  form: i32, x: usize, weights: usize, weightsEnd: usize, block: usize, constants: usize, y: usize, pixelBytes: usize, count: i32,
): void {
  for (; count >= 4; count -= 4, x += sizeof<T>() * 4 * LINE_COLUMN_BYTES, y += pixelBytes << 2) {
    let c00 = v128.load(block);
    let c01 = v128.load(block, 16);
    let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
    if (QUADS && form == FORM_QUADS) {
      const ones = onesAt(constants);
      for (let w = weights; !PAIRS || w < weightsEnd; w += WINDOW_PART_BYTES) {
        let wk = v128.load(w);
        c00 = dotHalves(c00, v128.load(x), wk, ones);
        c10 = dotHalves(c10, v128.load(x, sizeof<T>() * 64), wk, ones);
        c20 = dotHalves(c20, v128.load(x, sizeof<T>() * 128), wk, ones);
        c30 = dotHalves(c30, v128.load(x, sizeof<T>() * 192), wk, ones);
        wk = v128.load(w, 16);
        c01 = dotHalves(c01, v128.load(x, 16), wk, ones);
        c11 = dotHalves(c11, v128.load(x, sizeof<T>() * 64 + 16), wk, ones);
        c21 = dotHalves(c21, v128.load(x, sizeof<T>() * 128 + 16), wk, ones);
        c31 = dotHalves(c31, v128.load(x, sizeof<T>() * 192 + 16), wk, ones);
        wk = v128.load(w, 32);
        c00 = dotHalves(c00, v128.load(x, 64), wk, ones);
        c10 = dotHalves(c10, v128.load(x, sizeof<T>() * 64 + 64), wk, ones);
        c20 = dotHalves(c20, v128.load(x, sizeof<T>() * 128 + 64), wk, ones);
        c30 = dotHalves(c30, v128.load(x, sizeof<T>() * 192 + 64), wk, ones);
        wk = v128.load(w, 48);
        c01 = dotHalves(c01, v128.load(x, 80), wk, ones);
        c11 = dotHalves(c11, v128.load(x, sizeof<T>() * 64 + 80), wk, ones);
        c21 = dotHalves(c21, v128.load(x, sizeof<T>() * 128 + 80), wk, ones);
        c31 = dotHalves(c31, v128.load(x, sizeof<T>() * 192 + 80), wk, ones);
        wk = v128.load(w, 64);
        c00 = dotHalves(c00, v128.load(x, 128), wk, ones);
        c10 = dotHalves(c10, v128.load(x, sizeof<T>() * 64 + 128), wk, ones);
        c20 = dotHalves(c20, v128.load(x, sizeof<T>() * 128 + 128), wk, ones);
        c30 = dotHalves(c30, v128.load(x, sizeof<T>() * 192 + 128), wk, ones);
        wk = v128.load(w, 80);
        c01 = dotHalves(c01, v128.load(x, 144), wk, ones);
        c11 = dotHalves(c11, v128.load(x, sizeof<T>() * 64 + 144), wk, ones);
        c21 = dotHalves(c21, v128.load(x, sizeof<T>() * 128 + 144), wk, ones);
        c31 = dotHalves(c31, v128.load(x, sizeof<T>() * 192 + 144), wk, ones);
        if (!PAIRS) break;
      }
    } else {
      for (let w = weights; !PAIRS || w < weightsEnd; w += WINDOW_PART_BYTES) {
        let wk = v128.load(w);
        c00 = dotFour(c00, v128.load(x), wk);
        c10 = dotFour(c10, v128.load(x, sizeof<T>() * 64), wk);
        c20 = dotFour(c20, v128.load(x, sizeof<T>() * 128), wk);
        c30 = dotFour(c30, v128.load(x, sizeof<T>() * 192), wk);
        wk = v128.load(w, 16);
        c01 = dotFour(c01, v128.load(x, 16), wk);
        c11 = dotFour(c11, v128.load(x, sizeof<T>() * 64 + 16), wk);
        c21 = dotFour(c21, v128.load(x, sizeof<T>() * 128 + 16), wk);
        c31 = dotFour(c31, v128.load(x, sizeof<T>() * 192 + 16), wk);
        wk = v128.load(w, 32);
        c00 = dotFour(c00, v128.load(x, 64), wk);
        c10 = dotFour(c10, v128.load(x, sizeof<T>() * 64 + 64), wk);
        c20 = dotFour(c20, v128.load(x, sizeof<T>() * 128 + 64), wk);
        c30 = dotFour(c30, v128.load(x, sizeof<T>() * 192 + 64), wk);
        wk = v128.load(w, 48);
        c01 = dotFour(c01, v128.load(x, 80), wk);
        c11 = dotFour(c11, v128.load(x, sizeof<T>() * 64 + 80), wk);
        c21 = dotFour(c21, v128.load(x, sizeof<T>() * 128 + 80), wk);
        c31 = dotFour(c31, v128.load(x, sizeof<T>() * 192 + 80), wk);
        wk = v128.load(w, 64);
        c00 = dotFour(c00, v128.load(x, 128), wk);
        c10 = dotFour(c10, v128.load(x, sizeof<T>() * 64 + 128), wk);
        c20 = dotFour(c20, v128.load(x, sizeof<T>() * 128 + 128), wk);
        c30 = dotFour(c30, v128.load(x, sizeof<T>() * 192 + 128), wk);
        wk = v128.load(w, 80);
        c01 = dotFour(c01, v128.load(x, 144), wk);
        c11 = dotFour(c11, v128.load(x, sizeof<T>() * 64 + 144), wk);
        c21 = dotFour(c21, v128.load(x, sizeof<T>() * 128 + 144), wk);
        c31 = dotFour(c31, v128.load(x, sizeof<T>() * 192 + 144), wk);
        if (!PAIRS) break;
      }
    }
    const y2 = y + (pixelBytes << 1);
    requantizeRows4(c00, c01, c10, c11, c20, c21, c30, c31, y, y + pixelBytes, y2, y2 + pixelBytes, 8, block, constants);
  }
  for (; count > 0; count--, x += sizeof<T>() * LINE_COLUMN_BYTES, y += pixelBytes) {
    let c00 = v128.load(block);
    let c01 = v128.load(block, 16);
    for (let w = weights; !PAIRS || w < weightsEnd; w += WINDOW_PART_BYTES) {
      c00 = dotFour(c00, v128.load(x), v128.load(w));
      c01 = dotFour(c01, v128.load(x, 16), v128.load(w, 16));
      c00 = dotFour(c00, v128.load(x, 64), v128.load(w, 32));
      c01 = dotFour(c01, v128.load(x, 80), v128.load(w, 48));
      c00 = dotFour(c00, v128.load(x, 128), v128.load(w, 64));
      c01 = dotFour(c01, v128.load(x, 144), v128.load(w, 80));
      if (!PAIRS) break;
    }
    requantizeRow(c00, c01, y, 8, block, constants);
  }
}
