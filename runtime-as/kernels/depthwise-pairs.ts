/**
 * Depthwise 3x3 int8 convolution for SIMD, stride 1 or 2 along the rows, 8 or more channels: pairs of input rows, interleaved and
 * padded with the zero point, lie in a ring of two in the workspace. Each is written once and serves every output row that needs it.
 *
 * Row `id` = input row + top padding belongs to pair id / 2, in slot (id / 2) % 2: an output row needs the pair of its first row
 * and the one after it. Every block of 8 channels has a ring of its own, and is computed while what was written to it is still in
 * the first-level cache.
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
import { fillColumns } from "../microkernels/depthwise-int8-simd";
import {
  depthwisePixels,
  interleaveRows,
  PAIR_COLUMN_BYTES,
  PAIR_SLACK_BYTES,
  PAIR_WEIGHT_BYTES,
  PAIRS_HEADER_BYTES,
  WINDOW_WEIGHT_BYTES,
} from "../microkernels/depthwise-pairs-simd";
import { REQUANTIZE_CONSTANTS_BYTES, writeRequantizeConstants } from "../microkernels/requantize";
import { operandAddress, workspace } from "../step";
import { convParameter as parameter, imageElements } from "./geometry";

const BLOCK_CHANNELS: i32 = 8;
const BLOCK_BYTES: usize = PAIRS_HEADER_BYTES + 2 * WINDOW_WEIGHT_BYTES;
/** One pixel outside of the image, padded. */
const OUTSIDE_BYTES: usize = 16;

/** Only after checkDepthwise. */
export function isPaired(step: usize): bool {
  return (
    parameter(step, CONV_IN_CHANNELS) >= BLOCK_CHANNELS &&
    parameter(step, CONV_KERNEL_HEIGHT) == 3 && parameter(step, CONV_KERNEL_WIDTH) == 3 &&
    (parameter(step, CONV_DILATION_HEIGHT) | parameter(step, CONV_DILATION_WIDTH)) == 1 &&
    parameter(step, CONV_STRIDE_WIDTH) <= 2
  );
}

function channelBlocks(step: usize): i32 {
  return (parameter(step, CONV_IN_CHANNELS) + BLOCK_CHANNELS - 1) / BLOCK_CHANNELS;
}

/** Of a pair of rows. */
function pairColumns(step: usize): i32 {
  return parameter(step, CONV_OUT_WIDTH) * parameter(step, CONV_STRIDE_WIDTH) + 2;
}

/** May exceed 31 bits. */
export function pairsPreparedBytes(step: usize): i64 {
  return REQUANTIZE_CONSTANTS_BYTES + <i64>channelBlocks(step) * BLOCK_BYTES;
}

/** pixel outside · rings [block][2 pairs][columns] */
export function pairsWorkspaceBytes(step: usize): i64 {
  return OUTSIDE_BYTES + 2 * PAIR_COLUMN_BYTES * <i64>channelBlocks(step) * pairColumns(step) + PAIR_SLACK_BYTES;
}

/** First channel of the block that begins at `channel`: the last one may repeat channels of the one before. */
// @ts-ignore: decorator
@inline
function blockStart(channel: i32, channels: i32): i32 {
  return min(channel, channels - BLOCK_CHANNELS);
}

export function preparePairs(step: usize, context: usize, prepared: usize): void {
  const channels = parameter(step, CONV_IN_CHANNELS);
  const weights = operandAddress(step, context, 1);
  const bias = operandAddress(step, context, 2);
  const multipliers = operandAddress(step, context, 3);
  writeRequantizeConstants(
    prepared, parameter(step, CONV_OUTPUT_ZERO_POINT), parameter(step, CONV_CLAMP_LOW), parameter(step, CONV_CLAMP_HIGH),
  );
  let block = prepared + REQUANTIZE_CONSTANTS_BYTES;
  memory.fill(block, 0, <usize>pairsPreparedBytes(step) - REQUANTIZE_CONSTANTS_BYTES);
  for (let first = 0; first < channels; first += BLOCK_CHANNELS, block += BLOCK_BYTES) {
    for (let i = 0; i < BLOCK_CHANNELS; i++) {
      const c = <usize>(blockStart(first, channels) + i);
      const lane = block + (<usize>i << 2);
      store<i32>(lane, load<i32>(bias + (c << 2)));
      store<f32>(lane, load<f32>(multipliers + (c << 2)), 32);
      for (let tap = 0; tap < 9; tap++) {
        const weight = <i16>load<i8>(weights + <usize>(tap * channels) + c);
        const to = lane + tap % 3 * PAIR_COLUMN_BYTES;
        const row = tap / 3;
        store<i16>(to + (row >> 1) * PAIR_WEIGHT_BYTES + (row & 1) * 2, weight, PAIRS_HEADER_BYTES);
        store<i16>(to + (row + 1 >> 1) * PAIR_WEIGHT_BYTES + (row + 1 & 1) * 2, weight, PAIRS_HEADER_BYTES + WINDOW_WEIGHT_BYTES);
      }
    }
  }
}

export function runPairs(step: usize, context: usize, prepared: usize): void {
  const channels = parameter(step, CONV_IN_CHANNELS);
  const outHeight = parameter(step, CONV_OUT_HEIGHT);
  const outWidth = parameter(step, CONV_OUT_WIDTH);
  const inHeight = parameter(step, CONV_IN_HEIGHT);
  const inWidth = parameter(step, CONV_IN_WIDTH);
  const stride = parameter(step, CONV_STRIDE_HEIGHT);
  const imageBytes = imageElements(step);
  const lineBytes = inWidth * channels;
  const outLineBytes = outWidth * channels;
  const slotBytes = <usize>(pairColumns(step) * PAIR_COLUMN_BYTES);
  const outside = workspace(context);
  const firstRing = outside + OUTSIDE_BYTES;
  const padding = parameter(step, CONV_PAD_LEFT);
  const inside = min(inWidth, pairColumns(step) - padding);
  const zeroPoint = parameter(step, CONV_INPUT_ZERO_POINT);
  let image = operandAddress(step, context, 0);
  let y = operandAddress(step, context, 4);
  // Two int8 in every int16.
  fillColumns(outside, (zeroPoint & 255) * 257, OUTSIDE_BYTES);
  // Padding is written once.
  fillColumns(firstRing, zeroPoint, <usize>pairsWorkspaceBytes(step) - OUTSIDE_BYTES);
  for (let n = parameter(step, CONV_BATCH); n > 0; n--, image += imageBytes) {
    let pair = 0;
    for (let oh = 0; oh < outHeight; oh++, y += outLineBytes) {
      const id = oh * stride;
      const firstPair = pair;
      let block = prepared + REQUANTIZE_CONSTANTS_BYTES;
      let ring = firstRing;
      for (let c = 0; c < channels; c += BLOCK_CHANNELS, block += BLOCK_BYTES, ring += slotBytes << 1) {
        const first = blockStart(c, channels);
        for (pair = firstPair; pair <= (id >> 1) + 1; pair++) {
          const h = (pair << 1) - parameter(step, CONV_PAD_TOP);
          const row = image + first + h * lineBytes;
          const hasA = <u32>h < <u32>inHeight, hasB = <u32>(h + 1) < <u32>inHeight;
          const to = (pair & 1 ? ring + slotBytes : ring) + padding * PAIR_COLUMN_BYTES;
          interleaveRows(to, hasA ? row : outside, hasA ? channels : 0, hasB ? row + lineBytes : outside, hasB ? channels : 0, inside);
        }
        const isSecond = id & 2;
        const x = isSecond ? ring + slotBytes : ring;
        const delta = isSecond ? -slotBytes : slotBytes;
        const weights = block + PAIRS_HEADER_BYTES + (id & 1 ? WINDOW_WEIGHT_BYTES : 0);
        if (parameter(step, CONV_STRIDE_WIDTH) == 1) depthwisePixels<i8>(x, delta, weights, block, prepared, y + first, channels, outWidth);
        else depthwisePixels<i16>(x, delta, weights, block, prepared, y + first, channels, outWidth);
      }
    }
  }
}
