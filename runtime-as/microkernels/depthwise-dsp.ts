/**
 * Depthwise int8 convolution for the DSP extension, 4 channels at a time.
 *
 *     row      [column] of (channels 0, 2) · (channels 1, 3), int16
 *     block    4 biases int32 · 4 multipliers float32 · [taps][4 channels] int8
 *     weights  [taps] of (channels 0, 2) · (channels 1, 3), int16: a block's, widened
 */
import { finishChannels, highLimit, lowLimit, outputZeroPoint } from "./columns-finish";
import { smlabb, smlatt, sxtb16, sxtb16Ror8 } from "./dsp";

// @ts-ignore: decorator
@inline
function widen(to: usize, bytes: i32): void {
  store<i32>(to, sxtb16(bytes));
  store<i32>(to, sxtb16Ror8(bytes), 4);
}

/** Widens 4 bytes each of `count` pixels (or taps) that lie `pixelBytes` apart. */
export function widenColumnsDsp(to: usize, from: usize, pixelBytes: usize, count: i32): void {
  for (; count > 0; count--, from += pixelBytes, to += 8) widen(to, load<i32>(from, 0, 1));
}

/** The same where a pixel has fewer than 4 channels; the others repeat its last one. */
export function widenNarrowColumnsDsp(to: usize, from: usize, pixelBytes: usize, count: i32): void {
  const second = from + min<usize>(1, pixelBytes - 1), third = from + min<usize>(2, pixelBytes - 1);
  for (let i: usize = 0; count > 0; count--, i += pixelBytes, to += 8) {
    const last = <i32>load<u8>(third + i);
    widen(to, <i32>load<u8>(from + i) | (<i32>load<u8>(second + i) << 8) | (last << 16) | (last << 24));
  }
}

export function fillColumnsDsp(to: usize, value: i32, count: i32): void {
  const pair = (value & 0xffff) | (value << 16);
  for (const end = to + (<usize>count << 3); to < end; to += 4) store<i32>(to, pair);
}

/**
 * `count` output pixels of 4 channels. `rows` holds the addresses of the kernel's rows at the first pixel; the next one lies
 * `pixelStep` bytes on, the next tap `tapStep`.
 */
export function depthwisePixelsDsp(
  rows: usize, rowsEnd: usize, kernelWidth: i32, tapStep: usize, pixelStep: usize, weights: usize,
  block: usize, channels: i32, parameters: usize, y: usize, pixelBytes: usize, count: i32,
): void {
  const zeroPoint = outputZeroPoint(parameters);
  const low = lowLimit(parameters);
  const high = highLimit(parameters);
  for (let offset: usize = 0; count > 0; count--, offset += pixelStep, y += pixelBytes) {
    let a = load<i32>(block), b = load<i32>(block, 4), c = load<i32>(block, 8), d = load<i32>(block, 12);
    let w = weights;
    for (let row = rows; row < rowsEnd; row += 4) {
      let x = <usize>load<u32>(row) + offset;
      for (let tap = kernelWidth; tap > 0; tap--, x += tapStep, w += 8) {
        const even = load<i32>(x), odd = load<i32>(x, 4);
        const evenWeights = load<i32>(w), oddWeights = load<i32>(w, 4);
        a = smlabb(even, evenWeights, a);
        b = smlabb(odd, oddWeights, b);
        c = smlatt(even, evenWeights, c);
        d = smlatt(odd, oddWeights, d);
      }
    }
    const ma = load<f32>(block, 16), mb = load<f32>(block, 20), mc = load<f32>(block, 24), md = load<f32>(block, 28);
    finishChannels(y, channels, a, b, c, d, ma, mb, mc, md, zeroPoint, low, high);
  }
}

/** The same for a kernel of 3 x 3 taps without dilation, most of all; `x0` to `x2` are its rows. */
export function depthwisePixels3x3Dsp(
  x0: usize, x1: usize, x2: usize, pixelStep: usize, weights: usize,
  block: usize, channels: i32, parameters: usize, y: usize, pixelBytes: usize, count: i32,
): void {
  const zeroPoint = outputZeroPoint(parameters);
  const low = lowLimit(parameters);
  const high = highLimit(parameters);
  for (; count > 0; count--, y += pixelBytes) {
    let a = load<i32>(block), b = load<i32>(block, 4), c = load<i32>(block, 8), d = load<i32>(block, 12);
    let w = weights;
    for (let row = 0; row < 3; row++, w += 24) {
      const x = x0;
      let even = load<i32>(x), odd = load<i32>(x, 4);
      let evenWeights = load<i32>(w), oddWeights = load<i32>(w, 4);
      a = smlabb(even, evenWeights, a);
      b = smlabb(odd, oddWeights, b);
      c = smlatt(even, evenWeights, c);
      d = smlatt(odd, oddWeights, d);
      even = load<i32>(x, 8);
      odd = load<i32>(x, 12);
      evenWeights = load<i32>(w, 8);
      oddWeights = load<i32>(w, 12);
      a = smlabb(even, evenWeights, a);
      b = smlabb(odd, oddWeights, b);
      c = smlatt(even, evenWeights, c);
      d = smlatt(odd, oddWeights, d);
      even = load<i32>(x, 16);
      odd = load<i32>(x, 20);
      evenWeights = load<i32>(w, 16);
      oddWeights = load<i32>(w, 20);
      a = smlabb(even, evenWeights, a);
      b = smlabb(odd, oddWeights, b);
      c = smlatt(even, evenWeights, c);
      d = smlatt(odd, oddWeights, d);
      // Three rounds bring the rows back to where they were, each a pixel on.
      x0 = x1;
      x1 = x2;
      x2 = x + pixelStep;
    }
    const ma = load<f32>(block, 16), mb = load<f32>(block, 20), mc = load<f32>(block, 24), md = load<f32>(block, 28);
    finishChannels(y, channels, a, b, c, d, ma, mb, mc, md, zeroPoint, low, high);
  }
}
