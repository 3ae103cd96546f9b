/**
 * Depthwise convolution by plain loops: weights [KH, KW, C] read in place, no workspace. Four channels share the
 * address arithmetic of each tap. The kernels of all number formats share this file; T is the element type, W that of
 * the weights (u16: half precision), A that of the accumulator.
 */
import {
  CONV_BATCH,
  CONV_CLAMP_HIGH,
  CONV_CLAMP_LOW,
  CONV_DILATION_HEIGHT,
  CONV_DILATION_WIDTH,
  CONV_INPUT_ZERO_POINT,
  CONV_IN_CHANNELS,
  CONV_IN_HEIGHT,
  CONV_IN_WIDTH,
  CONV_KERNEL_HEIGHT,
  CONV_KERNEL_WIDTH,
  CONV_OUTPUT_ZERO_POINT,
  CONV_OUT_HEIGHT,
  CONV_OUT_WIDTH,
  CONV_PAD_LEFT,
  CONV_PAD_TOP,
  CONV_STRIDE_HEIGHT,
  CONV_STRIDE_WIDTH,
} from "../format";
import { halfToFloat, isHalf } from "../microkernels/float16";
import { operandAddress } from "../step";
import { finish, initial } from "./conv2d-direct";
import { convParameter as parameter, endTap, firstTap, imageElements } from "./geometry";

/** Sum of one channel's weights, `channels` apart, outside the `rows` x `taps` from (firstRow, first) on: those of padding taps. */
function paddingWeights(
  w: usize, channels: i32, kernelHeight: i32, kernelWidth: i32, firstRow: i32, rows: i32, first: i32, taps: i32,
): i32 {
  let sum = 0;
  for (let kh = 0; kh < kernelHeight; kh++) {
    const inside = kh >= firstRow && kh < firstRow + rows ? taps : 0;
    for (let kw = 0; kw < kernelWidth; kw++, w += channels) {
      if (kw == first) {
        kw += inside;
        w += inside * channels;
        if (kw == kernelWidth) break;
      }
      sum += load<i8>(w);
    }
  }
  return sum;
}

/** All channels of one pixel, whose tap (0, 0) lies at row `hStart`, column `wStart` of `image`. */
function depthwisePixel<T, W, A>(step: usize, context: usize, image: usize, hStart: i32, wStart: i32, y: usize): void {
  const height = parameter(step, CONV_IN_HEIGHT);
  const width = parameter(step, CONV_IN_WIDTH);
  const channels = parameter(step, CONV_IN_CHANNELS);
  const kernelHeight = parameter(step, CONV_KERNEL_HEIGHT);
  const kernelWidth = parameter(step, CONV_KERNEL_WIDTH);
  const dilationHeight = parameter(step, CONV_DILATION_HEIGHT);
  const dilationWidth = parameter(step, CONV_DILATION_WIDTH);
  const firstRow = firstTap(hStart, dilationHeight, kernelHeight);
  const rows = max(endTap(hStart, dilationHeight, kernelHeight, height) - firstRow, 0);
  const first = firstTap(wStart, dilationWidth, kernelWidth);
  const taps = max(endTap(wStart, dilationWidth, kernelWidth, width) - first, 0);
  const hasPadding = rows < kernelHeight || taps < kernelWidth;
  const pixelBytes = <usize>channels * sizeof<T>();
  const tapBytes = pixelBytes * dilationWidth;
  const rowBytes = pixelBytes * (width * dilationHeight);
  const tapWeightBytes = <usize>channels * sizeof<W>();
  const weightRowBytes = tapWeightBytes * kernelWidth;
  const bias = operandAddress(step, context, 2);
  const weights = operandAddress(step, context, 1);
  const multipliers = isFloat<T>() ? 0 : operandAddress(step, context, 3);
  const zeroPoint = isFloat<T>() ? 0 : parameter(step, CONV_OUTPUT_ZERO_POINT);
  const low = parameter(step, CONV_CLAMP_LOW);
  const high = parameter(step, CONV_CLAMP_HIGH);
  let xFirst = image + <usize>((hStart + firstRow * dilationHeight) * width + wStart + first * dilationWidth) * pixelBytes;
  let wFirst = weights + <usize>(firstRow * kernelWidth + first) * tapWeightBytes;
  for (let c = 0; c < channels; c += 4, xFirst += 4 * sizeof<T>(), wFirst += 4 * sizeof<W>()) {
    // Behind the last channel the last one is computed again and not stored.
    const last = channels - 1 - c;
    const o1 = <usize>min(1, last), o2 = <usize>min(2, last), o3 = <usize>min(3, last);
    const b = bias + (<usize>c << 2);
    let sum0 = initial<A>(b);
    let sum1 = initial<A>(b + (o1 << 2));
    let sum2 = initial<A>(b + (o2 << 2));
    let sum3 = initial<A>(b + (o3 << 2));
    if (isInteger<T>() && hasPadding) {
      const value = parameter(step, CONV_INPUT_ZERO_POINT);
      const w = weights + c;
      sum0 += <A>(value * paddingWeights(w, channels, kernelHeight, kernelWidth, firstRow, rows, first, taps));
      sum1 += <A>(value * paddingWeights(w + o1, channels, kernelHeight, kernelWidth, firstRow, rows, first, taps));
      sum2 += <A>(value * paddingWeights(w + o2, channels, kernelHeight, kernelWidth, firstRow, rows, first, taps));
      sum3 += <A>(value * paddingWeights(w + o3, channels, kernelHeight, kernelWidth, firstRow, rows, first, taps));
    }
    const e1 = o1 * sizeof<T>(), e2 = o2 * sizeof<T>(), e3 = o3 * sizeof<T>();
    const f1 = o1 * sizeof<W>(), f2 = o2 * sizeof<W>(), f3 = o3 * sizeof<W>();
    let xRow = xFirst, wRow = wFirst;
    for (let i = rows; i > 0; i--, xRow += rowBytes, wRow += weightRowBytes) {
      let x = xRow, w = wRow;
      for (let j = taps; j > 0; j--, x += tapBytes, w += tapWeightBytes) {
        if (isHalf<W>()) {
          sum0 += <A>load<T>(x) * <A>halfToFloat(load<u16>(w));
          sum1 += <A>load<T>(x + e1) * <A>halfToFloat(load<u16>(w + f1));
          sum2 += <A>load<T>(x + e2) * <A>halfToFloat(load<u16>(w + f2));
          sum3 += <A>load<T>(x + e3) * <A>halfToFloat(load<u16>(w + f3));
        } else {
          sum0 += <A>load<T>(x) * <A>load<W>(w);
          sum1 += <A>load<T>(x + e1) * <A>load<W>(w + e1);
          sum2 += <A>load<T>(x + e2) * <A>load<W>(w + e2);
          sum3 += <A>load<T>(x + e3) * <A>load<W>(w + e3);
        }
      }
    }
    finish<T, A>(y, c, sum0, multipliers, zeroPoint, low, high);
    if (last > 0) finish<T, A>(y, c + 1, sum1, multipliers, zeroPoint, low, high);
    if (last > 1) finish<T, A>(y, c + 2, sum2, multipliers, zeroPoint, low, high);
    if (last > 2) finish<T, A>(y, c + 3, sum3, multipliers, zeroPoint, low, high);
  }
}

export function runDepthwiseDirect<T, W, A>(step: usize, context: usize): void {
  const outHeight = parameter(step, CONV_OUT_HEIGHT);
  const outWidth = parameter(step, CONV_OUT_WIDTH);
  const pixelBytes = <usize>parameter(step, CONV_IN_CHANNELS) * sizeof<T>();
  const imageBytes = imageElements(step) * sizeof<T>();
  let image = operandAddress(step, context, 0);
  let y = operandAddress(step, context, isFloat<T>() ? 3 : 4);
  for (let n = parameter(step, CONV_BATCH); n > 0; n--, image += imageBytes) {
    let hStart = -parameter(step, CONV_PAD_TOP);
    for (let oh = 0; oh < outHeight; oh++, hStart += parameter(step, CONV_STRIDE_HEIGHT)) {
      let wStart = -parameter(step, CONV_PAD_LEFT);
      for (let ow = 0; ow < outWidth; ow++, wStart += parameter(step, CONV_STRIDE_WIDTH), y += pixelBytes) {
        depthwisePixel<T, W, A>(step, context, image, hStart, wStart, y);
      }
    }
  }
}
