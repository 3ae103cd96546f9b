/**
 * int8 matrix product, 4 rows x 8 channels, `i32x4.dot_i16x8_s` over pairs of K.
 *
 *     panel   [ceil(K / 2)][4 rows][2] int16     packPanel4 (1 row: [K] int16, packPanel1)
 *     blocks  [ceil(N / 8)] of 8 biases int32 · 8 multipliers float32 · [ceil(K / 2)][8 channels][2] int8
 *
 * Both operands advance 16 bytes per pair. Channels behind N and the odd K hold zeros in the blocks, so the panel may
 * hold anything there.
 */
import { clampVector, requantizeRows4, requantizeVector, storeRows } from "./requantize";

export const BLOCK_HEADER_BYTES: i32 = 64;

/** Bytes of one block of 8 channels. */
export function blockBytesInt8(k: i64): i64 {
  return BLOCK_HEADER_BYTES + ((k + 1) >> 1) * 16;
}

/** Bytes that the panel of 4 rows occupies; packing works in steps of 8. */
export function panelBytesInt8(k: i64): i64 {
  return ((k + 7) >> 3) * 64;
}

/** Widens and interleaves 4 rows of `k` int8; reads up to 7 bytes behind each row. */
export function packPanel4(x0: usize, x1: usize, x2: usize, x3: usize, k: i32, panel: usize): void {
  for (const end = x0 + k; x0 < end; x0 += 8, x1 += 8, x2 += 8, x3 += 8, panel += 64) {
    const a = v128.load_ext<i8>(x0);
    const b = v128.load_ext<i8>(x1);
    const c = v128.load_ext<i8>(x2);
    const d = v128.load_ext<i8>(x3);
    const ab0 = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
    const cd0 = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
    v128.store(panel, v128.shuffle<i64>(ab0, cd0, 0, 2));
    v128.store(panel, v128.shuffle<i64>(ab0, cd0, 1, 3), 16);
    const ab1 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
    const cd1 = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
    v128.store(panel, v128.shuffle<i64>(ab1, cd1, 0, 2), 32);
    v128.store(panel, v128.shuffle<i64>(ab1, cd1, 1, 3), 48);
  }
}

/** Widens one row of `k` int8; reads up to 7 bytes behind it. */
export function packPanel1(x: usize, k: i32, panel: usize): void {
  for (const end = x + k; x < end; x += 8, panel += 16) v128.store(panel, v128.load_ext<i8>(x));
}

/** Rows beyond the real ones may point to the last real one; `constants` are those of requantize.ts. */
export function gemmRows4(
  panel: usize, k: i32, block: usize, channels: i32, constants: usize, y0: usize, y1: usize, y2: usize, y3: usize,
): void {
  const panelEnd = panel + (<usize>((k + 1) >> 1) << 4);
  for (; channels > 0; channels -= 8) {
    let c00 = v128.load(block);
    let c01 = v128.load(block, 16);
    let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
    let w = block + BLOCK_HEADER_BYTES;
    for (let x = panel; x < panelEnd; x += 16, w += 16) {
      const w0 = v128.load_ext<i8>(w);
      const w1 = v128.load_ext<i8>(w, 8);
      const x0 = v128.load_splat<i32>(x);
      c00 = i32x4.add(c00, i32x4.dot_i16x8_s(x0, w0));
      c01 = i32x4.add(c01, i32x4.dot_i16x8_s(x0, w1));
      const x1 = v128.load_splat<i32>(x, 4);
      c10 = i32x4.add(c10, i32x4.dot_i16x8_s(x1, w0));
      c11 = i32x4.add(c11, i32x4.dot_i16x8_s(x1, w1));
      const x2 = v128.load_splat<i32>(x, 8);
      c20 = i32x4.add(c20, i32x4.dot_i16x8_s(x2, w0));
      c21 = i32x4.add(c21, i32x4.dot_i16x8_s(x2, w1));
      const x3 = v128.load_splat<i32>(x, 12);
      c30 = i32x4.add(c30, i32x4.dot_i16x8_s(x3, w0));
      c31 = i32x4.add(c31, i32x4.dot_i16x8_s(x3, w1));
    }
    requantizeRows4(c00, c01, c10, c11, c20, c21, c30, c31, y0, y1, y2, y3, channels, block, constants);
    block = w;
    y0 += 8;
    y1 += 8;
    y2 += 8;
    y3 += 8;
  }
}

export function gemmRow1(panel: usize, k: i32, block: usize, channels: i32, constants: usize, y: usize): void {
  const panelEnd = panel + (<usize>((k + 1) >> 1) << 2);
  for (; channels > 0; channels -= 8, y += 8) {
    let c0 = v128.load(block);
    let c1 = v128.load(block, 16);
    let w = block + BLOCK_HEADER_BYTES;
    for (let x = panel; x < panelEnd; x += 4, w += 16) {
      const pair = v128.load_splat<i32>(x);
      c0 = i32x4.add(c0, i32x4.dot_i16x8_s(pair, v128.load_ext<i8>(w)));
      c1 = i32x4.add(c1, i32x4.dot_i16x8_s(pair, v128.load_ext<i8>(w, 8)));
    }
    const q0 = requantizeVector(c0, v128.load(block, 32), constants);
    const q1 = requantizeVector(c1, v128.load(block, 48), constants);
    storeRows(clampVector(q0, q1, q0, q1, constants), y, y, channels);
    block = w;
  }
}
