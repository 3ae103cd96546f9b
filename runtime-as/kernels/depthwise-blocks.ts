/**
 * Depthwise int8 convolution for boards: 4 channels at a time (MVE: 16), of which a ring of padded rows (DSP: widened) lies in the
 * workspace, so that the microkernel meets neither borders nor strides between channels.
 *
 *     workspace  address of each kernel row [kernelHeight] · (DSP: widened weights) · slots [rows of the window][columns]
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
import { depthwisePixels3x3Dsp, depthwisePixelsDsp, fillColumnsDsp, widenColumnsDsp, widenNarrowColumnsDsp } from "../microkernels/depthwise-dsp";
import { copyColumnsMve, depthwiseLaneMve, depthwisePixels3x3Mve, depthwisePixelsMve, fillColumnsMve } from "../microkernels/depthwise-mve";
import { copyColumnsScalar, depthwisePixels3x3Scalar, depthwisePixelsScalar, fillColumnsScalar } from "../microkernels/depthwise-scalar";
import { operandAddress, parameterAddress, word, workspace } from "../step";
import { DSP, MVE } from "../variant";

const BLOCK_CHANNELS: i32 = MVE ? 16 : 4;
const HEADER_BYTES: i32 = BLOCK_CHANNELS * 8;
/** Bytes of a block's channels of one pixel in a slot. */
const COLUMN_BYTES: i32 = DSP ? 8 : BLOCK_CHANNELS;

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
  return <T>HEADER_BYTES + <T>kernelTaps(parameters) * <T>BLOCK_CHANNELS;
}

/** Only after checkDepthwise; may exceed 31 bits. */
export function blocksPreparedBytes(step: usize): i64 {
  const parameters = parameterAddress(step, 0);
  return ((word(parameters, CONV_IN_CHANNELS) + BLOCK_CHANNELS - 1) / BLOCK_CHANNELS) * blockBytes<i64>(parameters);
}

/** Rows of the ring: what the window of one output row reaches over. */
function slotCount(parameters: usize): i32 {
  return (word(parameters, CONV_KERNEL_HEIGHT) - 1) * word(parameters, CONV_DILATION_HEIGHT) + 1;
}

/** Bytes in front of the slots. */
function tablesBytes<T>(parameters: usize): T {
  return (<T>word(parameters, CONV_KERNEL_HEIGHT) << 2) + (DSP ? <T>kernelTaps(parameters) * <T>COLUMN_BYTES : <T>0);
}

export function blocksWorkspaceBytes(step: usize): i64 {
  const parameters = parameterAddress(step, 0);
  return tablesBytes<i64>(parameters) + <i64>rowColumns(parameters) * slotCount(parameters) * COLUMN_BYTES;
}

/** First channel of the block that begins at `channel`: the last block may repeat channels of the one before. */
function blockStart(channel: i32, channels: i32): i32 {
  return max(min(channel, channels - BLOCK_CHANNELS), 0);
}

/** Blocks of channels; where there are fewer, the others are zeros. */
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
      const lane = MVE ? depthwiseLaneMve(i) : <usize>i << 2;
      store<i32>(prepared + lane, load<i32>(bias + (<usize>(first + i) << 2)));
      store<f32>(prepared + lane, load<f32>(multipliers + (<usize>(first + i) << 2)), BLOCK_CHANNELS * 4);
      for (let tap = 0; tap < kernelTaps(parameters); tap++) {
        store<i8>(prepared + HEADER_BYTES + tap * BLOCK_CHANNELS + i, load<i8>(weights + <usize>(tap * channels + first + i)));
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function fillColumns(to: usize, value: i32, count: i32): void {
  if (MVE) fillColumnsMve(to, value, count);
  else if (DSP) fillColumnsDsp(to, value, count);
  else fillColumnsScalar(to, value, count);
}

/** Writes what lies inside of row `h` of the image, whose channel `x` points to. */
function writeRow(parameters: usize, x: usize, h: i32, to: usize, inside: i32): void {
  const pixelBytes = <usize>word(parameters, CONV_IN_CHANNELS);
  if (h < 0 || h >= word(parameters, CONV_IN_HEIGHT)) {
    fillColumns(to, word(parameters, CONV_INPUT_ZERO_POINT), inside);
    return;
  }
  const from = x + <usize>(h * word(parameters, CONV_IN_WIDTH)) * pixelBytes;
  if (MVE) copyColumnsMve(to, from, pixelBytes, inside);
  else if (!DSP) copyColumnsScalar(to, from, pixelBytes, inside);
  else if (pixelBytes < <usize>BLOCK_CHANNELS) widenNarrowColumnsDsp(to, from, pixelBytes, inside);
  else widenColumnsDsp(to, from, pixelBytes, inside);
}

/** One block of channels of all images, the first of which `x` and `y` point to. Padding left and right of the slots is written. */
function runBlock(parameters: usize, x: usize, block: usize, y: usize, rows: usize): void {
  const kernelHeight = word(parameters, CONV_KERNEL_HEIGHT);
  const kernelWidth = word(parameters, CONV_KERNEL_WIDTH);
  const channels = word(parameters, CONV_IN_CHANNELS);
  const outWidth = word(parameters, CONV_OUT_WIDTH);
  const stride = word(parameters, CONV_STRIDE_HEIGHT);
  const pixelStep = <usize>(word(parameters, CONV_STRIDE_WIDTH) * COLUMN_BYTES);
  const tapStep = <usize>(word(parameters, CONV_DILATION_WIDTH) * COLUMN_BYTES);
  const is3x3 = kernelHeight == 3 && kernelWidth == 3 && tapStep == COLUMN_BYTES;
  const columns = rowColumns(parameters);
  const left = min(word(parameters, CONV_PAD_LEFT), columns);
  const inside = min(word(parameters, CONV_IN_WIDTH), columns - left);
  const reach = slotCount(parameters);
  const slotBytes = <usize>(columns * COLUMN_BYTES);
  const dilationBytes = slotBytes * word(parameters, CONV_DILATION_HEIGHT);
  const rowsEnd = rows + (<usize>kernelHeight << 2);
  const slots = rows + tablesBytes<usize>(parameters);
  const slotsEnd = slots + slotBytes * reach;
  let weights = block + HEADER_BYTES;
  if (DSP) {
    widenColumnsDsp(rowsEnd, weights, BLOCK_CHANNELS, kernelTaps(parameters));
    weights = rowsEnd;
  }
  for (let n = word(parameters, CONV_BATCH); n > 0; n--) {
    // Padded row `next` comes into slot `to`; the window begins with row `first` in slot `top`.
    let next = 0;
    let to = slots;
    let top = slots;
    let first = 0;
    for (let oh = word(parameters, CONV_OUT_HEIGHT); oh > 0; oh--, first += stride) {
      if (next < first) {
        next = first;
        to = top;
      }
      for (; next < first + reach; next++) {
        writeRow(parameters, x, next - word(parameters, CONV_PAD_TOP), to + <usize>(left * COLUMN_BYTES), inside);
        to += slotBytes;
        if (to == slotsEnd) to = slots;
      }
      let slot = top;
      for (let row = rows; row < rowsEnd; row += 4) {
        store<u32>(row, <u32>slot);
        slot += dilationBytes;
        if (slot >= slotsEnd) slot -= slotsEnd - slots;
      }
      if (is3x3) {
        const x0 = load<u32>(rows), x1 = load<u32>(rows, 4), x2 = load<u32>(rows, 8);
        if (MVE) depthwisePixels3x3Mve(x0, x1, x2, pixelStep, weights, block, channels, parameters, y, channels, outWidth);
        else if (DSP) depthwisePixels3x3Dsp(x0, x1, x2, pixelStep, weights, block, channels, parameters, y, channels, outWidth);
        else depthwisePixels3x3Scalar(x0, x1, x2, pixelStep, weights, block, channels, parameters, y, channels, outWidth);
      } else if (MVE) {
        depthwisePixelsMve(rows, rowsEnd, kernelWidth, tapStep, pixelStep, weights, block, channels, parameters, y, channels, outWidth);
      } else if (DSP) {
        depthwisePixelsDsp(rows, rowsEnd, kernelWidth, tapStep, pixelStep, weights, block, channels, parameters, y, channels, outWidth);
      } else {
        depthwisePixelsScalar(rows, rowsEnd, kernelWidth, tapStep, pixelStep, weights, block, channels, parameters, y, channels, outWidth);
      }
      y += <usize>(outWidth * channels);
      top += slotBytes * stride;
      while (top >= slotsEnd) top -= slotsEnd - slots;
    }
    x += <usize>(word(parameters, CONV_IN_HEIGHT) * word(parameters, CONV_IN_WIDTH) * channels);
  }
}

export function runBlocks(step: usize, context: usize, prepared: usize): void {
  const parameters = parameterAddress(step, 0);
  const channels = word(parameters, CONV_IN_CHANNELS);
  const x = operandAddress(step, context, 0);
  const y = operandAddress(step, context, 4);
  const rows = workspace(context);
  const slots = rows + tablesBytes<usize>(parameters);
  fillColumns(slots, word(parameters, CONV_INPUT_ZERO_POINT), rowColumns(parameters) * slotCount(parameters));
  for (let c = 0; c < channels; c += BLOCK_CHANNELS, prepared += blockBytes<usize>(parameters)) {
    const first = blockStart(c, channels);
    runBlock(parameters, x + first, prepared, y + first, rows);
  }
}
