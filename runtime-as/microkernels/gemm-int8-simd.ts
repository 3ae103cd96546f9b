/**
 * int8 matrix product, 4 rows x 8 channels, `i32x4.dot_i16x8_s` over pairs of K:
 *
 *     panel   [steps][4 rows][2] int16       packPanel4
 *     blocks  [ceil(N / 8)] of 8 biases int32 · 8 multipliers float32 · [steps][8 channels][step]
 *
 * A step of the blocks is the depth that one dot consumes, in every form of dot-simd.ts: two weights as int16, or four bytes, for
 * gemm-relaxed-simd.ts. The depth behind K holds zeros in the blocks, so the panel may hold anything there; channels behind N hold
 * anything, and are not stored.
 */
import { RELAXED } from "../variant";
import { dotPair } from "./dot-simd";
import { requantizeRows4 } from "./requantize";

export const BLOCK_HEADER_BYTES: i32 = 64;
export const BLOCK_STEP_BYTES: i32 = 32;

/** Bytes that the panel of 4 rows occupies; packing works in steps of 8 int16. */
export function panelBytesInt8(k: i64): i64 {
  return ((k + 15) >> 4) * 128;
}

/**
 * One channel's `k` weights and `padding` zeros, `depth` of them in each step: 4 bytes, or 2 int16.
 * @returns their sum, where a form needs it
 */
export function packWeights(from: usize, k: i32, padding: i32, to: usize, depth: i32): i32 {
  let sums = i32x4.splat(0);
  for (; k >= 8; k -= 8, from += 8) {
    const wide = v128.load_ext<i8>(from);
    if (RELAXED && depth == 4) {
      sums = i32x4.add(sums, i32x4.dot_i16x8_s(wide, i16x8.splat(1)));
      store<i32>(to, load<i32>(from));
      store<i32>(to, load<i32>(from, 4), 32);
      to += 64;
    } else {
      v128.store_lane<i32>(to, wide, 0);
      v128.store_lane<i32>(to, wide, 1, 32);
      v128.store_lane<i32>(to, wide, 2, 64);
      v128.store_lane<i32>(to, wide, 3, 96);
      to += 128;
    }
  }
  let sum = RELAXED
    ? i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1) + i32x4.extract_lane(sums, 2) + i32x4.extract_lane(sums, 3)
    : 0;
  for (let i = 0; i < k + padding; i++, from++) {
    const weight = i < k ? load<i8>(from) : 0;
    if (RELAXED) sum += weight;
    const at = to + <usize>(i / depth * BLOCK_STEP_BYTES);
    if (RELAXED && depth == 4) store<i8>(at + (i & 3), weight);
    else store<i16>(at + ((i & 1) << 1), weight);
  }
  return sum;
}

/** Interleaves 4 rows of `k` int8; reads up to 7 bytes behind each row, writes up to 48 bytes behind the panel's own. */
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

/** One row of `k` int8; reads up to 7 bytes behind it. */
export function packPanel1(x: usize, k: i32, panel: usize): void {
  for (const end = x + k; x < end; x += 8, panel += 16) v128.store(panel, v128.load_ext<i8>(x));
}

/** Rows beyond the real ones may point to the last real one; `constants` are those of requantize.ts. */
export function gemmRows4(
  panel: usize, steps: i32, block: usize, channels: i32, constants: usize, y0: usize, y1: usize, y2: usize, y3: usize,
): void {
  const panelEnd = panel + (<usize>steps << 4);
  for (; channels > 0; channels -= 8) {
    let c00 = v128.load(block);
    let c01 = v128.load(block, 16);
    let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
    let w = block + BLOCK_HEADER_BYTES;
    for (let x = panel; x < panelEnd; x += 16, w += 32) {
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
    requantizeRows4(c00, c01, c10, c11, c20, c21, c30, c31, y0, y1, y2, y3, channels, block, constants);
    block = w;
    y0 += 8;
    y1 += 8;
    y2 += 8;
    y3 += 8;
  }
}
