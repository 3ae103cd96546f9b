/**
 * Depthwise float32 convolution for SIMD: along each output row, the pixels whose window lies inside the input are one
 * span for the microkernel; those at the borders are spans of one pixel with fewer taps.
 */
import {
  CONV_BATCH,
  CONV_CLAMP_HIGH_F32,
  CONV_CLAMP_LOW_F32,
  CONV_DILATION_HEIGHT,
  CONV_DILATION_WIDTH,
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
import { depthwiseSpanFloat32 } from "../microkernels/depthwise-float32-simd";
import { operandAddress, parameter, parameterF32 } from "../step";
import { endTap, firstTap, imageElements } from "./geometry";

/** Channels of one vector: fewer than that have no SIMD kernel. */
export const SPAN_CHANNELS: i32 = 4;

/** Four channels, the first of which `image`, `weights`, `bias` and `y` point to, of one output row. */
function runSpans(step: usize, image: usize, hStart: i32, weights: usize, bias: usize, y: usize): void {
  const width = parameter(step, CONV_IN_WIDTH);
  const outWidth = parameter(step, CONV_OUT_WIDTH);
  const kernelWidth = parameter(step, CONV_KERNEL_WIDTH);
  const stride = parameter(step, CONV_STRIDE_WIDTH);
  const dilation = parameter(step, CONV_DILATION_WIDTH);
  const dilationHeight = parameter(step, CONV_DILATION_HEIGHT);
  const padding = parameter(step, CONV_PAD_LEFT);
  const pixelBytes = <usize>parameter(step, CONV_IN_CHANNELS) << 2;
  const rowBytes = pixelBytes * width;
  const low = parameterF32(step, CONV_CLAMP_LOW_F32);
  const high = parameterF32(step, CONV_CLAMP_HIGH_F32);
  const firstRow = firstTap(hStart, dilationHeight, parameter(step, CONV_KERNEL_HEIGHT));
  const rows = endTap(hStart, dilationHeight, parameter(step, CONV_KERNEL_HEIGHT), parameter(step, CONV_IN_HEIGHT)) - firstRow;
  const x = image + <usize>(hStart + firstRow * dilationHeight) * rowBytes;
  const w = weights + <usize>(firstRow * kernelWidth) * pixelBytes;
  // Pixels from insideFirst to insideEnd - 1 have all their taps inside.
  const insideFirst = min((padding + stride - 1) / stride, outWidth);
  const lastStart = width - 1 - (kernelWidth - 1) * dilation + padding;
  const insideEnd = lastStart < 0 ? 0 : min(lastStart / stride + 1, outWidth);
  for (let ow = 0; ow < outWidth; ) {
    const wStart = ow * stride - padding;
    const count = ow >= insideFirst && ow < insideEnd ? insideEnd - ow : 1;
    const first = firstTap(wStart, dilation, kernelWidth);
    const taps = endTap(wStart, dilation, kernelWidth, width) - first;
    depthwiseSpanFloat32(
      x + <usize>(wStart + first * dilation) * pixelBytes, rowBytes * dilationHeight, pixelBytes * dilation,
      w + <usize>first * pixelBytes, pixelBytes * kernelWidth, pixelBytes, rows, taps,
      bias, low, high, y + <usize>ow * pixelBytes, pixelBytes * stride, count,
    );
    ow += count;
  }
}

/** At least SPAN_CHANNELS channels; `weights` are float32 [KH, KW, C]. */
export function runDepthwiseSpans(step: usize, context: usize, weights: usize): void {
  const channels = parameter(step, CONV_IN_CHANNELS);
  const outHeight = parameter(step, CONV_OUT_HEIGHT);
  const outRowBytes = <usize>(parameter(step, CONV_OUT_WIDTH) * channels) << 2;
  const imageBytes = imageElements(step) << 2;
  const bias = operandAddress(step, context, 2);
  let image = operandAddress(step, context, 0);
  let y = operandAddress(step, context, 3);
  for (let n = parameter(step, CONV_BATCH); n > 0; n--, image += imageBytes) {
    let hStart = -parameter(step, CONV_PAD_TOP);
    for (let oh = 0; oh < outHeight; oh++, hStart += parameter(step, CONV_STRIDE_HEIGHT), y += outRowBytes) {
      for (let c = 0; c < channels; c += SPAN_CHANNELS) {
        // The last vector may compute channels again that the one before has computed.
        const offset = <usize>min(c, channels - SPAN_CHANNELS) << 2;
        runSpans(step, image + offset, hStart, weights + offset, bias + offset, y + offset);
      }
    }
  }
}
