/**
 * int8 product of one row with 16 channels at a time, 4 columns a, b, c, d in a step; with all steps, or a list of some:
 *
 *     panel   [steps] of a, b int16 · c - 256 a - 128, d - 256 b - 128 int16 · 128 (a + b) int32
 *     block   16 biases int32 · 16 multipliers float32 · [steps][16 channels] of the bytes a + 128, c, b + 128, d
 *     list    16 biases int32 · 16 multipliers float32 · number of steps int32 · 12 bytes
 *             offsets in the panel int32 [n], up to a multiple of 16 · [n][16 channels] as in a block
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

/** In a list: where the number of its steps stands, and where the header ends. */
export const LIST_COUNT: usize = 128;
export const LIST_HEADER_BYTES: usize = 144;

export const ROW_CHANNELS: i32 = 16;
export const ROW_HEADER_BYTES: usize = 128;
export const ROW_STEP_BYTES: usize = 64;

const PANEL_STEP_BYTES: usize = 12;

/** In the panel, of 4 columns. */
// @ts-ignore: decorator
@inline
export function rowPanelOffset(blockColumn: i32): i32 {
  return blockColumn * <i32>PANEL_STEP_BYTES;
}

/** The panel of a row of `k` int8; reads up to 7 of them behind it, writes up to 12 bytes behind the panel's own. */
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

/** The `k` weights of one channel, of which there are ROW_CHANNELS; reads up to 3 bytes behind them. @returns what they add to the bias */
export function packRowWeights(from: usize, k: i32, to: usize): i32 {
  let sum = 0;
  for (; k > 0; k -= 4, from += 4, to += ROW_STEP_BYTES) {
    let word = load<i32>(from);
    if (k < 4) word &= (1 << (k << 3)) - 1;
    sum += (word << 8 >> 24) + (word >> 24);
    store<i32>(to, ((word & 0xff0000ff) | ((word >> 8) & 0xff00) | ((word & 0xff00) << 8)) ^ 0x00800080);
  }
  return sum << 7;
}

/** Requantizes the 16 channels behind `block`; `lower` is what the steps held last. `panel` has met its last weights when fewer are real. */
// @ts-ignore: decorator
@inline
function storeSixteen(
  c0: v128, c1: v128, c2: v128, c3: v128, lower: i32, y: usize, channels: i32, block: usize, constants: usize, panel: usize,
): void {
  const sum = i32x4.splat(lower);
  const bytes = clampVector(
    requantizeVector(i32x4.sub(c0, sum), v128.load(block, 64), constants),
    requantizeVector(i32x4.sub(c1, sum), v128.load(block, 80), constants),
    requantizeVector(i32x4.sub(c2, sum), v128.load(block, 96), constants),
    requantizeVector(i32x4.sub(c3, sum), v128.load(block, 112), constants), constants,
  );
  if (channels >= ROW_CHANNELS) v128.store(y, bytes);
  else {
    v128.store(panel, bytes);
    for (let i: usize = 0; i < <usize>channels; i++) store<u8>(y + i, load<u8>(panel + i));
  }
}

/** `constants` are those of requantize.ts. */
export function gemmRow(panel: usize, steps: i32, block: usize, channels: i32, constants: usize, y: usize): void {
  const end = panel + <usize>steps * PANEL_STEP_BYTES;
  for (; channels > 0; channels -= ROW_CHANNELS, y += ROW_CHANNELS) {
    let c0 = v128.load(block);
    let c1 = v128.load(block, 16);
    let c2 = v128.load(block, 32);
    let c3 = v128.load(block, 48);
    let w = block + ROW_HEADER_BYTES;
    let lower = 0;
    for (let x = panel; x < end; x += PANEL_STEP_BYTES, w += ROW_STEP_BYTES) {
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
    storeSixteen(c0, c1, c2, c3, lower, y, channels, block, constants, panel);
    block = w;
  }
}

/** The same with lists. */
export function squareBlocksRow(panel: usize, list: usize, channels: i32, constants: usize, y: usize): void {
  for (; channels > 0; channels -= ROW_CHANNELS, y += ROW_CHANNELS) {
    const blocks = <usize>load<u32>(list, LIST_COUNT);
    let c0 = v128.load(list);
    let c1 = v128.load(list, 16);
    let c2 = v128.load(list, 32);
    let c3 = v128.load(list, 48);
    let offset = list + LIST_HEADER_BYTES;
    const end = offset + (blocks << 2);
    let w = offset + ((blocks * 4 + 15) & ~15);
    let lower = 0;
    for (; offset < end; offset += 4, w += ROW_STEP_BYTES) {
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
    storeSixteen(c0, c1, c2, c3, lower, y, channels, list, constants, panel);
    list = w;
  }
}
