/**
 * Depthwise int8 convolution for MVE, 16 channels at a time. Products of int8 are int16, and so is the sum of two; the sums
 * of channels 0, 4, 8, 12 stand in one vector of int32, those of 1, 5, 9, 13 in the next, and so on.
 *
 *     row      [column][16 channels] int8
 *     block    16 biases int32 · 16 multipliers float32, both in the order of the sums · [taps][16 channels] int8
 */
import { CONV_CLAMP_HIGH, CONV_CLAMP_LOW } from "../format";
import { word } from "../step";
import { outputZeroPoint } from "./columns-finish";
import {
  add16,
  addEven16,
  addOdd16,
  clamp8,
  loadFirst,
  multiply8Even,
  multiply8Odd,
  packSaturated8,
  roundProduct32,
  splatBytes,
  storeFirst,
} from "./mve";

/** Where the bias of a channel of the block stands in its header. */
export function depthwiseLaneMve(channel: i32): usize {
  return (<usize>(channel & 3) << 4) + (<usize>(channel >> 2) << 2);
}

/** Copies the first 16 channels of `count` pixels that lie `pixelBytes` apart; channels that a pixel has not are 0. */
export function copyColumnsMve(to: usize, from: usize, pixelBytes: usize, count: i32): void {
  for (; count > 0; count--, from += pixelBytes, to += 16) v128.store(to, loadFirst(from, <i32>pixelBytes), 0, 4);
}

export function fillColumnsMve(to: usize, value: i32, count: i32): void {
  for (; count > 0; count--, to += 16) v128.store(to, splatBytes(value), 0, 4);
}

// @ts-ignore: decorator
@inline
function finish(
  y: usize, channels: i32, a: v128, b: v128, c: v128, d: v128, block: usize, zeroPoint: i32, low: i32, high: i32,
): void {
  const bytes = packSaturated8(
    roundProduct32(a, v128.load(block, 64, 4), zeroPoint),
    roundProduct32(b, v128.load(block, 80, 4), zeroPoint),
    roundProduct32(c, v128.load(block, 96, 4), zeroPoint),
    roundProduct32(d, v128.load(block, 112, 4), zeroPoint),
  );
  storeFirst(y, clamp8(bytes, splatBytes(low), splatBytes(high)), channels);
}

/** As depthwisePixelsDsp, for 16 channels; `weights` are the block's own. */
export function depthwisePixelsMve(
  rows: usize, rowsEnd: usize, kernelWidth: i32, tapStep: usize, pixelStep: usize, weights: usize,
  block: usize, channels: i32, parameters: usize, y: usize, pixelBytes: usize, count: i32,
): void {
  const zeroPoint = outputZeroPoint(parameters);
  const low = word(parameters, CONV_CLAMP_LOW);
  const high = word(parameters, CONV_CLAMP_HIGH);
  for (let offset: usize = 0; count > 0; count--, offset += pixelStep, y += pixelBytes) {
    let a = v128.load(block, 0, 4), b = v128.load(block, 16, 4), c = v128.load(block, 32, 4), d = v128.load(block, 48, 4);
    let w = weights;
    for (let row = rows; row < rowsEnd; row += 4) {
      let x = <usize>load<u32>(row) + offset;
      for (let tap = kernelWidth; tap > 0; tap--, x += tapStep, w += 16) {
        const values = v128.load(x, 0, 4), taps = v128.load(w, 0, 4);
        const even = multiply8Even(values, taps), odd = multiply8Odd(values, taps);
        a = addEven16(a, even);
        b = addEven16(b, odd);
        c = addOdd16(c, even);
        d = addOdd16(d, odd);
      }
    }
    finish(y, channels, a, b, c, d, block, zeroPoint, low, high);
  }
}

/** As depthwisePixels3x3Dsp, for 16 channels. */
export function depthwisePixels3x3Mve(
  x0: usize, x1: usize, x2: usize, pixelStep: usize, weights: usize,
  block: usize, channels: i32, parameters: usize, y: usize, pixelBytes: usize, count: i32,
): void {
  const zeroPoint = outputZeroPoint(parameters);
  const low = word(parameters, CONV_CLAMP_LOW);
  const high = word(parameters, CONV_CLAMP_HIGH);
  for (; count > 0; count--, y += pixelBytes) {
    let a = v128.load(block, 0, 4), b = v128.load(block, 16, 4), c = v128.load(block, 32, 4), d = v128.load(block, 48, 4);
    let w = weights;
    for (let row = 0; row < 3; row++, w += 48) {
      const x = x0;
      let values = v128.load(x, 0, 4), taps = v128.load(w, 0, 4);
      let even = multiply8Even(values, taps), odd = multiply8Odd(values, taps);
      values = v128.load(x, 16, 4);
      taps = v128.load(w, 16, 4);
      even = add16(even, multiply8Even(values, taps));
      odd = add16(odd, multiply8Odd(values, taps));
      a = addEven16(a, even);
      b = addEven16(b, odd);
      c = addOdd16(c, even);
      d = addOdd16(d, odd);
      values = v128.load(x, 32, 4);
      taps = v128.load(w, 32, 4);
      even = multiply8Even(values, taps);
      odd = multiply8Odd(values, taps);
      a = addEven16(a, even);
      b = addEven16(b, odd);
      c = addOdd16(c, even);
      d = addOdd16(d, odd);
      x0 = x1;
      x1 = x2;
      x2 = x + pixelStep;
    }
    finish(y, channels, a, b, c, d, block, zeroPoint, low, high);
  }
}
