/** Which depthwise int8 convolutions have a kernel for 3x3 in SIMD (depthwise-pairs.ts, of relaxed builds depthwise-fours.ts), and their blocks of 8 channels. */
import {
  CONV_DILATION_HEIGHT,
  CONV_DILATION_WIDTH,
  CONV_IN_CHANNELS,
  CONV_KERNEL_HEIGHT,
  CONV_KERNEL_WIDTH,
  CONV_STRIDE_WIDTH,
} from "../format";
import { STRIDES } from "../variant";
import { convParameter as parameter } from "./geometry";

export const BLOCK_CHANNELS: i32 = 8;

/** Only after checkDepthwise. */
export function is3x3(step: usize): bool {
  return (
    parameter(step, CONV_IN_CHANNELS) >= BLOCK_CHANNELS &&
    parameter(step, CONV_KERNEL_HEIGHT) == 3 && parameter(step, CONV_KERNEL_WIDTH) == 3 &&
    (parameter(step, CONV_DILATION_HEIGHT) | parameter(step, CONV_DILATION_WIDTH)) == 1 &&
    parameter(step, CONV_STRIDE_WIDTH) <= (STRIDES ? 2 : 1)
  );
}

export function channelBlocks(step: usize): i32 {
  return (parameter(step, CONV_IN_CHANNELS) + BLOCK_CHANNELS - 1) / BLOCK_CHANNELS;
}

/** First channel of the block that begins at `channel`: the last one may repeat channels of the one before. */
// @ts-ignore: decorator
@inline
export function blockStart(channel: i32, channels: i32): i32 {
  return min(channel, channels - BLOCK_CHANNELS);
}
