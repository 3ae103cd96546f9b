/**
 * int8 matrix product for MVE: one or two columns x 4 channels, VMLADAV on 16 of K.
 *
 *     column   [K] int8: in the workspace, or the input itself
 *     block    4 biases int32 · 4 multipliers float32 · [K / 16][4 channels][16] · [4 channels][K % 16], int8
 *
 * Loads of weights reach up to 15 bytes behind the block.
 */
import { CONV_CLAMP_HIGH, CONV_CLAMP_LOW } from "../format";
import { word } from "../step";
import { outputZeroPoint } from "./columns-finish";
import { add32, clamp32, dot8, loadFirst, make32, roundProduct32, splat32, splatBytes, storeFirst, storeLow8 } from "./mve";

const HEADER_BYTES: i32 = 32;

/** Offset of weight `i` of K in a block. */
export function weightOffsetMve(i: i32, k: i32, channel: i32): usize {
  const tail = k & 15;
  return i < k - tail ? ((i >> 4) << 6) + (channel << 4) + (i & 15) : ((k - tail) << 2) + channel * tail + (i & 15);
}

export function copyRunMve(to: usize, from: usize, count: i32): usize {
  const end = to + count;
  for (; count > 0; count -= 16, to += 16, from += 16) storeFirst(to, loadFirst(from, count), count);
  return end;
}

export function fillRunMve(to: usize, value: i32, count: i32): usize {
  const end = to + count;
  for (; count > 0; count -= 16, to += 16) storeFirst(to, splatBytes(value), count);
  return end;
}

/** Writes `count` int8 of each of `runs` runs that lie `runBytes` apart. */
export function copyRunsMve(to: usize, from: usize, count: i32, runs: i32, runBytes: usize): void {
  for (; runs > 0; runs--, from += runBytes) to = copyRunMve(to, from, count);
}

// @ts-ignore: decorator
@inline
function finish(y: usize, channels: i32, sums: v128, block: usize, zeroPoint: i32, low: v128, high: v128): void {
  const biased = add32(sums, v128.load(block, 0, 4));
  storeLow8(y, clamp32(roundProduct32(biased, v128.load(block, 16, 4), zeroPoint), low, high), channels);
}

/** Two columns x all channels; `parameters` are those of the convolution, `rowBytes` lie between their outputs. */
export function multiplyColumns2Mve(
  column0: usize, column1: usize, k: i32, block: usize, channels: i32, parameters: usize, y: usize, rowBytes: usize,
): void {
  const zeroPoint = outputZeroPoint(parameters);
  const low = splat32(word(parameters, CONV_CLAMP_LOW));
  const high = splat32(word(parameters, CONV_CLAMP_HIGH));
  const tail = k & 15;
  for (; channels > 0; channels -= 4, y += 4) {
    // Two channels at a time: no more sums fit the registers that VMLADAV can add to.
    let a0 = 0, a1 = 0, b0 = 0, b1 = 0;
    let x0 = column0, x1 = column1, w = block + HEADER_BYTES;
    for (let i = k >> 4; i > 0; i--, x0 += 16, x1 += 16, w += 64) {
      const left = v128.load(x0, 0, 1), right = v128.load(x1, 0, 1);
      const first = v128.load(w, 0, 1), second = v128.load(w, 16, 1);
      a0 = dot8(first, left, a0);
      a1 = dot8(first, right, a1);
      b0 = dot8(second, left, b0);
      b1 = dot8(second, right, b1);
    }
    if (tail > 0) {
      const left = loadFirst(x0, tail), right = loadFirst(x1, tail);
      const first = v128.load(w, 0, 1), second = v128.load(w + tail, 0, 1);
      a0 = dot8(first, left, a0);
      a1 = dot8(first, right, a1);
      b0 = dot8(second, left, b0);
      b1 = dot8(second, right, b1);
    }
    let c0 = 0, c1 = 0, d0 = 0, d1 = 0;
    x0 = column0;
    x1 = column1;
    w = block + (HEADER_BYTES + 32);
    for (let i = k >> 4; i > 0; i--, x0 += 16, x1 += 16, w += 64) {
      const left = v128.load(x0, 0, 1), right = v128.load(x1, 0, 1);
      const first = v128.load(w, 0, 1), second = v128.load(w, 16, 1);
      c0 = dot8(first, left, c0);
      c1 = dot8(first, right, c1);
      d0 = dot8(second, left, d0);
      d1 = dot8(second, right, d1);
    }
    w -= 32;
    if (tail > 0) {
      const left = loadFirst(x0, tail), right = loadFirst(x1, tail);
      w += tail << 1;
      const first = v128.load(w, 0, 1), second = v128.load(w + tail, 0, 1);
      c0 = dot8(first, left, c0);
      c1 = dot8(first, right, c1);
      d0 = dot8(second, left, d0);
      d1 = dot8(second, right, d1);
      w += tail << 1;
    }
    finish(y, channels, make32(a0, b0, c0, d0), block, zeroPoint, low, high);
    finish(y + rowBytes, channels, make32(a1, b1, c1, d1), block, zeroPoint, low, high);
    block = w;
  }
}

export function multiplyColumnMve(column: usize, k: i32, block: usize, channels: i32, parameters: usize, y: usize): void {
  const zeroPoint = outputZeroPoint(parameters);
  const low = splat32(word(parameters, CONV_CLAMP_LOW));
  const high = splat32(word(parameters, CONV_CLAMP_HIGH));
  const tail = k & 15;
  for (; channels > 0; channels -= 4, y += 4) {
    let a = 0, b = 0, c = 0, d = 0;
    let x = column, w = block + HEADER_BYTES;
    for (let i = k >> 4; i > 0; i--, x += 16, w += 64) {
      const values = v128.load(x, 0, 1);
      a = dot8(v128.load(w, 0, 1), values, a);
      b = dot8(v128.load(w, 16, 1), values, b);
      c = dot8(v128.load(w, 32, 1), values, c);
      d = dot8(v128.load(w, 48, 1), values, d);
    }
    if (tail > 0) {
      const values = loadFirst(x, tail);
      a = dot8(v128.load(w, 0, 1), values, a);
      b = dot8(v128.load(w + tail, 0, 1), values, b);
      w += tail << 1;
      c = dot8(v128.load(w, 0, 1), values, c);
      d = dot8(v128.load(w + tail, 0, 1), values, d);
      w += tail << 1;
    }
    finish(y, channels, make32(a, b, c, d), block, zeroPoint, low, high);
    block = w;
  }
}
