/**
 * Depthwise int8 convolution for cores without DSP instructions, 4 channels at a time.
 *
 *     row      [column][4 channels] int8
 *     block    4 biases int32 · 4 multipliers float32 · [taps][4 channels] int8
 */
import { multiplyAdd } from "./board";
import { finishChannels, highLimit, lowLimit, outputZeroPoint } from "./columns-finish";

/** Copies 4 bytes each of `count` pixels that lie `pixelBytes` apart; channels that a pixel has not repeat its last one. */
export function copyColumnsScalar(to: usize, from: usize, pixelBytes: usize, count: i32): void {
  const end = to + (<usize>count << 2);
  if (((from | pixelBytes) & 3) == 0) {
    for (; to < end; to += 4, from += pixelBytes) store<i32>(to, load<i32>(from));
    return;
  }
  const last = pixelBytes - 1;
  const second = min<usize>(1, last), third = min<usize>(2, last), fourth = min<usize>(3, last);
  for (; to < end; to += 4, from += pixelBytes) {
    store<i8>(to, load<i8>(from));
    store<i8>(to, load<i8>(from + second), 1);
    store<i8>(to, load<i8>(from + third), 2);
    store<i8>(to, load<i8>(from + fourth), 3);
  }
}

export function fillColumnsScalar(to: usize, value: i32, count: i32): void {
  const four = (value & 0xff) * 0x01010101;
  for (const end = to + (<usize>count << 2); to < end; to += 4) store<i32>(to, four);
}

/** As depthwisePixelsDsp; `weights` are the block's own. */
export function depthwisePixelsScalar(
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
      for (let tap = kernelWidth; tap > 0; tap--, x += tapStep, w += 4) {
        a = multiplyAdd(load<i8>(x), load<i8>(w), a);
        b = multiplyAdd(load<i8>(x, 1), load<i8>(w, 1), b);
        c = multiplyAdd(load<i8>(x, 2), load<i8>(w, 2), c);
        d = multiplyAdd(load<i8>(x, 3), load<i8>(w, 3), d);
      }
    }
    const ma = load<f32>(block, 16), mb = load<f32>(block, 20), mc = load<f32>(block, 24), md = load<f32>(block, 28);
    finishChannels(y, channels, a, b, c, d, ma, mb, mc, md, zeroPoint, low, high);
  }
}

/** As depthwisePixels3x3Dsp. */
export function depthwisePixels3x3Scalar(
  x0: usize, x1: usize, x2: usize, pixelStep: usize, weights: usize,
  block: usize, channels: i32, parameters: usize, y: usize, pixelBytes: usize, count: i32,
): void {
  const zeroPoint = outputZeroPoint(parameters);
  const low = lowLimit(parameters);
  const high = highLimit(parameters);
  for (; count > 0; count--, y += pixelBytes) {
    let a = load<i32>(block), b = load<i32>(block, 4), c = load<i32>(block, 8), d = load<i32>(block, 12);
    let w = weights;
    for (let row = 0; row < 3; row++, w += 12) {
      const x = x0;
      a = multiplyAdd(load<i8>(x), load<i8>(w), a);
      b = multiplyAdd(load<i8>(x, 1), load<i8>(w, 1), b);
      c = multiplyAdd(load<i8>(x, 2), load<i8>(w, 2), c);
      d = multiplyAdd(load<i8>(x, 3), load<i8>(w, 3), d);
      a = multiplyAdd(load<i8>(x, 4), load<i8>(w, 4), a);
      b = multiplyAdd(load<i8>(x, 5), load<i8>(w, 5), b);
      c = multiplyAdd(load<i8>(x, 6), load<i8>(w, 6), c);
      d = multiplyAdd(load<i8>(x, 7), load<i8>(w, 7), d);
      a = multiplyAdd(load<i8>(x, 8), load<i8>(w, 8), a);
      b = multiplyAdd(load<i8>(x, 9), load<i8>(w, 9), b);
      c = multiplyAdd(load<i8>(x, 10), load<i8>(w, 10), c);
      d = multiplyAdd(load<i8>(x, 11), load<i8>(w, 11), d);
      x0 = x1;
      x1 = x2;
      x2 = x + pixelStep;
    }
    const ma = load<f32>(block, 16), mb = load<f32>(block, 20), mc = load<f32>(block, 24), md = load<f32>(block, 28);
    finishChannels(y, channels, a, b, c, d, ma, mb, mc, md, zeroPoint, low, high);
  }
}
