/**
 * Convolution by plain loops: weights read in place, no workspace. Four output channels share each input element. The
 * kernels of all number formats share this file; T is the element type, W that of the weights (u16: half precision), A that
 * of the accumulator.
 */
import {
  CONV_BATCH,
  CONV_CLAMP_HIGH,
  CONV_CLAMP_LOW,
  CONV_DILATION_HEIGHT,
  CONV_DILATION_WIDTH,
  CONV_GROUPS,
  CONV_INPUT_ZERO_POINT,
  CONV_IN_CHANNELS,
  CONV_IN_HEIGHT,
  CONV_IN_WIDTH,
  CONV_KERNEL_HEIGHT,
  CONV_KERNEL_WIDTH,
  CONV_OUTPUT_ZERO_POINT,
  CONV_OUT_CHANNELS,
  CONV_OUT_HEIGHT,
  CONV_OUT_WIDTH,
  CONV_PAD_LEFT,
  CONV_PAD_TOP,
  CONV_STRIDE_HEIGHT,
  CONV_STRIDE_WIDTH,
} from "../format";
import { halfToFloat, isHalf } from "../microkernels/float16";
import { requantize } from "../microkernels/requantize";
import { operandAddress, parameterAddress } from "../step";
import { convParameter as parameter, imageElements, isInside, patchElements } from "./geometry";

/** The bias a sum starts from. */
// @ts-ignore: decorator
@inline
export function initial<A>(address: usize): A {
  // -0 + 0 = +0: from there no sum becomes -0, so that padding taps may be added or left out.
  return isFloat<A>() ? load<A>(address) + <A>0 : load<A>(address);
}

/**
 * Stores one output of channel `channel`, clamped (int8: requantized). `low` and `high` are the words of the step: int8
 * limits, or the bits of float32 ones.
 */
// @ts-ignore: decorator
@inline
export function finish<T, A>(y: usize, channel: i32, sum: A, multipliers: usize, zeroPoint: i32, low: i32, high: i32): void {
  const offset = <usize>channel << 2;
  if (isFloat<T>()) store<f32>(y + offset, min<f32>(max<f32>(<f32>sum, reinterpret<f32>(low)), reinterpret<f32>(high)));
  else store<i8>(y + channel, <i8>requantize(<i32>sum, load<f32>(multipliers + offset), zeroPoint, low, high));
}

/** All output channels of one pixel, whose tap (0, 0) lies at row `hStart`, column `wStart` of `image`. */
function convolvePixel<T, W, A>(step: usize, context: usize, image: usize, hStart: i32, wStart: i32, y: usize): void {
  const height = parameter(step, CONV_IN_HEIGHT);
  const width = parameter(step, CONV_IN_WIDTH);
  const channels = parameter(step, CONV_IN_CHANNELS);
  const outChannels = parameter(step, CONV_OUT_CHANNELS);
  const kernelHeight = parameter(step, CONV_KERNEL_HEIGHT);
  const kernelWidth = parameter(step, CONV_KERNEL_WIDTH);
  const dilationHeight = parameter(step, CONV_DILATION_HEIGHT);
  const dilationWidth = parameter(step, CONV_DILATION_WIDTH);
  const groups = parameter(step, CONV_GROUPS);
  const inGroup = channels / groups;
  const outGroup = outChannels / groups;
  const filterBytes = <usize>patchElements(step) * sizeof<W>();
  const weights = operandAddress(step, context, 1);
  const bias = operandAddress(step, context, 2);
  const multipliers = isFloat<T>() ? 0 : operandAddress(step, context, 3);
  const zeroPoint = isFloat<T>() ? 0 : parameter(step, CONV_OUTPUT_ZERO_POINT);
  const low = parameter(step, CONV_CLAMP_LOW);
  const high = parameter(step, CONV_CLAMP_HIGH);
  // A whole kernel row is one run of the input when nothing lies between its taps.
  const isRun = (dilationWidth == 1 || kernelWidth == 1) && groups == 1 && isInside(wStart, 1, kernelWidth, width);
  const tapsPerRun = isRun ? kernelWidth : 1;
  const run = tapsPerRun * inGroup;
  for (let oc = 0; oc < outChannels; ) {
    const lastOfGroup = (oc / outGroup + 1) * outGroup - 1;
    const groupStart = (oc / outGroup) * inGroup;
    // Behind the group's last channel the last one is computed again and not stored.
    const oc1 = min(oc + 1, lastOfGroup), oc2 = min(oc + 2, lastOfGroup), oc3 = min(oc + 3, lastOfGroup);
    let sum0 = initial<A>(bias + (<usize>oc << 2));
    let sum1 = initial<A>(bias + (<usize>oc1 << 2));
    let sum2 = initial<A>(bias + (<usize>oc2 << 2));
    let sum3 = initial<A>(bias + (<usize>oc3 << 2));
    let w = weights + <usize>oc * filterBytes;
    const w1 = <usize>(oc1 - oc) * filterBytes, w2 = <usize>(oc2 - oc) * filterBytes, w3 = <usize>(oc3 - oc) * filterBytes;
    for (let kh = 0; kh < kernelHeight; kh++) {
      const h = hStart + kh * dilationHeight;
      for (let kw = 0; kw < kernelWidth; kw += tapsPerRun) {
        const column = wStart + kw * dilationWidth;
        let x = image + <usize>((h * width + column) * channels + groupStart) * sizeof<T>();
        let advance: usize = sizeof<T>();
        if (h < 0 || h >= height || column < 0 || column >= width) {
          if (isFloat<T>()) {
            w += <usize>run * sizeof<W>();
            continue;
          }
          // Padding repeats the zero point, which is read from the step itself.
          x = parameterAddress(step, CONV_INPUT_ZERO_POINT);
          advance = 0;
        }
        for (const end = w + <usize>run * sizeof<W>(); w < end; w += sizeof<W>(), x += advance) {
          const value = <A>load<T>(x);
          if (isHalf<W>()) {
            sum0 += value * <A>halfToFloat(load<u16>(w));
            sum1 += value * <A>halfToFloat(load<u16>(w + w1));
            sum2 += value * <A>halfToFloat(load<u16>(w + w2));
            sum3 += value * <A>halfToFloat(load<u16>(w + w3));
          } else {
            sum0 += value * <A>load<W>(w);
            sum1 += value * <A>load<W>(w + w1);
            sum2 += value * <A>load<W>(w + w2);
            sum3 += value * <A>load<W>(w + w3);
          }
        }
      }
    }
    finish<T, A>(y, oc, sum0, multipliers, zeroPoint, low, high);
    if (oc1 > oc) finish<T, A>(y, oc1, sum1, multipliers, zeroPoint, low, high);
    if (oc2 > oc1) finish<T, A>(y, oc2, sum2, multipliers, zeroPoint, low, high);
    if (oc3 > oc2) finish<T, A>(y, oc3, sum3, multipliers, zeroPoint, low, high);
    oc = oc3 + 1;
  }
}

export function runDirect<T, W, A>(step: usize, context: usize): void {
  const outHeight = parameter(step, CONV_OUT_HEIGHT);
  const outWidth = parameter(step, CONV_OUT_WIDTH);
  const imageBytes = imageElements(step) * sizeof<T>();
  const pixelBytes = <usize>parameter(step, CONV_OUT_CHANNELS) * sizeof<T>();
  let image = operandAddress(step, context, 0);
  let y = operandAddress(step, context, isFloat<T>() ? 3 : 4);
  for (let n = parameter(step, CONV_BATCH); n > 0; n--, image += imageBytes) {
    let hStart = -parameter(step, CONV_PAD_TOP);
    for (let oh = 0; oh < outHeight; oh++, hStart += parameter(step, CONV_STRIDE_HEIGHT)) {
      let wStart = -parameter(step, CONV_PAD_LEFT);
      for (let ow = 0; ow < outWidth; ow++, wStart += parameter(step, CONV_STRIDE_WIDTH), y += pixelBytes) {
        convolvePixel<T, W, A>(step, context, image, hStart, wStart, y);
      }
    }
  }
}
