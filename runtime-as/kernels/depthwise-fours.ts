/**
 * Depthwise 3x3 int8 convolution of relaxed builds, stride 1 or 2 along the rows, 8 or more channels: of two blocks of 8 channels, four
 * input rows, interleaved and padded with the zero point, are one line in the workspace; it serves two output rows (stride 1) or one.
 */
import {
  CONV_BATCH,
  CONV_CLAMP_HIGH,
  CONV_CLAMP_LOW,
  CONV_INPUT_ZERO_POINT,
  CONV_IN_CHANNELS,
  CONV_IN_HEIGHT,
  CONV_IN_WIDTH,
  CONV_OUTPUT_ZERO_POINT,
  CONV_OUT_HEIGHT,
  CONV_OUT_WIDTH,
  CONV_PAD_LEFT,
  CONV_PAD_TOP,
  CONV_STRIDE_HEIGHT,
  CONV_STRIDE_WIDTH,
} from "../format";
import { BLOCK_COLUMN_BYTES, depthwiseFours, FOURS_HEADER_BYTES, interleaveFour, LINE_COLUMN_BYTES, WINDOW_PART_BYTES } from "../microkernels/depthwise-fours-simd";
import { DOT_CONSTANTS_BYTES, flipAt, formAt, writeDotConstants } from "../microkernels/dot-simd";
import { bytesForm, flipOf, isExact } from "../microkernels/relaxed-simd";
import { fillRun } from "../microkernels/run-simd";
import { REQUANTIZE_CONSTANTS_BYTES, writeRequantizeConstants } from "../microkernels/requantize";
import { engine, operandAddress, promises, workspace } from "../step";
import { PAIRS, STRIDES } from "../variant";
import { BLOCK_CHANNELS, blockStart, channelBlocks } from "./depthwise-3x3";
import { convParameter as parameter, imageElements } from "./geometry";

/** What is computed at a time of an input row, whichever is more: four such rows stay in the nearest cache until all their blocks are done. */
const PART_COLUMNS: i32 = 32;
const PART_BYTES: i32 = 4096;
const CONSTANTS_BYTES: i32 = REQUANTIZE_CONSTANTS_BYTES + DOT_CONSTANTS_BYTES;

/** Weights of one window: in one part, or in two. Without pairs all weights fit one. */
function windowBytes(step: usize, context: usize): i32 {
  return !PAIRS || isExact(engine(context), promises(step, context, 1)) ? WINDOW_PART_BYTES : 2 * WINDOW_PART_BYTES;
}

function blockBytes(step: usize, context: usize): i32 {
  return FOURS_HEADER_BYTES + 2 * windowBytes(step, context);
}

/** Output pixels of one line; in parts, whole tiles of four. */
function linePixels(step: usize): i32 {
  const columns = max(PART_COLUMNS, PART_BYTES / parameter(step, CONV_IN_CHANNELS));
  return min(columns / parameter(step, CONV_STRIDE_WIDTH) & ~3, parameter(step, CONV_OUT_WIDTH));
}

/** Columns that so many output pixels read. */
function columns(step: usize, pixels: i32): i32 {
  return pixels * parameter(step, CONV_STRIDE_WIDTH) + 2;
}

/** May exceed 31 bits. */
export function foursPreparedBytes(step: usize, context: usize): i64 {
  return CONSTANTS_BYTES + <i64>channelBlocks(step) * blockBytes(step, context);
}

/** line · row outside of the image */
export function foursWorkspaceBytes(step: usize): i64 {
  return LINE_COLUMN_BYTES * <i64>columns(step, linePixels(step)) + <i64>parameter(step, CONV_IN_WIDTH) * parameter(step, CONV_IN_CHANNELS);
}

/** Where the bytes of a line's row lie. */
// @ts-ignore: decorator
@inline
function rowByte(row: i32): i32 {
  return (row & 1) << 1 | row >> 1;
}

/** Where the activations are flipped to x + 128, the bias gives back what that adds. */
export function prepareFours(step: usize, context: usize, prepared: usize): void {
  const channels = parameter(step, CONV_IN_CHANNELS);
  const weights = operandAddress(step, context, 1);
  const bias = operandAddress(step, context, 2);
  const multipliers = operandAddress(step, context, 3);
  const flip = flipOf(engine(context));
  const window = windowBytes(step, context);
  writeRequantizeConstants(
    prepared, parameter(step, CONV_OUTPUT_ZERO_POINT), parameter(step, CONV_CLAMP_LOW), parameter(step, CONV_CLAMP_HIGH),
  );
  writeDotConstants(prepared + REQUANTIZE_CONSTANTS_BYTES, bytesForm(engine(context)), flip);
  memory.fill(prepared + CONSTANTS_BYTES, 0, <usize>foursPreparedBytes(step, context) - CONSTANTS_BYTES);
  let block = prepared + CONSTANTS_BYTES;
  for (let c = 0; c < channels; c += BLOCK_CHANNELS, block += blockBytes(step, context)) {
    const first = blockStart(c, channels);
    for (let n = 0; n < BLOCK_CHANNELS; n++) {
      const lane = <usize>n << 2;
      const at = <usize>(first + n);
      let sum = 0;
      let from = weights + at;
      for (let tap = 0; tap < 9; tap++, from += channels) {
        const weight = load<i8>(from);
        const row = tap / 3;
        const to = block + FOURS_HEADER_BYTES + lane + <usize>(tap % 3 * BLOCK_COLUMN_BYTES + (row == 2 ? window - WINDOW_PART_BYTES : 0));
        store<i8>(to + rowByte(row), weight);
        store<i8>(to + window + rowByte(row + 1), weight);
        sum += weight;
      }
      store<i32>(block + lane, load<i32>(bias + (at << 2)) - flip * sum);
      store<f32>(block + lane, load<f32>(multipliers + (at << 2)), 32);
    }
  }
}

/** Row `h` of the image, or the one outside. */
function rowAt(step: usize, image: usize, outside: usize, h: i32): usize {
  if (<u32>h >= <u32>parameter(step, CONV_IN_HEIGHT)) return outside;
  return image + <usize>(h * parameter(step, CONV_IN_WIDTH) * parameter(step, CONV_IN_CHANNELS));
}

export function runFours(step: usize, context: usize, prepared: usize): void {
  const channels = parameter(step, CONV_IN_CHANNELS);
  const outHeight = parameter(step, CONV_OUT_HEIGHT);
  const outWidth = parameter(step, CONV_OUT_WIDTH);
  const inWidth = parameter(step, CONV_IN_WIDTH);
  const stride = parameter(step, CONV_STRIDE_HEIGHT);
  const outLineBytes = outWidth * channels;
  const imageBytes = imageElements(step);
  const window = windowBytes(step, context);
  const zeroPoint = parameter(step, CONV_INPUT_ZERO_POINT);
  const isDense = !STRIDES || parameter(step, CONV_STRIDE_WIDTH) == 1;
  const line = workspace(context);
  const pixels = linePixels(step);
  const outside = line + <usize>(columns(step, pixels) * LINE_COLUMN_BYTES);
  const form = formAt(prepared);
  const zeroPoints = v128.xor(i8x16.splat(<i8>zeroPoint), flipAt(prepared));
  // Output rows of one line.
  const rows = stride == 1 ? 2 : 1;
  let image = operandAddress(step, context, 0);
  let y = operandAddress(step, context, 4);
  memory.fill(outside, <u8>zeroPoint, inWidth * channels);
  for (let n = parameter(step, CONV_BATCH); n > 0; n--, image += imageBytes) {
    let h = -parameter(step, CONV_PAD_TOP);
    for (let left = outHeight; left > 0; left -= rows, h += rows * stride) {
      const count = min(rows, left);
      // Of the fourth, a single output row takes nothing.
      const a = rowAt(step, image, outside, h), b = rowAt(step, image, outside, h + 1);
      const c = rowAt(step, image, outside, h + 2), d = rowAt(step, image, outside, h + 3);
      let w = -parameter(step, CONV_PAD_LEFT);
      for (let ow = 0; ow < outWidth; ow += pixels) {
        const width = min(pixels, outWidth - ow);
        const end = columns(step, width);
        const padding = min(max(-w, 0), end);
        const inside = max(min(inWidth - w, end) - padding, 0);
        const first = line + <usize>(padding * LINE_COLUMN_BYTES);
        const behind = first + <usize>(inside * LINE_COLUMN_BYTES);
        fillRun(line, zeroPoints, first - line);
        fillRun(behind, zeroPoints, outside - behind);
        let block = prepared + CONSTANTS_BYTES;
        for (let channel = 0; channel < channels; channel += BLOCK_CHANNELS) {
          const start = blockStart(channel, channels);
          const from = (w + padding) * channels + start;
          // Two blocks at once; where the last one repeats channels, it is not behind the one before.
          const isSecond = channel & start & BLOCK_CHANNELS;
          if (!isSecond) interleaveFour(first, a + from, b + from, c + from, d + from, channels, inside, prepared);
          const x = line + <usize>(isSecond * (BLOCK_COLUMN_BYTES / BLOCK_CHANNELS));
          let weights = block + FOURS_HEADER_BYTES;
          for (let row = 0, to = y + ow * channels + start; row < count; row++, to += outLineBytes, weights += window) {
            const weightsEnd = weights + window;
            if (isDense) depthwiseFours<i8>(form, x, weights, weightsEnd, block, prepared, to, channels, width);
            else depthwiseFours<i16>(form, x, weights, weightsEnd, block, prepared, to, channels, width);
          }
          block += FOURS_HEADER_BYTES + 2 * window;
        }
        w += pixels * parameter(step, CONV_STRIDE_WIDTH);
      }
      y += <usize>(count * outLineBytes);
    }
  }
}
