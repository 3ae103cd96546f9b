/** The patch of one output pixel as one run of bytes, for SIMD: what the panels of the dense and of the block-sparse weights are packed from. */
import {
  CONV_DILATION_HEIGHT,
  CONV_DILATION_WIDTH,
  CONV_GROUPS,
  CONV_INPUT_ZERO_POINT,
  CONV_IN_CHANNELS,
  CONV_IN_HEIGHT,
  CONV_IN_WIDTH,
  CONV_KERNEL_HEIGHT,
  CONV_KERNEL_WIDTH,
} from "../format";
import { copyRun, fillRun } from "../microkernels/run-simd";
import { convParameter as parameter, endTap, firstTap, isInside } from "./geometry";

/**
 * One pixel of a panel in the workspace: address, row and column of its tap (0, 0), which may lie outside · whether its
 * window consists of whole runs of the input.
 */
export const PIXEL_BYTES: usize = 16;

/** Copies the patch of one output pixel, padding with `fill`; `channel` is the offset of the group's first channel. */
export function gatherPatch<T>(step: usize, pixel: usize, channel: usize, fill: i8, to: usize): void {
  const width = parameter(step, CONV_IN_WIDTH);
  const taps = parameter(step, CONV_KERNEL_WIDTH);
  const dilation = parameter(step, CONV_DILATION_WIDTH);
  const pixelBytes = <usize>parameter(step, CONV_IN_CHANNELS) * sizeof<T>();
  const tapBytes = pixelBytes / <usize>parameter(step, CONV_GROUPS);
  const isRun = dilation == 1 && tapBytes == pixelBytes;
  const wStart = load<i32>(pixel, 8);
  const first = firstTap(wStart, dilation, taps);
  const end = max(first, endTap(wStart, dilation, taps, width));
  const height = parameter(step, CONV_IN_HEIGHT);
  const dilationHeight = parameter(step, CONV_DILATION_HEIGHT);
  let h = load<i32>(pixel, 4);
  let row = load<usize>(pixel) + channel + <usize>(first * dilation) * pixelBytes;
  for (let kh = parameter(step, CONV_KERNEL_HEIGHT); kh > 0; kh--, h += dilationHeight, row += <usize>(dilationHeight * width) * pixelBytes) {
    if (h < 0 || h >= height || first == end) {
      fillRun(to, fill, tapBytes * taps);
      to += tapBytes * taps;
      continue;
    }
    if (first > 0) fillRun(to, fill, tapBytes * first);
    to += tapBytes * first;
    if (isRun) {
      copyRun(to, row, tapBytes * (end - first));
      to += tapBytes * (end - first);
    } else {
      let from = row;
      for (let kw = first; kw < end; kw++, to += tapBytes, from += pixelBytes * dilation) copyRun(to, from, tapBytes);
    }
    if (end < taps) fillRun(to, fill, tapBytes * (taps - end));
    to += tapBytes * (taps - end);
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
  gatherPatch<i8>(step, pixel, 0, <i8>parameter(step, CONV_INPUT_ZERO_POINT), to);
  return to;
}
