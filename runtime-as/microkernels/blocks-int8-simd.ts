/** Products of int8 panels with lists of weight blocks (kernels/conv2d-blocks.ts draws the lists). */
import { dotPair } from "./dot-simd";
import { clampVector, requantizeRows4, requantizeVector } from "./requantize";

const EIGHT_HEADER: usize = 64 + 16;
const LONG_HEADER: usize = 16;

/** 4 rows (panel of packPanel4) x lists of 8 channels; rows beyond the real ones may point to the last real one. */
export function squareBlocksRows4(
  panel: usize, list: usize, channels: i32, constants: usize, y0: usize, y1: usize, y2: usize, y3: usize,
): void {
  for (; channels > 0; channels -= 8) {
    let c00 = v128.load(list);
    let c01 = v128.load(list, 16);
    let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
    const offsets = list + EIGHT_HEADER;
    const end = offsets + load<u32>(list, 64);
    let w = list + load<u32>(list, 68);
    // Pair after pair, not block after block: V8 11.3 spills sums when the two pairs stand in one body.
    for (let offset = offsets; offset < end; offset += 4, w += 32) {
      const x = panel + load<u32>(offset);
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
    requantizeRows4(c00, c01, c10, c11, c20, c21, c30, c31, y0, y1, y2, y3, channels, list, constants);
    list = w;
    y0 += 8;
    y1 += 8;
    y2 += 8;
    y3 += 8;
  }
}

/** Sum of the 4 lanes of each of 4 vectors. */
// @ts-ignore: decorator
@inline
function sumLanes(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7));
  const cd = i32x4.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7));
  return i32x4.add(v128.shuffle<i64>(ab, cd, 0, 2), v128.shuffle<i64>(ab, cd, 1, 3));
}

/** 4 rows, each a panel of packPanel1 `panelRow` bytes behind the one before; one list per channel. */
export function longBlocksRows4(
  panel: usize, panelRow: usize, list: usize, channels: i32, constants: usize, y0: usize, y1: usize, y2: usize, y3: usize,
): void {
  for (; channels > 0; channels--) {
    const blocks = load<i32>(list);
    const offsets = list + LONG_HEADER;
    const end = offsets + (<usize>blocks << 2);
    let w = offsets + ((<usize>blocks * 4 + 15) & ~15);
    let a = i32x4.splat(0), b = a, c = a, d = a;
    for (let offset = offsets; offset < end; offset += 4, w += 16) {
      const w0 = v128.load_ext<i8>(w);
      const w1 = v128.load_ext<i8>(w, 8);
      let x = panel + load<u32>(offset);
      a = i32x4.add(a, i32x4.add(i32x4.dot_i16x8_s(v128.load(x), w0), i32x4.dot_i16x8_s(v128.load(x, 16), w1)));
      x += panelRow;
      b = i32x4.add(b, i32x4.add(i32x4.dot_i16x8_s(v128.load(x), w0), i32x4.dot_i16x8_s(v128.load(x, 16), w1)));
      x += panelRow;
      c = i32x4.add(c, i32x4.add(i32x4.dot_i16x8_s(v128.load(x), w0), i32x4.dot_i16x8_s(v128.load(x, 16), w1)));
      x += panelRow;
      d = i32x4.add(d, i32x4.add(i32x4.dot_i16x8_s(v128.load(x), w0), i32x4.dot_i16x8_s(v128.load(x, 16), w1)));
    }
    const q = requantizeVector(i32x4.add(sumLanes(a, b, c, d), v128.load_splat<i32>(list, 4)), v128.load_splat<i32>(list, 8), constants);
    const bytes = i32x4.extract_lane(clampVector(q, q, q, q, constants), 0);
    // Last to first: rows that repeat the last real one hold the same.
    store<u8>(y3++, <u8>(bytes >> 24));
    store<u8>(y2++, <u8>(bytes >> 16));
    store<u8>(y1++, <u8>(bytes >> 8));
    store<u8>(y0++, <u8>bytes);
    list = w;
  }
}

/** One row. */
export function longBlocksRow(panel: usize, list: usize, channels: i32, constants: usize, y: usize): void {
  for (const end = y + channels; y < end; y++) {
    const blocks = load<i32>(list);
    const offsets = list + LONG_HEADER;
    const last = offsets + (<usize>blocks << 2);
    let w = offsets + ((<usize>blocks * 4 + 15) & ~15);
    let a = i32x4.splat(0), b = a;
    for (let offset = offsets; offset < last; offset += 4, w += 16) {
      const x = panel + load<u32>(offset);
      a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load(x), v128.load_ext<i8>(w)));
      b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load(x, 16), v128.load_ext<i8>(w, 8)));
    }
    const sum = i32x4.add(a, b);
    const q = requantizeVector(i32x4.add(sumLanes(sum, sum, sum, sum), v128.load_splat<i32>(list, 4)), v128.load_splat<i32>(list, 8), constants);
    store<u8>(y, <u8>i32x4.extract_lane(clampVector(q, q, q, q, constants), 0));
    list = w;
  }
}
