/**
 * Depthwise 3x3 int8 convolution for SIMD, stride 1 or 2 along the rows, 8 or more channels: pairs of input rows, interleaved and
 * padded with the zero point, lie in a ring of two in the workspace. Each is written once and serves every output row that needs it.
 *
 * Row `id` = input row + top padding belongs to pair id / 2, in slot (id / 2) % 2: an output row needs the pair of its first row
 * and the one after it. Of a small image one block of 8 channels is computed after the other, with one ring; of a larger one every
 * output row, block by block, with a ring for every block.
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
  PAIR_WEIGHT_BYTES,
  PAIRS_HEADER_BYTES,
  WINDOW_WEIGHT_BYTES,
} from "../microkernels/depthwise-pairs-simd";
import { REQUANTIZE_CONSTANTS_BYTES, writeRequantizeConstants } from "../microkernels/requantize";
import { operandAddress, workspace } from "../step";
import { STRIDES } from "../variant";
import { convParameter as parameter, imageElements } from "./geometry";

const BLOCK_CHANNELS: i32 = 8;
const BLOCK_BYTES: usize = PAIRS_HEADER_BYTES + 2 * WINDOW_WEIGHT_BYTES;
/** Of the lines that hold one block of a small image: they stay in the nearest caches, where up to 7 other blocks find theirs. */
const SMALL_BYTES: i32 = 40_000;
const LINE_BYTES: i32 = 64;
/** One pixel outside of the image, padded. */
const OUTSIDE_BYTES: usize = 16;

/** Only after checkDepthwise. */
export function isPaired(step: usize): bool {
  return (
    parameter(step, CONV_IN_CHANNELS) >= BLOCK_CHANNELS &&
    parameter(step, CONV_KERNEL_HEIGHT) == 3 && parameter(step, CONV_KERNEL_WIDTH) == 3 &&
    (parameter(step, CONV_DILATION_HEIGHT) | parameter(step, CONV_DILATION_WIDTH)) == 1 &&
    parameter(step, CONV_STRIDE_WIDTH) <= (STRIDES ? 2 : 1)
  );
}

function channelBlocks(step: usize): i32 {
  return (parameter(step, CONV_IN_CHANNELS) + BLOCK_CHANNELS - 1) / BLOCK_CHANNELS;
}

/** Of a pair of rows. */
function pairColumns(step: usize): i32 {
  return parameter(step, CONV_OUT_WIDTH) * parameter(step, CONV_STRIDE_WIDTH) + 2;
}

function isSmall(step: usize): bool {
  const pixelBytes = min(parameter(step, CONV_IN_CHANNELS), LINE_BYTES);
  return <i64>parameter(step, CONV_IN_HEIGHT) * parameter(step, CONV_IN_WIDTH) * pixelBytes <= SMALL_BYTES;
}

/** May exceed 31 bits. */
export function pairsPreparedBytes(step: usize): i64 {
  return REQUANTIZE_CONSTANTS_BYTES + <i64>channelBlocks(step) * BLOCK_BYTES;
}

/** pixel outside · rings [1, or every block][2 pairs][columns] */
export function pairsWorkspaceBytes(step: usize): i64 {
  const rings = isSmall(step) ? 1 : channelBlocks(step);
  return OUTSIDE_BYTES + 2 * PAIR_COLUMN_BYTES * <i64>rings * pairColumns(step);
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
  for (let c = 0; c < channels; c += BLOCK_CHANNELS, block += BLOCK_BYTES) {
    const first = <usize>blockStart(c, channels);
    memory.copy(block, bias + (first << 2), 32);
    memory.copy(block + 32, multipliers + (first << 2), 32);
    // [first row of the window][pair][column][channel][row of the pair]
    for (let i = 0; i < WINDOW_WEIGHT_BYTES; i++) {
      const row = (i / 48 & 1) * 2 + (i & 1) - i / 96;
      const tap = row * 3 + i / 16 % 3;
      const weight = <u32>row < 3 ? <i16>load<i8>(weights + first + <usize>(tap * channels + (i >> 1 & 7))) : 0;
      store<i16>(block + (<usize>i << 1), weight, PAIRS_HEADER_BYTES);
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
  const lastId = outHeight * stride;
  let rowIds = stride, bandBytes = outLineBytes, ringBytes = slotBytes << 1;
  if (isSmall(step)) {
    rowIds = lastId;
    bandBytes *= outHeight;
    ringBytes = 0;
  }
  const outside = workspace(context);
  const firstRing = outside + OUTSIDE_BYTES;
  const padTop = parameter(step, CONV_PAD_TOP);
  const padding = parameter(step, CONV_PAD_LEFT);
  const leftBytes = padding * PAIR_COLUMN_BYTES;
  const inside = min(inWidth, pairColumns(step) - padding);
  const zeroPoint = parameter(step, CONV_INPUT_ZERO_POINT);
  let image = operandAddress(step, context, 0);
  let y = operandAddress(step, context, 4);
  memory.fill(outside, <u8>zeroPoint, OUTSIDE_BYTES);
  // Padding is written once.
  fillColumns(firstRing, zeroPoint, <usize>pairsWorkspaceBytes(step) - OUTSIDE_BYTES);
  for (let n = parameter(step, CONV_BATCH); n > 0; n--, image += imageBytes) {
    // First row of the next pair, with top padding.
    let next = 0;
    for (let top = 0; top < lastId; top += rowIds, y += bandBytes) {
      const firstId = next;
      let block = prepared + REQUANTIZE_CONSTANTS_BYTES;
      let ring = firstRing;
      for (let c = 0; c < channels; c += BLOCK_CHANNELS, block += BLOCK_BYTES, ring += ringBytes) {
        const first = blockStart(c, channels);
        let out = y + first;
        let row = image + first + (firstId - padTop) * lineBytes;
        next = firstId;
        for (let id = top; id < top + rowIds; id += stride, out += outLineBytes) {
          for (; next <= id + 2; next += 2, row += lineBytes << 1) {
            const h = next - padTop;
            const hasA = <u32>h < <u32>inHeight, hasB = <u32>(h + 1) < <u32>inHeight;
            const to = (next & 2 ? ring + slotBytes : ring) + leftBytes;
            interleaveRows(to, hasA ? row : outside, hasA ? <usize>channels : 0, hasB ? row + lineBytes : outside, hasB ? <usize>channels : 0, inside);
          }
          const isSecond = id & 2;
          const x = isSecond ? ring + slotBytes : ring;
          const delta = isSecond ? -slotBytes : slotBytes;
          const weights = block + PAIRS_HEADER_BYTES + (id & 1) * WINDOW_WEIGHT_BYTES;
          if (STRIDES && parameter(step, CONV_STRIDE_WIDTH) > 1) depthwisePixels<i16>(x, delta, weights, block, prepared, out, channels, outWidth);
          else depthwisePixels<i8>(x, delta, weights, block, prepared, out, channels, outWidth);
        }
      }
    }
  }
}
