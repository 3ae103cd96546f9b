/**
 * Depthwise int8 convolution for boards: 4 channels at a time, of which a ring of kernelHeight rows lies widened and padded
 * in the workspace, so that the microkernel meets neither borders nor strides between channels.
 *
 *     workspace  row number of each slot [kernelHeight] · address of each kernel row [kernelHeight] · (DSP: widened weights) ·
 *                slots [kernelHeight][columns]
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
import { COLUMN_BLOCK_HEADER_BYTES } from "../microkernels/columns-finish";
import { depthwisePixelsDsp, fillColumnsDsp, widenColumnsDsp, widenNarrowColumnsDsp } from "../microkernels/depthwise-dsp";
import { copyColumnsScalar, depthwisePixelsScalar, fillColumnsScalar } from "../microkernels/depthwise-scalar";
import { operandAddress, parameterAddress, word, workspace } from "../step";
import { DSP } from "../variant";

const BLOCK_CHANNELS: i32 = 4;
/** Bytes of 4 channels of one pixel in a slot. */
const COLUMN_BYTES: i32 = DSP ? 8 : 4;

function kernelTaps(parameters: usize): i32 {
  return word(parameters, CONV_KERNEL_HEIGHT) * word(parameters, CONV_KERNEL_WIDTH);
}

/** Columns of a padded row that output pixels look at. */
function rowColumns(parameters: usize): i32 {
  return (
    (word(parameters, CONV_OUT_WIDTH) - 1) * word(parameters, CONV_STRIDE_WIDTH) +
    (word(parameters, CONV_KERNEL_WIDTH) - 1) * word(parameters, CONV_DILATION_WIDTH) +
    1
  );
}

function blockBytes<T>(parameters: usize): T {
  return <T>COLUMN_BLOCK_HEADER_BYTES + <T>kernelTaps(parameters) * <T>BLOCK_CHANNELS;
}

/** Only after checkDepthwise; may exceed 31 bits. */
export function blocksPreparedBytes(step: usize): i64 {
  const parameters = parameterAddress(step, 0);
  return ((word(parameters, CONV_IN_CHANNELS) + BLOCK_CHANNELS - 1) / BLOCK_CHANNELS) * blockBytes<i64>(parameters);
}

/** Bytes in front of the slots. */
function tablesBytes<T>(parameters: usize): T {
  return (<T>word(parameters, CONV_KERNEL_HEIGHT) << 3) + (DSP ? <T>kernelTaps(parameters) * <T>COLUMN_BYTES : <T>0);
}

export function blocksWorkspaceBytes(step: usize): i64 {
  const parameters = parameterAddress(step, 0);
  return tablesBytes<i64>(parameters) + <i64>rowColumns(parameters) * word(parameters, CONV_KERNEL_HEIGHT) * COLUMN_BYTES;
}

/** First channel of the block that begins at `channel`: the last block may repeat channels of the one before. */
function blockStart(channel: i32, channels: i32): i32 {
  return max(min(channel, channels - BLOCK_CHANNELS), 0);
}

/** Blocks of 4 channels; where there are fewer, the others are zeros. */
export function prepareBlocks(step: usize, context: usize, prepared: usize): void {
  const parameters = parameterAddress(step, 0);
  const channels = word(parameters, CONV_IN_CHANNELS);
  const weights = operandAddress(step, context, 1);
  const bias = operandAddress(step, context, 2);
  const multipliers = operandAddress(step, context, 3);
  memory.fill(prepared, 0, <usize>blocksPreparedBytes(step));
  for (let c = 0; c < channels; c += BLOCK_CHANNELS, prepared += blockBytes<usize>(parameters)) {
    const first = blockStart(c, channels);
    for (let i = 0; i < min(BLOCK_CHANNELS, channels); i++) {
      const lane = <usize>i << 2;
      store<i32>(prepared + lane, load<i32>(bias + (<usize>(first + i) << 2)));
      store<f32>(prepared + lane, load<f32>(multipliers + (<usize>(first + i) << 2)), BLOCK_CHANNELS * 4);
      for (let tap = 0; tap < kernelTaps(parameters); tap++) {
        store<i8>(prepared + COLUMN_BLOCK_HEADER_BYTES + (tap << 2) + i, load<i8>(weights + <usize>(tap * channels + first + i)));
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function fillColumns(to: usize, value: i32, count: i32): void {
  if (DSP) fillColumnsDsp(to, value, count);
  else fillColumnsScalar(to, value, count);
}

/** Writes padded row `h` of the image, whose channel `x` points to, into a slot. */
function writeRow(parameters: usize, x: usize, h: i32, slot: usize): void {
  const columns = rowColumns(parameters);
  const width = word(parameters, CONV_IN_WIDTH);
  const pixelBytes = <usize>word(parameters, CONV_IN_CHANNELS);
  const zeroPoint = word(parameters, CONV_INPUT_ZERO_POINT);
  const isPadding = h < 0 || h >= word(parameters, CONV_IN_HEIGHT);
  const first = isPadding ? columns : min(word(parameters, CONV_PAD_LEFT), columns);
  const end = isPadding ? columns : min(width + first, columns);
  fillColumns(slot, zeroPoint, first);
  const to = slot + <usize>(first * COLUMN_BYTES);
  const from = x + <usize>(h * width) * pixelBytes;
  if (!DSP) copyColumnsScalar(to, from, pixelBytes, end - first);
  else if (pixelBytes < <usize>BLOCK_CHANNELS) widenNarrowColumnsDsp(to, from, pixelBytes, end - first);
  else widenColumnsDsp(to, from, pixelBytes, end - first);
  fillColumns(slot + <usize>(end * COLUMN_BYTES), zeroPoint, columns - end);
}

/** The rows of output row `oh`: written where the ring does not hold them yet, their addresses in `rows`. */
function writeRows(parameters: usize, x: usize, oh: i32, numbers: usize, rows: usize, slots: usize): void {
  const kernelHeight = word(parameters, CONV_KERNEL_HEIGHT);
  const dilation = word(parameters, CONV_DILATION_HEIGHT);
  const slotBytes = rowColumns(parameters) * COLUMN_BYTES;
  let number = oh * word(parameters, CONV_STRIDE_HEIGHT);
  for (let kh = 0; kh < kernelHeight; kh++, number += dilation) {
    const slot = (number / dilation) % kernelHeight;
    const address = slots + <usize>(slot * slotBytes);
    if (word(numbers, slot) != number) {
      store<i32>(numbers + (<usize>slot << 2), number);
      writeRow(parameters, x, number - word(parameters, CONV_PAD_TOP), address);
    }
    store<u32>(rows + (<usize>kh << 2), <u32>address);
  }
}

/** Four channels of all images, the first of which `x` and `y` point to. */
function runBlock(parameters: usize, x: usize, block: usize, y: usize, numbers: usize): void {
  const kernelHeight = word(parameters, CONV_KERNEL_HEIGHT);
  const kernelWidth = word(parameters, CONV_KERNEL_WIDTH);
  const channels = word(parameters, CONV_IN_CHANNELS);
  const outWidth = word(parameters, CONV_OUT_WIDTH);
  const outHeight = word(parameters, CONV_OUT_HEIGHT);
  const tapStep = <usize>(word(parameters, CONV_DILATION_WIDTH) * COLUMN_BYTES);
  const pixelStep = <usize>(word(parameters, CONV_STRIDE_WIDTH) * COLUMN_BYTES);
  const rows = numbers + (<usize>kernelHeight << 2);
  const rowsEnd = rows + (<usize>kernelHeight << 2);
  const slots = numbers + tablesBytes<usize>(parameters);
  let weights = block + COLUMN_BLOCK_HEADER_BYTES;
  if (DSP) {
    widenColumnsDsp(rowsEnd, weights, BLOCK_CHANNELS, kernelTaps(parameters));
    weights = rowsEnd;
  }
  for (let n = word(parameters, CONV_BATCH); n > 0; n--) {
    for (let number = numbers; number < rows; number += 4) store<i32>(number, -1);
    for (let oh = 0; oh < outHeight; oh++, y += <usize>(outWidth * channels)) {
      writeRows(parameters, x, oh, numbers, rows, slots);
      if (DSP) depthwisePixelsDsp(rows, rowsEnd, kernelWidth, tapStep, pixelStep, weights, block, channels, parameters, y, channels, outWidth);
      else depthwisePixelsScalar(rows, rowsEnd, kernelWidth, tapStep, pixelStep, weights, block, channels, parameters, y, channels, outWidth);
    }
    x += <usize>(word(parameters, CONV_IN_HEIGHT) * word(parameters, CONV_IN_WIDTH) * channels);
  }
}

export function runBlocks(step: usize, context: usize, prepared: usize): void {
  const parameters = parameterAddress(step, 0);
  const channels = word(parameters, CONV_IN_CHANNELS);
  const x = operandAddress(step, context, 0);
  const y = operandAddress(step, context, 4);
  for (let c = 0; c < channels; c += BLOCK_CHANNELS, prepared += blockBytes<usize>(parameters)) {
    const first = blockStart(c, channels);
    runBlock(parameters, x + first, prepared, y + first, workspace(context));
  }
}
