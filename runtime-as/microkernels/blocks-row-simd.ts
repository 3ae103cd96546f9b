/**
 * int8 product of one row with lists of weight blocks of 16 channels x 4 columns a, b, c, d:
 *
 *     panel   for every 4 columns: a, b int16 · c - 256 a - 128, d - 256 b - 128 int16 · 128 (a + b) int32
 *     list    16 biases int32 · 16 multipliers float32 · number of blocks int32 · 12 bytes
 *             offsets in the panel int32 [n], up to a multiple of 16 · [n][16 channels] of the bytes a + 128, c, b + 128, d
 *
 * Two weights lie in one int16 v = 256 c + (a + 128). To unpack both takes as many instructions as their products; here the
 * upper one is unpacked, and v itself meets the activation of the lower one. What that adds, 256 times the upper weight, is
 * taken from the other activation, which 128 less always fits into int16; all sums wrap, so they are exact:
 *
 *     x_a v + (x_c - 256 x_a - 128) c = x_a a + x_c c + 128 x_a - 128 c
 *
 * The panel holds 128 x_a, and 128 c is part of the bias.
 */
import { dotPair } from "./dot-simd";
import { clampVector, requantizeVector } from "./requantize";

/** In a list: where the number of its blocks stands, and where the header ends. */
export const ROW_BLOCKS_OFFSET: usize = 128;
export const ROW_HEADER_BYTES: usize = 144;

const PANEL_STEP_BYTES: usize = 12;

/** In the panel, of 4 columns. */
// @ts-ignore: decorator
@inline
export function rowPanelOffset(blockColumn: i32): i32 {
  return blockColumn * <i32>PANEL_STEP_BYTES;
}

/** The panel of a row of `k` int8; reads up to 7 bytes behind it, writes up to 12 behind the panel's own. */
export function packRow(x: usize, k: i32, panel: usize): void {
  for (const end = x + k; x < end; x += 8, panel += 2 * PANEL_STEP_BYTES) {
    const wide = v128.load_ext<i8>(x);
    const pairs = i16x8.sub(i16x8.sub(wide, i16x8.shl(i64x2.shl(wide, 32), 8)), i64x2.splat(0x0080008000000000));
    const lower = i32x4.dot_i16x8_s(wide, i64x2.splat(0x00800080));
    v128.store64_lane(panel, pairs, 0);
    v128.store32_lane(panel, lower, 0, 8);
    v128.store64_lane(panel, pairs, 1, 12);
    v128.store32_lane(panel, lower, 2, 20);
  }
}

/** The 4 weights of one channel in a block. @returns what they add to the bias */
export function packRowWeights(from: usize, to: usize): i32 {
  const word = load<i32>(from);
  store<i32>(to, ((word & 0xff0000ff) | ((word >> 8) & 0xff00) | ((word & 0xff00) << 8)) ^ 0x00800080);
  return ((word << 8 >> 24) + (word >> 24)) << 7;
}

/** 16 channels at a time. */
export function squareBlocksRow(panel: usize, list: usize, channels: i32, constants: usize, y: usize): void {
  for (; channels > 0; channels -= 16, y += 16) {
    const blocks = <usize>load<u32>(list, ROW_BLOCKS_OFFSET);
    let c0 = v128.load(list);
    let c1 = v128.load(list, 16);
    let c2 = v128.load(list, 32);
    let c3 = v128.load(list, 48);
    let offset = list + ROW_HEADER_BYTES;
    const end = offset + (blocks << 2);
    let w = offset + ((blocks * 4 + 15) & ~15);
    let lower = 0;
    for (; offset < end; offset += 4, w += 64) {
      const x = panel + load<u32>(offset);
      lower += load<i32>(x, 8);
      const a = v128.load_splat<i32>(x);
      const b = v128.load_splat<i32>(x, 4);
      const w0 = v128.load(w);
      c0 = dotPair(dotPair(c0, a, w0), b, i16x8.shr_s(w0, 8));
      const w1 = v128.load(w, 16);
      c1 = dotPair(dotPair(c1, a, w1), b, i16x8.shr_s(w1, 8));
      const w2 = v128.load(w, 32);
      c2 = dotPair(dotPair(c2, a, w2), b, i16x8.shr_s(w2, 8));
      const w3 = v128.load(w, 48);
      c3 = dotPair(dotPair(c3, a, w3), b, i16x8.shr_s(w3, 8));
    }
    const sum = i32x4.splat(lower);
    const bytes = clampVector(
      requantizeVector(i32x4.sub(c0, sum), v128.load(list, 64), constants),
      requantizeVector(i32x4.sub(c1, sum), v128.load(list, 80), constants),
      requantizeVector(i32x4.sub(c2, sum), v128.load(list, 96), constants),
      requantizeVector(i32x4.sub(c3, sum), v128.load(list, 112), constants), constants,
    );
    if (channels >= 16) v128.store(y, bytes);
    else {
      // Nothing needs the panel behind the last list.
      v128.store(panel, bytes);
      for (let i: usize = 0; i < <usize>channels; i++) store<u8>(y + i, load<u8>(panel + i));
    }
    list = w;
  }
}
