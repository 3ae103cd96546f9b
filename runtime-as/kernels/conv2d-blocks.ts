/**
 * Block-sparse int8 weights of a convolution, for SIMD: panels of windows (conv2d-panels.ts) meet only the blocks that are
 * there. Prepared, behind the constants of requantize.ts, one list after the other; offsets are those of a column in a panel:
 *
 *     16x4, many pixels, for every 8 channels, as the blocks of dense weights:
 *            8 biases int32 · 8 multipliers float32 · bytes of the offsets int32 · offset of the weights int32 · 8 bytes
 *            offsets int32 [n][2 pairs], up to a multiple of 16 · [n][2 pairs][8 channels][2] int16
 *     16x4, one pixel, for every 16 channels: a list of microkernels/row-int8-simd.ts
 *     1x16, for every channel:
 *            number of blocks int32 · bias int32 · multiplier float32 · 4 bytes
 *            offsets int32 [n], up to a multiple of 16 · [n][16] int8
 */
import {
  CONV_CLAMP_HIGH,
  CONV_CLAMP_LOW,
  CONV_OUTPUT_ZERO_POINT,
  CONV_OUT_CHANNELS,
  OPCODE_CONV2D_BLOCK16X4_INT8,
} from "../format";
import { longBlocksRow, longBlocksRows4, squareBlocksRows4 } from "../microkernels/blocks-int8-simd";
import { packRow, packRowWeights, LIST_COUNT, LIST_HEADER_BYTES, rowPanelOffset, squareBlocksRow } from "../microkernels/row-int8-simd";
import { packPanel1, packPanel4 } from "../microkernels/gemm-int8-simd";
import { REQUANTIZE_CONSTANTS_BYTES, writeRequantizeConstants } from "../microkernels/requantize";
import { opcodeOf, operandAddress, parameter } from "../step";
import { HAS_CONV2D_BLOCK16X4_INT8, HAS_CONV2D_BLOCK1X16_INT8 } from "../variant";
import { pixels } from "./conv2d-weights";
import { BLOCK_BYTES, BLOCK_COLUMNS, BLOCK_ROWS, blockColumn, columnBytes, countEntries, LONG_BLOCK } from "./encoded-weights";
import { patchElements } from "./geometry";

const EIGHT_HEADER: usize = 64 + 16;
const LONG_HEADER: usize = 16;

// @ts-ignore: decorator
@inline
function isSquare(step: usize): bool {
  return HAS_CONV2D_BLOCK16X4_INT8 && (!HAS_CONV2D_BLOCK1X16_INT8 || opcodeOf(step) == OPCODE_CONV2D_BLOCK16X4_INT8);
}

/** Rows of weights that share a list in the packed model. */
function listRows(step: usize): i32 {
  return isSquare(step) ? BLOCK_ROWS : 1;
}

function listsOf(step: usize): i32 {
  return (parameter(step, CONV_OUT_CHANNELS) + listRows(step) - 1) / listRows(step);
}

/** Eights of channels in list `list`. */
function eightsOf(step: usize, list: i32): i32 {
  return min(BLOCK_ROWS / 8, (parameter(step, CONV_OUT_CHANNELS) - list * BLOCK_ROWS + 7) >> 3);
}

function offsetsBytes(count: i32): usize {
  return (<usize>count * 4 + 15) & ~15;
}

/** Bytes of list `list`, of `count` blocks. */
function listBytes(step: usize, list: i32, count: i32): usize {
  if (!isSquare(step)) return LONG_HEADER + offsetsBytes(count) + <usize>(count * LONG_BLOCK);
  if (pixels(step) == 1) return LIST_HEADER_BYTES + offsetsBytes(count) + <usize>(count * BLOCK_BYTES);
  return <usize>eightsOf(step, list) * (EIGHT_HEADER + offsetsBytes(2 * count) + <usize>(count * BLOCK_BYTES));
}

export function blocksPreparedBytes(step: usize, context: usize): i32 {
  const counts = operandAddress(step, context, 1);
  let bytes: usize = REQUANTIZE_CONSTANTS_BYTES;
  for (let i = 0; i < listsOf(step); i++) bytes += listBytes(step, i, load<u16>(counts + (<usize>i << 1), 0, 1));
  return <i32>bytes;
}

/** Biases and behind them multipliers of `channels` channels, of which those behind the last are left out. */
function copyHeader(step: usize, context: usize, channel: i32, channels: i32, to: usize): void {
  const bytes = min(channels, parameter(step, CONV_OUT_CHANNELS) - channel) << 2;
  const at = <usize>channel << 2;
  memory.copy(to, operandAddress(step, context, 2) + at, bytes);
  memory.copy(to + (<usize>channels << 2), operandAddress(step, context, 3) + at, bytes);
}

/** The rows of 8 channels in `count` blocks, as int16. @returns where they end */
function copyWeights(blocks: usize, count: i32, to: usize): usize {
  for (let i = 0; i < count; i++, blocks += BLOCK_BYTES) {
    for (let pair: usize = 0; pair < 4; pair += 2) {
      for (let at = blocks + pair; at < blocks + 8 * BLOCK_COLUMNS; at += BLOCK_COLUMNS, to += 4) {
        store<i16>(to, load<i8>(at));
        store<i16>(to, load<i8>(at, 1), 2);
      }
    }
  }
  return to;
}

/** Offsets of a block's pairs in a panel of 4 rows: 16 bytes each. */
function prepareEights(step: usize, context: usize, list: i32, count: i32, columns: usize, width: i32, blocks: usize, to: usize): void {
  for (let eight = 0; eight < eightsOf(step, list); eight++) {
    copyHeader(step, context, list * BLOCK_ROWS + eight * 8, 8, to);
    store<i32>(to, count * 8, 64);
    store<i32>(to, <i32>(EIGHT_HEADER + offsetsBytes(2 * count)), 68);
    for (let i = 0; i < count; i++) {
      const offset = blockColumn(columns, i, width) * 32;
      const at = to + EIGHT_HEADER + (<usize>i << 3);
      store<i32>(at, offset);
      store<i32>(at, offset + 16, 4);
    }
    to = copyWeights(blocks + <usize>(eight * 8 * BLOCK_COLUMNS), count, to + EIGHT_HEADER + offsetsBytes(2 * count));
  }
}

function prepareSixteen(step: usize, context: usize, list: i32, count: i32, columns: usize, width: i32, blocks: usize, to: usize): void {
  copyHeader(step, context, list * BLOCK_ROWS, BLOCK_ROWS, to);
  store<i32>(to, count, LIST_COUNT);
  let offset = to + LIST_HEADER_BYTES;
  let at = offset + offsetsBytes(count);
  for (let i = 0; i < count; i++, offset += 4) {
    store<i32>(offset, rowPanelOffset(blockColumn(columns, i, width)));
    for (let bias = to; bias < to + <usize>(BLOCK_ROWS << 2); bias += 4, blocks += BLOCK_COLUMNS, at += 4) {
      store<i32>(bias, load<i32>(bias) + packRowWeights(blocks, BLOCK_COLUMNS, at));
    }
  }
}

function prepareLong(step: usize, context: usize, list: i32, count: i32, columns: usize, width: i32, blocks: usize, to: usize): void {
  store<i32>(to, count);
  store<i32>(to, load<i32>(operandAddress(step, context, 2) + (<usize>list << 2)), 4);
  store<f32>(to, load<f32>(operandAddress(step, context, 3) + (<usize>list << 2)), 8);
  let at = to + LONG_HEADER;
  for (let i = 0; i < count; i++, at += 4) store<i32>(at, blockColumn(columns, i, width) * (2 * LONG_BLOCK));
  memory.copy(to + LONG_HEADER + offsetsBytes(count), blocks, count * LONG_BLOCK);
}

export function prepareBlocks(step: usize, context: usize, prepared: usize): void {
  const low = parameter(step, CONV_CLAMP_LOW);
  writeRequantizeConstants(prepared, parameter(step, CONV_OUTPUT_ZERO_POINT), low, parameter(step, CONV_CLAMP_HIGH));
  const square = isSquare(step);
  const lists = listsOf(step);
  const counts = operandAddress(step, context, 1);
  const width = columnBytes(patchElements(step), square ? BLOCK_COLUMNS : LONG_BLOCK);
  let columns = counts + (<usize>lists << 1);
  let blocks = columns + <usize>countEntries(counts, lists) * width;
  let to = prepared + REQUANTIZE_CONSTANTS_BYTES;
  for (let list = 0; list < lists; list++) {
    const count = <i32>load<u16>(counts + (<usize>list << 1), 0, 1);
    const bytes = listBytes(step, list, count);
    memory.fill(to, 0, bytes);
    if (!square) prepareLong(step, context, list, count, columns, width, blocks, to);
    else if (pixels(step) == 1) prepareSixteen(step, context, list, count, columns, width, blocks, to);
    else prepareEights(step, context, list, count, columns, width, blocks, to);
    columns += <usize>(count * width);
    blocks += <usize>(count * (square ? BLOCK_BYTES : LONG_BLOCK));
    to += bytes;
  }
}

/**
 * From one panel of one row to the next: whole blocks, as what lies behind a patch meets weights of zero, and what packing may
 * write behind a run.
 */
function panelRowBytes(step: usize): usize {
  return (<usize>((patchElements(step) + LONG_BLOCK - 1) & ~(LONG_BLOCK - 1)) << 1) + 16;
}

/** 4 rows whose addresses stand at `rows`, `runs` runs of `length` elements each: a panel of 4 rows (16x4), or 4 panels of one row. */
export function packRowsBlocks(step: usize, rows: usize, runs: i32, runStride: usize, length: i32, panel: usize): void {
  const row = panelRowBytes(step);
  let x0 = load<usize>(rows), x1 = load<usize>(rows, 4), x2 = load<usize>(rows, 8), x3 = load<usize>(rows, 12);
  for (; runs > 0; runs--, x0 += runStride, x1 += runStride, x2 += runStride, x3 += runStride) {
    if (isSquare(step)) {
      packPanel4(x0, x1, x2, x3, length, panel);
      panel += <usize>length << 3;
    } else {
      packPanel1(x0, length, panel);
      packPanel1(x1, length, panel + row);
      packPanel1(x2, length, panel + 2 * row);
      packPanel1(x3, length, panel + 3 * row);
      panel += <usize>length << 1;
    }
  }
}

/** The panel of packRowsBlocks times the lists at `lists`. */
export function multiplyRowsBlocks(step: usize, panel: usize, lists: usize, constants: usize, y0: usize, y1: usize, y2: usize, y3: usize): void {
  const channels = parameter(step, CONV_OUT_CHANNELS);
  if (isSquare(step)) squareBlocksRows4(panel, lists, channels, constants, y0, y1, y2, y3);
  else longBlocksRows4(panel, panelRowBytes(step), lists, channels, constants, y0, y1, y2, y3);
}

/** The only row, at `x`. */
export function multiplyRowBlocks(step: usize, x: usize, panel: usize, lists: usize, constants: usize, y: usize): void {
  const channels = parameter(step, CONV_OUT_CHANNELS);
  if (isSquare(step)) {
    packRow(x, patchElements(step), panel);
    squareBlocksRow(panel, lists, channels, constants, y);
  } else {
    packPanel1(x, patchElements(step), panel);
    longBlocksRow(panel, lists, channels, constants, y);
  }
}
