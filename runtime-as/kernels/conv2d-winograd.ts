/**
 * Convolution 3x3 of stride 1 by Winograd's minimal filtering (microkernels/winograd-simd.ts), for SIMD: of a strip of the image all
 * tiles are transformed, then each block of 8 output channels meets them four at a time. The compiler chooses the layers
 * (compiler/plan/winograd.ts).
 */
import { times } from "../check";
import {
  CONV_BATCH,
  CONV_IN_CHANNELS,
  CONV_IN_HEIGHT,
  CONV_OUT_CHANNELS,
  CONV_OUT_HEIGHT,
  CONV_OUT_WIDTH,
  CONV_PAD_TOP,
  WINOGRAD_TILE as TILE,
} from "../format";
import { FORM_WINOGRAD } from "../microkernels/dot-simd";
import { BLOCK_HEADER_BYTES } from "../microkernels/gemm-int8-simd";
import {
  channelsBytes,
  finishPixels,
  multiplyTiles,
  POSITIONS,
  PRODUCTS_BYTES,
  ROW_BYTES,
  TILE_SPAN,
  transformInput,
  transformProducts,
} from "../microkernels/winograd-simd";
import { operandAddress, workspace } from "../step";
import { blockBytes, constantsBytes, convolutionForm, PACKING_BYTES, panelsPreparedBytes } from "./conv2d-weights";
import { copyLines, spanOf } from "./conv2d-lines";
import { convParameter as parameter, imageElements, isBlock, patchElements } from "./geometry";

/** Tiles of a strip at least: what meets a block of weights while both are in the cache. */
const STRIP_TILES: i32 = 16;
/** Tiles of a product. */
const GROUP: i32 = 4;

/** Whether an int8 layer whose weights are packed runs here. */
export function isFiltered(step: usize, context: usize): bool {
  return convolutionForm(step, context) == FORM_WINOGRAD;
}

/** Tiles along an axis (0: height, 1: width). */
function tilesAlong(step: usize, axis: i32): i32 {
  return (parameter(step, CONV_OUT_HEIGHT + axis) + TILE - 1) / TILE;
}

/** Rows of tiles in a strip: as many as leave no product with less than four tiles, where there are so many. */
function stripRows(step: usize): i32 {
  const across = tilesAlong(step, 1);
  const rows = GROUP >> min(ctz(across), 2);
  return min(max(STRIP_TILES / across / rows, 1) * rows, tilesAlong(step, 0));
}

/** The copied input: the lines that the tiles of a strip see, and what is read and written behind them. */
function linesBytes(step: usize): i64 {
  const channels = parameter(step, CONV_IN_CHANNELS);
  const line = times(spanOf(step, 1, parameter(step, CONV_OUT_WIDTH)), channels);
  return (times(line, stripRows(step) * TILE + 2) + times(TILE - 1, channels) + 47) & ~15;
}

/**
 * Vectors of 8 elements in a line that a row of tiles sees. What lies beyond the copied line may be anything of int8: it meets no output
 * that is stored.
 */
function lineVectors(step: usize): i64 {
  return (times(tilesAlong(step, 1) * TILE + 2, parameter(step, CONV_IN_CHANNELS)) + 7) >> 3;
}

/** lines · the lines of a row of tiles, transformed along the height · sums · tiles */
export function winogradWorkspaceBytes(step: usize): i64 {
  const groups = (stripRows(step) * tilesAlong(step, 1) + GROUP - 1) / GROUP;
  const tiles = times(<i64>groups * (GROUP * POSITIONS), channelsBytes(parameter(step, CONV_IN_CHANNELS)));
  return max<i64>(PACKING_BYTES, linesBytes(step) + lineVectors(step) * (TILE_SPAN * 16) + PRODUCTS_BYTES + tiles);
}

/**
 * Whether its weights are as many as the kernel reads, and its blocks of memory may be asked for. That the window is 3x3 of stride 1
 * is promised, and nothing else depends on it.
 */
export function checkWinograd(step: usize): bool {
  return (
    patchElements(step) == 9 * parameter(step, CONV_IN_CHANNELS) &&
    isBlock(panelsPreparedBytes<i8>(step, FORM_WINOGRAD)) && isBlock(winogradWorkspaceBytes(step))
  );
}

export function runWinograd(step: usize, context: usize, prepared: usize): void {
  const height = parameter(step, CONV_OUT_HEIGHT);
  const outLine = parameter(step, CONV_OUT_WIDTH) * parameter(step, CONV_OUT_CHANNELS);
  const lines = workspace(context);
  const tiles = lines + <usize>(linesBytes(step) + lineVectors(step) * (TILE_SPAN * 16)) + PRODUCTS_BYTES;
  let image = operandAddress(step, context, 0), y = operandAddress(step, context, 4);
  for (let n = parameter(step, CONV_BATCH); n > 0; n--, image += imageElements(step)) {
    for (let first = 0; first < height; ) {
      const rows = min(stripRows(step) * TILE, height - first);
      copyLines<i8>(step, FORM_WINOGRAD, prepared, image, parameter(step, CONV_IN_HEIGHT), first - parameter(step, CONV_PAD_TOP), rows + 2, lines);
      transformStrip(step, lines, rows, tiles);
      multiplyStrip(step, prepared, tiles, rows, y);
      first += rows;
      y += rows * outLine;
    }
  }
}

/** `tiles` [groups][36][4][channels] int16, the channels a multiple of 8, from the copied lines of `rows` rows of the output. */
function transformStrip(step: usize, lines: usize, rows: i32, tiles: usize): void {
  const channels = parameter(step, CONV_IN_CHANNELS);
  const lineBytes = spanOf(step, 1, parameter(step, CONV_OUT_WIDTH)) * channels;
  const transformed = lines + <usize>linesBytes(step);
  const vectors = <i32>lineVectors(step);
  const row = channelsBytes(channels);
  let tile: usize = 0;
  for (let left = rows; left > 0; left -= TILE, lines += TILE * lineBytes) {
    transformInput<i8>(lines, lineBytes, transformed, vectors << 4, vectors);
    let from = transformed;
    for (let i = tilesAlong(step, 1); i > 0; i--, tile++, from += 2 * TILE * channels) {
      let to = tiles + (tile >> 2) * (row * (GROUP * POSITIONS)) + (tile & 3) * row;
      for (let h = 0; h < TILE_SPAN * vectors; h += vectors, to += row * (GROUP * TILE_SPAN))
        transformInput<i16>(from + (h << 4), channels << 1, to, row * GROUP, row >> 4);
    }
  }
}

/** Every block of output channels with all tiles of a strip of `rows` rows. */
function multiplyStrip(step: usize, prepared: usize, tiles: usize, rows: i32, y: usize): void {
  const width = parameter(step, CONV_OUT_WIDTH), channels = parameter(step, CONV_OUT_CHANNELS);
  const row = channelsBytes(parameter(step, CONV_IN_CHANNELS));
  const sums = tiles - PRODUCTS_BYTES;
  let block = prepared + constantsBytes<i8>();
  for (let c = 0; c < channels; c += 8, block += <usize>blockBytes<i8>(step, FORM_WINOGRAD)) {
    let x = tiles;
    let tile = 0;
    for (let h = 0; h < rows; h += TILE) {
      for (let w = 0; w < width; w += TILE, tile++) {
        if ((tile & 3) == 0) {
          multiplyTiles(x, row, block + BLOCK_HEADER_BYTES, sums);
          transformProducts(sums);
          x += row * (GROUP * POSITIONS);
        }
        let from = sums + ((tile & 3) << 5), to = y + ((h * width + w) * channels + c);
        for (let i = min(TILE, rows - h); i > 0; i--, from += ROW_BYTES, to += width * channels)
          finishPixels(from, to, channels, width - w, channels - c, block, prepared);
      }
    }
  }
}
