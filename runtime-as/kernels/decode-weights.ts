/** Encoded weights → one plain row after the other: for the builds that prepare weights in an order of their own. */
import {
  OPCODE_CONV2D_BITMAP_INT8,
  OPCODE_CONV2D_BLOCK16X4_INT8,
  OPCODE_CONV2D_BLOCK1X16_INT8,
  OPCODE_CONV2D_CODEBOOK_INT8,
  OPCODE_CONV2D_CSR16_INT8,
  OPCODE_CONV2D_CSR8_INT8,
  OPCODE_CONV2D_NIBBLES_INT8,
} from "../format";
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

function decodeCsr16(from: usize, rows: i32, k: i32, to: usize): void {
  let column = from + (<usize>rows << 1);
  let value = column + (<usize>countEntries(from, rows) << 1);
  for (let row = 0; row < rows; row++, to += k) {
    for (let n = <i32>load<u16>(from + (<usize>row << 1), 0, 1); n > 0; n--, column += 2, value++) store<i8>(to + load<u16>(column, 0, 1), load<i8>(value));
  }
}

function decodeCsr8(from: usize, rows: i32, k: i32, to: usize): void {
  let gap = from + (<usize>rows << 1);
  let value = gap + <usize>countEntries(from, rows);
  for (let row = 0; row < rows; row++, to += k) {
    let at = to - 1;
    for (let n = <i32>load<u16>(from + (<usize>row << 1), 0, 1); n > 0; n--, gap++, value++) {
      at += 1 + load<u8>(gap);
      store<i8>(at, load<i8>(value));
    }
  }
}

function decodeBitmap(from: usize, rows: i32, k: i32, to: usize): void {
  const rowBytes = <usize>((k + 7) >> 3);
  let value = from + <usize>rows * rowBytes;
  for (let row = 0; row < rows; row++, from += rowBytes, to += k) {
    for (let i = 0; i < k; i++) if ((load<u8>(from + (i >> 3)) >> (i & 7)) & 1) store<i8>(to + i, load<i8>(value++));
  }
}

/** Blocks of `blockRows` rows and `blockColumns` columns, stored row by row; parts behind the edges are left out. */
function decodeBlocks(from: usize, rows: i32, k: i32, blockRows: i32, blockColumns: i32, to: usize): void {
  const lists = (rows + blockRows - 1) / blockRows;
  const width = columnBytes(k, blockColumns);
  let column = from + (<usize>lists << 1);
  let block = column + <usize>countEntries(from, lists) * width;
  for (let list = 0; list < lists; list++) {
    for (let n = <i32>load<u16>(from + (<usize>list << 1), 0, 1); n > 0; n--, column += width, block += blockRows * blockColumns) {
      const first = blockColumn(column, 0, width) * blockColumns;
      const inside = min(blockColumns, k - first);
      for (let row = list * blockRows; row < min(rows, (list + 1) * blockRows); row++) {
        memory.copy(to + <usize>(row * k + first), block + <usize>((row - list * blockRows) * blockColumns), inside);
      }
    }
  }
}

function decodeNibbles(from: usize, rows: i32, k: i32, to: usize): void {
  const groups = (k + NIBBLE_GROUP - 1) / NIBBLE_GROUP;
  let nibble = from + <usize>(rows * groups);
  for (let row = 0; row < rows; row++, from += groups, nibble += (k + 1) >> 1) {
    for (let i = 0; i < k; i++, to++) {
      const value = ((<i32>load<u8>(nibble + (i >> 1)) >> ((i & 1) << 2)) & 15) - 8;
      store<i8>(to, <i8>(value * <i32>load<u8>(from + i / NIBBLE_GROUP)));
    }
  }
}

function decodeCodebook(from: usize, rows: i32, k: i32, to: usize): void {
  let nibble = from + CODEBOOK_VALUES;
  for (let row = 0; row < rows; row++, nibble += (k + 1) >> 1) {
    for (let i = 0; i < k; i++, to++) store<i8>(to, load<i8>(from + ((<i32>load<u8>(nibble + (i >> 1)) >> ((i & 1) << 2)) & 15)));
  }
}

/** Writes [rows, k] int8; `from` was checked by isEncoded. */
export function decodeWeights(opcode: i32, from: usize, rows: i32, k: i32, to: usize): void {
  memory.fill(to, 0, <usize>(rows * k));
  switch (opcode) {
    case OPCODE_CONV2D_CSR16_INT8: if (HAS_CONV2D_CSR16_INT8) decodeCsr16(from, rows, k, to); break;
    case OPCODE_CONV2D_CSR8_INT8: if (HAS_CONV2D_CSR8_INT8) decodeCsr8(from, rows, k, to); break;
    case OPCODE_CONV2D_BITMAP_INT8: if (HAS_CONV2D_BITMAP_INT8) decodeBitmap(from, rows, k, to); break;
    case OPCODE_CONV2D_BLOCK1X16_INT8: if (HAS_CONV2D_BLOCK1X16_INT8) decodeBlocks(from, rows, k, 1, LONG_BLOCK, to); break;
    case OPCODE_CONV2D_BLOCK16X4_INT8: if (HAS_CONV2D_BLOCK16X4_INT8) decodeBlocks(from, rows, k, BLOCK_ROWS, BLOCK_COLUMNS, to); break;
    case OPCODE_CONV2D_NIBBLES_INT8: if (HAS_CONV2D_NIBBLES_INT8) decodeNibbles(from, rows, k, to); break;
    case OPCODE_CONV2D_CODEBOOK_INT8: if (HAS_CONV2D_CODEBOOK_INT8) decodeCodebook(from, rows, k, to); break;
  }
}
