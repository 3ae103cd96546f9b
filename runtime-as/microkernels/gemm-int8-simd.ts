/**
 * int8 matrix product, 4 rows x 8 channels, in one of the forms T of dot-simd.ts; a step is the depth that one dot
 * consumes: 2 int16 (form i16) or 4 bytes (i8, u8).
 *
 *     panel   [steps][4 rows][step]          packPanel4 (1 row: [steps][step], packPanel1)
 *     blocks  [ceil(N / 8)] of 8 biases int32 · 8 multipliers float32 · [steps][8 channels][step]
 *
 * Form i16 has int16 weights for 4 rows, and int8 weights for 1 row, which takes as long as its weights take to arrive.
 * Channels behind N and the depth behind K hold zeros in the blocks, so the panel may hold anything there.
 */
import { QUADS, RELAXED } from "../variant";
import { dotFour, dotPair, dotQuads, flipAt, FORM_FOURS, FORM_PAIRS, FORM_QUADS, onesAt } from "./dot-simd";
import { requantizeRow, requantizeRows4 } from "./requantize";

export const BLOCK_HEADER_BYTES: i32 = 64;

/** Bytes that the panel of 4 rows occupies; packing works in steps of 8 int16, or 16 bytes. */
export function panelBytesInt8(k: i64): i64 {
  return ((k + 15) >> 4) * 128;
}

/**
 * One channel's `k` weights, `depth` of them in each step of `stepBytes` bytes, as int8 or int16.
 * @returns their sum, where a form needs it
 */
export function packWeights(from: usize, k: i32, to: usize, depth: i32, stepBytes: usize): i32 {
  const elementBytes = <i32>stepBytes / (depth * 8);
  let sums = i32x4.splat(0);
  for (; k >= 8; k -= 8, from += 8) {
    const wide = v128.load_ext<i8>(from);
    if (RELAXED) sums = i32x4.add(sums, i32x4.dot_i16x8_s(wide, i16x8.splat(1)));
    if (RELAXED && depth == 4) {
      store<i32>(to, load<i32>(from));
      to += stepBytes;
      store<i32>(to, load<i32>(from, 4));
      to += stepBytes;
    } else if (elementBytes == 2) {
      v128.store_lane<i32>(to, wide, 0);
      v128.store_lane<i32>(to, wide, 1, 32);
      v128.store_lane<i32>(to, wide, 2, 64);
      v128.store_lane<i32>(to, wide, 3, 96);
      to += 128;
    } else {
      for (let i: usize = 0; i < 8; i += 2, to += 16) store<i16>(to, load<i16>(from + i));
    }
  }
  let sum = RELAXED
    ? i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1) + i32x4.extract_lane(sums, 2) + i32x4.extract_lane(sums, 3)
    : 0;
  for (let i = 0; i < k; i++, from++) {
    const weight = load<i8>(from);
    if (RELAXED) sum += weight;
    const at = to + <usize>(i / depth) * stepBytes + <usize>((i % depth) * elementBytes);
    if (elementBytes == 2) store<i16>(at, weight);
    else store<i8>(at, weight);
  }
  return sum;
}

/** Interleaves 4 rows of `k` int8; reads up to 15 bytes behind each row, writes up to 64 bytes behind the panel's own. */
export function packPanel4(form: i32, x0: usize, x1: usize, x2: usize, x3: usize, k: i32, panel: usize, constants: usize): void {
  const step: usize = isWide(form) ? 8 : 16;
  for (const end = x0 + k; x0 < end; x0 += step, x1 += step, x2 += step, x3 += step, panel += 64) {
    const a = load16(form, x0, constants);
    const b = load16(form, x1, constants);
    const c = load16(form, x2, constants);
    const d = load16(form, x3, constants);
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

// @ts-ignore: decorator
@inline
function isWide(form: i32): bool {
  return !RELAXED || form == FORM_PAIRS;
}

/** 16 bytes of activations as the form wants them: 8 int16, or 16 bytes. */
// @ts-ignore: decorator
@inline
function load16(form: i32, x: usize, constants: usize): v128 {
  return isWide(form) ? v128.load_ext<i8>(x) : v128.xor(v128.load(x), flipAt(constants));
}

/** One row of `k` int8; reads up to 15 bytes behind it. */
export function packPanel1(form: i32, x: usize, k: i32, panel: usize, constants: usize): void {
  const step: usize = isWide(form) ? 8 : 16;
  for (const end = x + k; x < end; x += step, panel += 16) v128.store(panel, load16(form, x, constants));
}

/** Rows beyond the real ones may point to the last real one; `constants` are those of requantize.ts and dot-simd.ts. */
export function gemmRows4(
  form: i32, panel: usize, steps: i32, block: usize, channels: i32, constants: usize, y0: usize, y1: usize, y2: usize, y3: usize,
): void {
  const panelEnd = panel + (<usize>steps << 4);
  for (; channels > 0; channels -= 8) {
    let c00 = v128.load(block);
    let c01 = v128.load(block, 16);
    let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
    let w = block + BLOCK_HEADER_BYTES;
    let x = panel;
    if (QUADS && form == FORM_QUADS) {
      const ones = onesAt(constants);
      for (; x < panelEnd; x += 32, w += 64) {
        const a0 = v128.load(w), a1 = v128.load(w, 16), b0 = v128.load(w, 32), b1 = v128.load(w, 48);
        const x0 = v128.load_splat<i32>(x), z0 = v128.load_splat<i32>(x, 16);
        c00 = dotQuads(c00, x0, z0, a0, b0, ones);
        c01 = dotQuads(c01, x0, z0, a1, b1, ones);
        const x1 = v128.load_splat<i32>(x, 4), z1 = v128.load_splat<i32>(x, 20);
        c10 = dotQuads(c10, x1, z1, a0, b0, ones);
        c11 = dotQuads(c11, x1, z1, a1, b1, ones);
        const x2 = v128.load_splat<i32>(x, 8), z2 = v128.load_splat<i32>(x, 24);
        c20 = dotQuads(c20, x2, z2, a0, b0, ones);
        c21 = dotQuads(c21, x2, z2, a1, b1, ones);
        const x3 = v128.load_splat<i32>(x, 12), z3 = v128.load_splat<i32>(x, 28);
        c30 = dotQuads(c30, x3, z3, a0, b0, ones);
        c31 = dotQuads(c31, x3, z3, a1, b1, ones);
      }
    } else if (RELAXED && form == FORM_FOURS) {
      for (; x < panelEnd; x += 16, w += 32) {
        const w0 = v128.load(w);
        const w1 = v128.load(w, 16);
        const x0 = v128.load_splat<i32>(x);
        c00 = dotFour(c00, x0, w0);
        c01 = dotFour(c01, x0, w1);
        const x1 = v128.load_splat<i32>(x, 4);
        c10 = dotFour(c10, x1, w0);
        c11 = dotFour(c11, x1, w1);
        const x2 = v128.load_splat<i32>(x, 8);
        c20 = dotFour(c20, x2, w0);
        c21 = dotFour(c21, x2, w1);
        const x3 = v128.load_splat<i32>(x, 12);
        c30 = dotFour(c30, x3, w0);
        c31 = dotFour(c31, x3, w1);
      }
    } else {
      for (; x < panelEnd; x += 16, w += 32) {
        const w0 = v128.load(w);
        const w1 = v128.load(w, 16);
        const x0 = v128.load_splat<i32>(x);
        c00 = dotPair(c00, x0, w0);
        c01 = dotPair(c01, x0, w1);
        const x1 = v128.load_splat<i32>(x, 4);
        c10 = dotPair(c10, x1, w0);
        c11 = dotPair(c11, x1, w1);
        const x2 = v128.load_splat<i32>(x, 8);
        c20 = dotPair(c20, x2, w0);
        c21 = dotPair(c21, x2, w1);
        const x3 = v128.load_splat<i32>(x, 12);
        c30 = dotPair(c30, x3, w0);
        c31 = dotPair(c31, x3, w1);
      }
    }
    requantizeRows4(c00, c01, c10, c11, c20, c21, c30, c31, y0, y1, y2, y3, channels, block, constants);
    block = w;
    y0 += 8;
    y1 += 8;
    y2 += 8;
    y3 += 8;
  }
}

export function gemmRow1(form: i32, panel: usize, steps: i32, block: usize, channels: i32, constants: usize, y: usize): void {
  const panelEnd = panel + (<usize>steps << 2);
  for (; channels > 0; channels -= 8, y += 8) {
    let c0 = v128.load(block);
    let c1 = v128.load(block, 16);
    let w = block + BLOCK_HEADER_BYTES;
    if (!RELAXED || form == FORM_PAIRS) {
      for (let x = panel; x < panelEnd; x += 4, w += 16) {
        const value = v128.load_splat<i32>(x);
        c0 = dotPair(c0, value, v128.load_ext<i8>(w));
        c1 = dotPair(c1, value, v128.load_ext<i8>(w, 8));
      }
    } else if (QUADS && form == FORM_QUADS) {
      const ones = onesAt(constants);
      for (let x = panel; x < panelEnd; x += 8, w += 64) {
        c0 = dotQuads(c0, v128.load_splat<i32>(x), v128.load_splat<i32>(x, 4), v128.load(w), v128.load(w, 32), ones);
        c1 = dotQuads(c1, v128.load_splat<i32>(x), v128.load_splat<i32>(x, 4), v128.load(w, 16), v128.load(w, 48), ones);
      }
    } else {
      for (let x = panel; x < panelEnd; x += 4, w += 32) {
        const value = v128.load_splat<i32>(x);
        c0 = dotFour(c0, value, v128.load(w));
        c1 = dotFour(c1, value, v128.load(w, 16));
      }
    }
    requantizeRow(c0, c1, y, channels, block, constants);
    block = w;
  }
}
