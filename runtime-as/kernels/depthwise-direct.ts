/**
 * Depthwise convolution by plain loops: weights [KH, KW, C] read in place, no workspace. Four channels share the
 * address arithmetic of each tap. The float32 and the int8 kernel share this file; T is the element type, A that of the
 * accumulator.
 */
import {
  CONV_BATCH,
  CONV_DILATION_HEIGHT,
  CONV_DILATION_WIDTH,
  CONV_INPUT_ZERO_POINT,
  CONV_IN_CHANNELS,
  CONV_IN_HEIGHT,
  CONV_IN_WIDTH,
  CONV_KERNEL_HEIGHT,
  CONV_KERNEL_WIDTH,
  CONV_OUT_HEIGHT,
  CONV_OUT_WIDTH,
  CONV_PAD_LEFT,
  CONV_PAD_TOP,
  CONV_STRIDE_HEIGHT,
  CONV_STRIDE_WIDTH,
} from "../format";
import { operandAddress, parameter } from "../step";
import { finish, initial } from "./conv2d-direct";

/** All channels of one pixel, whose tap (0, 0) lies at row `hStart`, column `wStart` of `image`. */
function depthwisePixel<T, A>(step: usize, context: usize, image: usize, hStart: i32, wStart: i32, y: usize): void {
  const height = parameter(step, CONV_IN_HEIGHT);
  const width = parameter(step, CONV_IN_WIDTH);
  const channels = parameter(step, CONV_IN_CHANNELS);
  const kernelHeight = parameter(step, CONV_KERNEL_HEIGHT);
  const kernelWidth = parameter(step, CONV_KERNEL_WIDTH);
  const dilationHeight = parameter(step, CONV_DILATION_HEIGHT);
  const dilationWidth = parameter(step, CONV_DILATION_WIDTH);
  const pixelBytes = <usize>channels * sizeof<T>();
  const bias = operandAddress(step, context, 2);
  const weights = operandAddress(step, context, 1);
  for (let c = 0; c < channels; c += 4) {
    // Behind the last channel the last one is computed again and not stored.
    const last = channels - 1 - c;
    const o1 = <usize>min(1, last), o2 = <usize>min(2, last), o3 = <usize>min(3, last);
    const b = bias + (<usize>c << 2);
    let sum0 = initial<A>(b);
    let sum1 = initial<A>(b + (o1 << 2));
    let sum2 = initial<A>(b + (o2 << 2));
    let sum3 = initial<A>(b + (o3 << 2));
    const e1 = o1 * sizeof<T>(), e2 = o2 * sizeof<T>(), e3 = o3 * sizeof<T>();
    let w = weights + <usize>c * sizeof<T>();
    for (let kh = 0; kh < kernelHeight; kh++) {
      const h = hStart + kh * dilationHeight;
      let column = wStart;
      for (let kw = 0; kw < kernelWidth; kw++, column += dilationWidth, w += pixelBytes) {
        if (h >= 0 && h < height && column >= 0 && column < width) {
          const x = image + <usize>((h * width + column) * channels + c) * sizeof<T>();
          sum0 += <A>load<T>(x) * <A>load<T>(w);
          sum1 += <A>load<T>(x + e1) * <A>load<T>(w + e1);
          sum2 += <A>load<T>(x + e2) * <A>load<T>(w + e2);
          sum3 += <A>load<T>(x + e3) * <A>load<T>(w + e3);
        } else if (isInteger<T>()) {
          const value = parameter(step, CONV_INPUT_ZERO_POINT);
          sum0 += <A>value * <A>load<T>(w);
          sum1 += <A>value * <A>load<T>(w + e1);
          sum2 += <A>value * <A>load<T>(w + e2);
          sum3 += <A>value * <A>load<T>(w + e3);
        }
      }
    }
    finish<T, A>(step, context, y, c, sum0);
    if (last > 0) finish<T, A>(step, context, y, c + 1, sum1);
    if (last > 1) finish<T, A>(step, context, y, c + 2, sum2);
    if (last > 2) finish<T, A>(step, context, y, c + 3, sum3);
  }
}

export function runDepthwiseDirect<T, A>(step: usize, context: usize): void {
  const outHeight = parameter(step, CONV_OUT_HEIGHT);
  const outWidth = parameter(step, CONV_OUT_WIDTH);
  const pixelBytes = <usize>parameter(step, CONV_IN_CHANNELS) * sizeof<T>();
  const imageBytes = <usize>(parameter(step, CONV_IN_HEIGHT) * parameter(step, CONV_IN_WIDTH)) * pixelBytes;
  let image = operandAddress(step, context, 0);
  let y = operandAddress(step, context, isFloat<T>() ? 3 : 4);
  for (let n = parameter(step, CONV_BATCH); n > 0; n--, image += imageBytes) {
    let hStart = -parameter(step, CONV_PAD_TOP);
    for (let oh = 0; oh < outHeight; oh++, hStart += parameter(step, CONV_STRIDE_HEIGHT)) {
      let wStart = -parameter(step, CONV_PAD_LEFT);
      for (let ow = 0; ow < outWidth; ow++, wStart += parameter(step, CONV_STRIDE_WIDTH), y += pixelBytes) {
        depthwisePixel<T, A>(step, context, image, hStart, wStart, y);
      }
    }
  }
}
