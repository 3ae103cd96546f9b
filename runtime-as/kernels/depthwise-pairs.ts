/**
 * Depthwise 3x3 int8 convolution for SIMD, stride 1 or 2 along the rows, 8 or more channels: pairs of input rows, interleaved and
 * padded with the zero point, lie in a ring of slots in the workspace. Each is written once and serves every output row that needs it.
 *
 * Row `id` = input row + top padding belongs to pair `id & ~1`; the output row that begins with it needs that pair and the one after
 * it. A step writes one pair of one block of 8 channels, in place of the pair before the last of that block or of the block before
 * it, and computes the output rows that waited for it. Of a small image one block is computed after the other, in a ring of two; of a
 * larger one every pair, block by block, in a ring of one slot per block and one more: half of what two for each would take of the
 * nearest caches.
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
import { fillColumns } from "../microkernels/depthwise-int8-simd";
import {
  depthwisePixels,
  interleaveRows,
  PAIR_COLUMN_BYTES,
  PAIRS_HEADER_BYTES,
  WINDOW_WEIGHT_BYTES,
} from "../microkernels/depthwise-pairs-simd";
import { REQUANTIZE_CONSTANTS_BYTES, writeRequantizeConstants } from "../microkernels/requantize";
import { operandAddress, workspace } from "../step";
import { STRIDES } from "../variant";
import { BLOCK_CHANNELS, blockStart, channelBlocks } from "./depthwise-3x3";
import { convParameter as parameter, imageElements } from "./geometry";

const BLOCK_BYTES: usize = PAIRS_HEADER_BYTES + 2 * WINDOW_WEIGHT_BYTES;
/** Of the lines that hold one block of a small image: they stay in the nearest caches, where up to 7 other blocks find theirs. */
const SMALL_BYTES: i32 = 40_000;
const LINE_BYTES: i32 = 64;
/** One pixel outside of the image, padded. */
const OUTSIDE_BYTES: usize = 16;

/** Of a pair of rows. */
function pairColumns(step: usize): i32 {
  return parameter(step, CONV_OUT_WIDTH) * parameter(step, CONV_STRIDE_WIDTH) + 2;
}

function isSmall(step: usize): bool {
  const pixelBytes = min(parameter(step, CONV_IN_CHANNELS), LINE_BYTES);
  return <i64>parameter(step, CONV_IN_HEIGHT) * parameter(step, CONV_IN_WIDTH) * pixelBytes <= SMALL_BYTES;
}

/** The last one that an output row needs. */
function lastPair(step: usize): i32 {
  return ((parameter(step, CONV_OUT_HEIGHT) - 1) * parameter(step, CONV_STRIDE_HEIGHT) & ~1) + 2;
}

/** May exceed 31 bits. */
export function pairsPreparedBytes(step: usize): i64 {
  return REQUANTIZE_CONSTANTS_BYTES + <i64>channelBlocks(step) * BLOCK_BYTES;
}

/** pixel outside · pair outside [columns] · ring [2, or blocks + 1][columns] */
export function pairsWorkspaceBytes(step: usize): i64 {
  const slots = isSmall(step) ? 2 : channelBlocks(step) + 1;
  return OUTSIDE_BYTES + PAIR_COLUMN_BYTES * <i64>(1 + slots) * pairColumns(step);
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
  const endId = outHeight * stride;
  const outside = workspace(context);
  const pairOutside = outside + OUTSIDE_BYTES;
  const firstSlot = pairOutside + slotBytes;
  const ringEnd = outside + <usize>pairsWorkspaceBytes(step);
  const lastSlot = ringEnd - slotBytes;
  const padTop = parameter(step, CONV_PAD_TOP);
  const padding = parameter(step, CONV_PAD_LEFT);
  const leftBytes = padding * PAIR_COLUMN_BYTES;
  const inside = min(inWidth, pairColumns(step) - padding);
  const zeroPoint = parameter(step, CONV_INPUT_ZERO_POINT);
  const last = lastPair(step);
  // No row begins in the last pair, so it may lie anywhere: below the image it is always the same.
  const firstBelow = max(inHeight + padTop, last);
  const partIds = isSmall(step) ? last + 2 : 2;
  let image = operandAddress(step, context, 0);
  let y = operandAddress(step, context, 4);
  memory.fill(outside, <u8>zeroPoint, OUTSIDE_BYTES);
  // Padding is written once.
  fillColumns(pairOutside, zeroPoint, ringEnd - pairOutside);
  let slot = firstSlot;
  for (let n = parameter(step, CONV_BATCH); n > 0; n--, image += imageBytes) {
    let id = 0;
    for (let part = 0; part <= last; part += partIds) {
      const firstId = id;
      const partEnd = part + partIds;
      let block = prepared + REQUANTIZE_CONSTANTS_BYTES;
      let out = y;
      let first = 0;
      for (let c = 0; c < channels; c += BLOCK_CHANNELS, block += BLOCK_BYTES) {
        first = blockStart(c, channels);
        out = y + first;
        let row = image + first + (part - padTop) * lineBytes;
        id = firstId;
        for (let pair = part; pair < partEnd; pair += 2, row += lineBytes << 1) {
          let to = slot;
          slot = slot == lastSlot ? firstSlot : slot + slotBytes;
          const h = pair - padTop;
          let a = row, b = row + lineBytes, aPixelBytes: usize = channels, bPixelBytes: usize = channels;
          // Rare: one branch instead of four selections for every pair.
          if (<u32>h >= <u32>(inHeight - 1)) {
            if (<u32>h >= <u32>inHeight) {
              a = outside;
              aPixelBytes = 0;
            }
            if (<u32>(h + 1) >= <u32>inHeight) {
              b = outside;
              bPixelBytes = 0;
            }
          }
          if (pair >= firstBelow) to = pairOutside;
          else interleaveRows(to + leftBytes, a, aPixelBytes, b, bPixelBytes, inside);
          // The block's pair before lies in the slot that the next step writes.
          for (; id < min(pair, endId); id += stride, out += outLineBytes) {
            const weights = block + PAIRS_HEADER_BYTES + (id & 1) * WINDOW_WEIGHT_BYTES;
            if (STRIDES && parameter(step, CONV_STRIDE_WIDTH) > 1) depthwisePixels<i16>(slot, to - slot, weights, block, prepared, out, channels, outWidth);
            else depthwisePixels<i8>(slot, to - slot, weights, block, prepared, out, channels, outWidth);
          }
        }
      }
      y = out - first;
    }
  }
}
