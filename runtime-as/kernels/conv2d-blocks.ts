/**
 * Convolution with block-sparse int8 weights, for SIMD: patches of 4 output pixels become one panel, and each panel meets
 * only the blocks that are there. Prepared, one list after the other (a list is 16 channels, or 1 with long blocks):
 *
 *     constants of requantize.ts
 *     16x4:  number of blocks int32 · 12 bytes · twice 8 biases · 8 multipliers
 *            panel offsets int32 [n], up to a multiple of 16 · for channels 0 … 7 and again 8 … 15: [n][2 pairs][8 channels][2] int8
 *     1x16:  number of blocks int32 · bias int32 · multiplier float32 · 4 bytes
 *            panel offsets int32 [n], up to a multiple of 16 · [n][16] int8
 */
import {
  CONV_BATCH,
  CONV_CLAMP_HIGH,
  CONV_CLAMP_LOW,
  CONV_IN_CHANNELS,
  CONV_IN_WIDTH,
  CONV_OUTPUT_ZERO_POINT,
  CONV_OUT_CHANNELS,
  CONV_OUT_HEIGHT,
  CONV_OUT_WIDTH,
  CONV_PAD_LEFT,
  CONV_PAD_TOP,
  CONV_STRIDE_HEIGHT,
  CONV_STRIDE_WIDTH,
  OPCODE_CONV2D_BLOCK16X4_INT8,
} from "../format";
import { longBlocksRow, longBlocksRows4, squareBlocksRow, squareBlocksRows4 } from "../microkernels/blocks-int8-simd";
import { packPanel1, packPanel4, panelBytesInt8 } from "../microkernels/gemm-int8-simd";
import { REQUANTIZE_CONSTANTS_BYTES, writeRequantizeConstants } from "../microkernels/requantize";
import { opcodeOf, operandAddress, parameter, workspace } from "../step";
import { patchAddress, PIXEL_BYTES } from "./conv2d-patch";
import { BLOCK_BYTES, BLOCK_COLUMNS, BLOCK_ROWS, blockColumn, columnBytes, countEntries, LONG_BLOCK } from "./encoded-weights";
import { imageElements, patchElements } from "./geometry";

const ROWS: i32 = 4;
const SQUARE_HEADER: usize = 16 + 2 * 64;
const LONG_HEADER: usize = 16;

function isSquare(opcode: i32): bool {
  return opcode == OPCODE_CONV2D_BLOCK16X4_INT8;
}

function listsOf(step: usize): i32 {
  const channels = parameter(step, CONV_OUT_CHANNELS);
  return isSquare(opcodeOf(step)) ? (channels + BLOCK_ROWS - 1) / BLOCK_ROWS : channels;
}

/** Bytes of a list of `count` blocks. */
function listBytes(square: bool, count: i32): usize {
  const header = square ? SQUARE_HEADER : LONG_HEADER;
  return header + ((<usize>count * 4 + 15) & ~15) + <usize>(count * (square ? BLOCK_BYTES : LONG_BLOCK));
}

export function blocksPreparedBytes(step: usize, context: usize): i32 {
  const counts = operandAddress(step, context, 1);
  let bytes: usize = REQUANTIZE_CONSTANTS_BYTES;
  for (let i = 0; i < listsOf(step); i++) bytes += listBytes(isSquare(opcodeOf(step)), load<u16>(counts + (<usize>i << 1), 0, 1));
  return <i32>bytes;
}

/** Elements of a patch up to whole blocks, which are read as zeros' partners. */
function paddedPatch(step: usize): i32 {
  return (patchElements(step) + LONG_BLOCK - 1) & ~(LONG_BLOCK - 1);
}

/** 4 panels of one row each (1x16), or one of 4 rows (16x4): the same bytes · 4 patches · 4 pixels. */
export function blocksWorkspaceBytes(step: usize): i32 {
  const k = paddedPatch(step);
  return <i32>(panelBytesInt8(k) + ROWS * (k + 32 + <i32>PIXEL_BYTES));
}

function copyHeader(step: usize, context: usize, channel: i32, lane: i32, to: usize): void {
  const at = <usize>channel << 2;
  store<i32>(to + (<usize>lane << 2), load<i32>(operandAddress(step, context, 2) + at));
  store<f32>(to + (<usize>lane << 2), load<f32>(operandAddress(step, context, 3) + at), 32);
}

function prepareSquare(step: usize, context: usize, list: i32, count: i32, columns: usize, width: i32, blocks: usize, to: usize): void {
  const channels = min(BLOCK_ROWS, parameter(step, CONV_OUT_CHANNELS) - list * BLOCK_ROWS);
  for (let c = 0; c < channels; c++) copyHeader(step, context, list * BLOCK_ROWS + c, c & 7, to + 16 + <usize>((c >> 3) << 6));
  let at = to + SQUARE_HEADER;
  // A block of 4 columns is 2 pairs: 32 bytes of the panel of 4 rows.
  for (let i = 0; i < count; i++, at += 4) store<i32>(at, blockColumn(columns, i, width) * 32);
  at = to + SQUARE_HEADER + ((<usize>count * 4 + 15) & ~15);
  for (let half = 0; half < 2; half++) {
    for (let i = 0; i < count; i++, at += 32) {
      for (let c = 0; c < 8; c++) {
        const from = blocks + <usize>(i * BLOCK_BYTES + (half * 8 + c) * BLOCK_COLUMNS);
        store<u16>(at + (<usize>c << 1), load<u16>(from, 0, 1));
        store<u16>(at + (<usize>c << 1), load<u16>(from, 2, 1), 16);
      }
    }
  }
}

function prepareLong(step: usize, context: usize, list: i32, count: i32, columns: usize, width: i32, blocks: usize, to: usize): void {
  store<i32>(to, load<i32>(operandAddress(step, context, 2) + (<usize>list << 2)), 4);
  store<f32>(to, load<f32>(operandAddress(step, context, 3) + (<usize>list << 2)), 8);
  let at = to + LONG_HEADER;
  for (let i = 0; i < count; i++, at += 4) store<i32>(at, blockColumn(columns, i, width) * (2 * LONG_BLOCK));
  memory.copy(to + LONG_HEADER + ((<usize>count * 4 + 15) & ~15), blocks, count * LONG_BLOCK);
}

export function prepareBlocks(step: usize, context: usize, prepared: usize): void {
  const low = parameter(step, CONV_CLAMP_LOW);
  writeRequantizeConstants(prepared, parameter(step, CONV_OUTPUT_ZERO_POINT), low, parameter(step, CONV_CLAMP_HIGH));
  const square = isSquare(opcodeOf(step));
  const lists = listsOf(step);
  const counts = operandAddress(step, context, 1);
  const width = columnBytes(patchElements(step), square ? BLOCK_COLUMNS : LONG_BLOCK);
  let columns = counts + (<usize>lists << 1);
  let blocks = columns + <usize>countEntries(counts, lists) * width;
  let to = prepared + REQUANTIZE_CONSTANTS_BYTES;
  for (let list = 0; list < lists; list++) {
    const count = <i32>load<u16>(counts + (<usize>list << 1), 0, 1);
    memory.fill(to, 0, listBytes(square, count));
    store<i32>(to, count);
    if (square) prepareSquare(step, context, list, count, columns, width, blocks, to);
    else prepareLong(step, context, list, count, columns, width, blocks, to);
    columns += <usize>(count * width);
    blocks += <usize>(count * (square ? BLOCK_BYTES : LONG_BLOCK));
    to += listBytes(square, count);
  }
}

/** Where output pixel `index` (over the whole batch) reads. */
function placePixel(step: usize, x: usize, index: i32, pixel: usize): void {
  const outWidth = parameter(step, CONV_OUT_WIDTH);
  const row = index / outWidth;
  const image = row / parameter(step, CONV_OUT_HEIGHT);
  const h = (row - image * parameter(step, CONV_OUT_HEIGHT)) * parameter(step, CONV_STRIDE_HEIGHT) - parameter(step, CONV_PAD_TOP);
  const w = (index - row * outWidth) * parameter(step, CONV_STRIDE_WIDTH) - parameter(step, CONV_PAD_LEFT);
  const offset = (h * parameter(step, CONV_IN_WIDTH) + w) * parameter(step, CONV_IN_CHANNELS);
  store<usize>(pixel, x + <usize>image * imageElements(step) + <usize>offset);
  store<i32>(pixel, h, 4);
  store<i32>(pixel, w, 8);
}

export function runBlocks(opcode: i32, step: usize, context: usize, prepared: usize): void {
  const k = patchElements(step);
  const panelRow = <usize>(paddedPatch(step) * 2);
  const channels = parameter(step, CONV_OUT_CHANNELS);
  const lists = prepared + REQUANTIZE_CONSTANTS_BYTES;
  const panel = workspace(context);
  const patches = panel + <usize>panelBytesInt8(paddedPatch(step));
  const patchStride = <usize>(paddedPatch(step) + 32);
  const pixels = patches + <usize>ROWS * patchStride;
  const x = operandAddress(step, context, 0);
  let y = operandAddress(step, context, 4);
  const rows = parameter(step, CONV_BATCH) * parameter(step, CONV_OUT_HEIGHT) * parameter(step, CONV_OUT_WIDTH);
  for (let row = 0; row < rows; row += ROWS, y += <usize>(ROWS * channels)) {
    const count = min(ROWS, rows - row);
    // Rows behind the last pixel repeat it.
    for (let i = 0; i < ROWS; i++) placePixel(step, x, row + min(i, count - 1), pixels + <usize>i * PIXEL_BYTES);
    const x0 = patchAddress(step, pixels, patches);
    if (count == 1) {
      packPanel1(x0, k, panel);
      if (isSquare(opcode)) squareBlocksRow(panel, lists, channels, prepared, y);
      else longBlocksRow(panel, lists, channels, prepared, y);
      return;
    }
    const x1 = patchAddress(step, pixels + PIXEL_BYTES, patches + patchStride);
    const x2 = patchAddress(step, pixels + 2 * PIXEL_BYTES, patches + 2 * patchStride);
    const x3 = patchAddress(step, pixels + 3 * PIXEL_BYTES, patches + 3 * patchStride);
    if (isSquare(opcode)) {
      packPanel4(x0, x1, x2, x3, k, panel);
      squareBlocksRows4(panel, lists, channels, prepared, y, count);
    } else {
      packPanel1(x0, k, panel);
      packPanel1(x1, k, panel + panelRow);
      packPanel1(x2, k, panel + 2 * panelRow);
      packPanel1(x3, k, panel + 3 * panelRow);
      longBlocksRows4(panel, panelRow, lists, channels, prepared, y, count);
    }
  }
}
