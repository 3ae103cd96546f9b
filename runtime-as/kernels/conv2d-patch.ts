/** The patch of one output pixel as one run of int8, for SIMD: what the panels of the block-sparse weights are packed from. */
import {
  CONV_DILATION_HEIGHT,
  CONV_DILATION_WIDTH,
  CONV_INPUT_ZERO_POINT,
  CONV_IN_CHANNELS,
  CONV_IN_HEIGHT,
  CONV_IN_WIDTH,
  CONV_KERNEL_HEIGHT,
  CONV_KERNEL_WIDTH,
} from "../format";
import { copyRun, fillRun } from "../microkernels/run-simd";
import { convParameter as parameter, endTap, firstTap, isInside } from "./geometry";

/** One pixel of a panel in the workspace: address, row and column of its tap (0, 0), which may lie outside; 4 bytes unused. */
export const PIXEL_BYTES: usize = 16;

/** Copies the patch of one output pixel of a layer of one group, padding with the zero point. */
function gatherPatch(step: usize, pixel: usize, to: usize): void {
  const fill = i8x16.splat(<i8>parameter(step, CONV_INPUT_ZERO_POINT));
  const width = parameter(step, CONV_IN_WIDTH);
  const taps = parameter(step, CONV_KERNEL_WIDTH);
  const dilation = parameter(step, CONV_DILATION_WIDTH);
  const pixelBytes = <usize>parameter(step, CONV_IN_CHANNELS);
  const wStart = load<i32>(pixel, 8);
  const first = firstTap(wStart, dilation, taps);
  const end = max(first, endTap(wStart, dilation, taps, width));
  const height = parameter(step, CONV_IN_HEIGHT);
  const dilationHeight = parameter(step, CONV_DILATION_HEIGHT);
  let h = load<i32>(pixel, 4);
  let row = load<usize>(pixel) + <usize>(first * dilation) * pixelBytes;
  for (let kh = parameter(step, CONV_KERNEL_HEIGHT); kh > 0; kh--, h += dilationHeight, row += <usize>(dilationHeight * width) * pixelBytes) {
    if (h < 0 || h >= height || first == end) {
      fillRun(to, fill, pixelBytes * taps);
      to += pixelBytes * taps;
      continue;
    }
    if (first > 0) fillRun(to, fill, pixelBytes * first);
    to += pixelBytes * first;
    if (dilation == 1) {
      copyRun(to, row, pixelBytes * (end - first));
      to += pixelBytes * (end - first);
    } else {
      let from = row;
      for (let kw = first; kw < end; kw++, to += pixelBytes, from += pixelBytes * dilation) copyRun(to, from, pixelBytes);
    }
    if (end < taps) fillRun(to, fill, pixelBytes * (taps - end));
    to += pixelBytes * (taps - end);
  }
}

/** Address of the contiguous patch of a pixel in a layer of one group: in the input where it already lies so, else gathered at `to`. */
export function patchAddress(step: usize, pixel: usize, to: usize): usize {
  const isRun = parameter(step, CONV_KERNEL_WIDTH) == 1 || parameter(step, CONV_DILATION_WIDTH) == 1;
  if (
    parameter(step, CONV_KERNEL_HEIGHT) == 1 && isRun &&
    isInside(load<i32>(pixel, 4), 1, 1, parameter(step, CONV_IN_HEIGHT)) &&
    isInside(load<i32>(pixel, 8), parameter(step, CONV_DILATION_WIDTH), parameter(step, CONV_KERNEL_WIDTH), parameter(step, CONV_IN_WIDTH))
  ) {
    return load<usize>(pixel);
  }
  gatherPatch(step, pixel, to);
  return to;
}
