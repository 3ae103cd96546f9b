/**
 * Products of encoded weights with one patch, row by row, without a plain copy: for builds without SIMD, which read the
 * encoding where it lies. Every function finishes all output channels of one pixel.
 */
import {
  CONV_CLAMP_HIGH,
  CONV_CLAMP_LOW,
  CONV_OUTPUT_ZERO_POINT,
  OPCODE_CONV2D_BITMAP_INT8,
  OPCODE_CONV2D_BLOCK16X4_INT8,
  OPCODE_CONV2D_BLOCK1X16_INT8,
  OPCODE_CONV2D_CODEBOOK_INT8,
  OPCODE_CONV2D_CSR16_INT8,
  OPCODE_CONV2D_CSR8_INT8,
  OPCODE_CONV2D_NIBBLES_INT8,
} from "../format";
import { requantize } from "../microkernels/requantize";
import { parameter } from "../step";
import {
  HAS_CONV2D_BITMAP_INT8,
  HAS_CONV2D_BLOCK16X4_INT8,
  HAS_CONV2D_BLOCK1X16_INT8,
  HAS_CONV2D_CODEBOOK_INT8,
  HAS_CONV2D_CSR16_INT8,
  HAS_CONV2D_CSR8_INT8,
  HAS_CONV2D_NIBBLES_INT8,
} from "../variant";
import { BLOCK_BYTES, BLOCK_COLUMNS, BLOCK_ROWS, blockColumn, CODEBOOK_VALUES, columnBytes, countEntries, LONG_BLOCK, NIBBLE_GROUP } from "./encoded-weights";

/** Stores channel `row` of the pixel at `y`; biases and multipliers lie 4 bytes apart. */
function finishRow(step: usize, sum: i32, bias: usize, multipliers: usize, row: i32, y: usize): void {
  const at = <usize>row << 2;
  const multiplier = load<f32>(multipliers + at);
  const zeroPoint = parameter(step, CONV_OUTPUT_ZERO_POINT);
  store<i8>(y + row, <i8>requantize(sum + load<i32>(bias + at), multiplier, zeroPoint, parameter(step, CONV_CLAMP_LOW), parameter(step, CONV_CLAMP_HIGH)));
}

// @ts-ignore: decorator
@inline
function product(patch: usize, column: i32, value: usize): i32 {
  return <i32>load<i8>(patch + column) * <i32>load<i8>(value);
}

function csr16(step: usize, weights: usize, rows: i32, patch: usize, bias: usize, multipliers: usize, y: usize): void {
  let column = weights + (<usize>rows << 1);
  let value = column + (<usize>countEntries(weights, rows) << 1);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let n = <i32>load<u16>(weights + (<usize>row << 1), 0, 1); n > 0; n--, column += 2, value++) sum += product(patch, load<u16>(column, 0, 1), value);
    finishRow(step, sum, bias, multipliers, row, y);
  }
}

function csr8(step: usize, weights: usize, rows: i32, patch: usize, bias: usize, multipliers: usize, y: usize): void {
  let gap = weights + (<usize>rows << 1);
  let value = gap + <usize>countEntries(weights, rows);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    let x = patch - 1;
    for (let n = <i32>load<u16>(weights + (<usize>row << 1), 0, 1); n > 0; n--, gap++, value++) {
      x += 1 + load<u8>(gap);
      sum += product(x, 0, value);
    }
    finishRow(step, sum, bias, multipliers, row, y);
  }
}

function bitmap(step: usize, weights: usize, rows: i32, k: i32, patch: usize, bias: usize, multipliers: usize, y: usize): void {
  const rowBytes = (k + 7) >> 3;
  let value = weights + <usize>(rows * rowBytes);
  for (let row = 0; row < rows; row++, weights += rowBytes) {
    let sum = 0;
    for (let i = 0; i < rowBytes; i++) {
      const x = patch + (<usize>i << 3);
      for (let bits = <i32>load<u8>(weights + i); bits != 0; bits &= bits - 1, value++) sum += product(x, ctz(bits), value);
    }
    finishRow(step, sum, bias, multipliers, row, y);
  }
}

function longBlocks(step: usize, weights: usize, rows: i32, k: i32, patch: usize, bias: usize, multipliers: usize, y: usize): void {
  const width = columnBytes(k, LONG_BLOCK);
  let column = weights + (<usize>rows << 1);
  let value = column + <usize>countEntries(weights, rows) * width;
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let n = <i32>load<u16>(weights + (<usize>row << 1), 0, 1); n > 0; n--, column += width, value += LONG_BLOCK) {
      const first = blockColumn(column, 0, width) * LONG_BLOCK;
      const inside = min(LONG_BLOCK, k - first);
      for (let i = 0; i < inside; i++) sum += product(patch, first + i, value + i);
    }
    finishRow(step, sum, bias, multipliers, row, y);
  }
}

/** Every block of a list once per row: the columns of a list are few, and lie in one place. */
function squareBlocks(step: usize, weights: usize, rows: i32, k: i32, patch: usize, bias: usize, multipliers: usize, y: usize): void {
  const lists = (rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
  const width = columnBytes(k, BLOCK_COLUMNS);
  let columns = weights + (<usize>lists << 1);
  let blocks = columns + <usize>countEntries(weights, lists) * width;
  for (let list = 0; list < lists; list++) {
    const count = <i32>load<u16>(weights + (<usize>list << 1), 0, 1);
    for (let row = list * BLOCK_ROWS; row < min(rows, (list + 1) * BLOCK_ROWS); row++) {
      let value = blocks + <usize>((row - list * BLOCK_ROWS) * BLOCK_COLUMNS);
      let sum = 0;
      for (let i = 0; i < count; i++, value += BLOCK_BYTES) {
        const first = blockColumn(columns, i, width) * BLOCK_COLUMNS;
        const inside = min(BLOCK_COLUMNS, k - first);
        for (let j = 0; j < inside; j++) sum += product(patch, first + j, value + j);
      }
      finishRow(step, sum, bias, multipliers, row, y);
    }
    columns += <usize>(count * width);
    blocks += <usize>(count * BLOCK_BYTES);
  }
}

function nibbles(step: usize, weights: usize, rows: i32, k: i32, patch: usize, bias: usize, multipliers: usize, y: usize): void {
  const groups = (k + NIBBLE_GROUP - 1) / NIBBLE_GROUP;
  let nibble = weights + <usize>(rows * groups);
  for (let row = 0; row < rows; row++, weights += groups, nibble += (k + 1) >> 1) {
    let sum = 0;
    for (let group = 0; group < groups; group++) {
      const end = min(k, (group + 1) * NIBBLE_GROUP);
      let partial = 0;
      for (let i = group * NIBBLE_GROUP; i < end; i++) {
        partial += <i32>load<i8>(patch + i) * (((<i32>load<u8>(nibble + (i >> 1)) >> ((i & 1) << 2)) & 15) - 8);
      }
      sum += partial * <i32>load<u8>(weights + group);
    }
    finishRow(step, sum, bias, multipliers, row, y);
  }
}

function codebook(step: usize, weights: usize, rows: i32, k: i32, patch: usize, bias: usize, multipliers: usize, y: usize): void {
  let nibble = weights + CODEBOOK_VALUES;
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let i = 1; i < k; i += 2, nibble++) {
      const pair = <i32>load<u8>(nibble);
      sum += product(patch, i - 1, weights + (pair & 15)) + product(patch, i, weights + (pair >> 4));
    }
    if (k & 1) sum += product(patch, k - 1, weights + (<i32>load<u8>(nibble++) & 15));
    finishRow(step, sum, bias, multipliers, row, y);
  }
}

/** All output channels of the pixel whose patch of `k` int8 lies at `patch`. */
export function multiplyEncoded(opcode: i32, step: usize, weights: usize, rows: i32, k: i32, patch: usize, bias: usize, multipliers: usize, y: usize): void {
  switch (opcode) {
    case OPCODE_CONV2D_CSR16_INT8: if (HAS_CONV2D_CSR16_INT8) csr16(step, weights, rows, patch, bias, multipliers, y); break;
    case OPCODE_CONV2D_CSR8_INT8: if (HAS_CONV2D_CSR8_INT8) csr8(step, weights, rows, patch, bias, multipliers, y); break;
    case OPCODE_CONV2D_BITMAP_INT8: if (HAS_CONV2D_BITMAP_INT8) bitmap(step, weights, rows, k, patch, bias, multipliers, y); break;
    case OPCODE_CONV2D_BLOCK1X16_INT8: if (HAS_CONV2D_BLOCK1X16_INT8) longBlocks(step, weights, rows, k, patch, bias, multipliers, y); break;
    case OPCODE_CONV2D_BLOCK16X4_INT8: if (HAS_CONV2D_BLOCK16X4_INT8) squareBlocks(step, weights, rows, k, patch, bias, multipliers, y); break;
    case OPCODE_CONV2D_NIBBLES_INT8: if (HAS_CONV2D_NIBBLES_INT8) nibbles(step, weights, rows, k, patch, bias, multipliers, y); break;
    case OPCODE_CONV2D_CODEBOOK_INT8: if (HAS_CONV2D_CODEBOOK_INT8) codebook(step, weights, rows, k, patch, bias, multipliers, y); break;
  }
}
