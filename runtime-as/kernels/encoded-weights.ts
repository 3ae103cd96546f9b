/**
 * Encodings of an int8 weight matrix [rows, k]: what lies in the packed model instead of the plain matrix. One opcode per
 * encoding; a build holds only those of its model. The layouts:
 *
 *     CSR16       counts uint16 [rows] · columns uint16 [n] · values int8 [n]
 *     CSR8        counts uint16 [rows] · gaps uint8 [n] · values int8 [n]; an entry lies gap + 1 columns behind the one before
 *                 (a longer gap holds entries of value 0)
 *     BITMAP      per row ceil(k / 8) bytes, bit i of byte j = column 8 j + i · values int8 [n]
 *     BLOCK1X16   counts uint16 [rows] · block columns uint8 or uint16 [n] · blocks int8 [n][16]
 *     BLOCK16X4   counts uint16 [ceil(rows / 16)] · block columns uint8 or uint16 [n] · blocks int8 [n][16 rows][4 columns]
 *     NIBBLES     per row ceil(k / 32) multipliers uint8 · per row ceil(k / 2) bytes, column 2 j in the low nibble:
 *                 weight = (nibble - 8) · multiplier of its group of 32 columns
 *     CODEBOOK    values int8 [16] · per row ceil(k / 2) bytes, column 2 j in the low nibble: weight = values[nibble]
 *
 * Block columns are bytes where k / (columns of a block) <= 256. Weights in blocks behind the matrix's edge are 0.
 */
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

export const BLOCK_ROWS: i32 = 16;
export const BLOCK_COLUMNS: i32 = 4;
export const BLOCK_BYTES: i32 = 64;
export const LONG_BLOCK: i32 = 16;
export const NIBBLE_GROUP: i32 = 32;
export const CODEBOOK_VALUES: i32 = 16;

/** Bytes of one block column. */
export function columnBytes(k: i32, blockColumns: i32): i32 {
  return k <= 256 * blockColumns ? 1 : 2;
}

/** Block column number `index` of a list. */
// @ts-ignore: decorator
@inline
export function blockColumn(columns: usize, index: i32, bytes: i32): i32 {
  return bytes == 1 ? load<u8>(columns + index) : load<u16>(columns + (<usize>index << 1), 0, 1);
}

/** Sum of `rows` counts. */
export function countEntries(counts: usize, rows: i32): i64 {
  let sum: i64 = 0;
  for (let row = 0; row < rows; row++) sum += load<u16>(counts + (<usize>row << 1), 0, 1);
  return sum;
}

function isCsr16(address: usize, bytes: i64, rows: i32, k: i32): bool {
  if (bytes < 2 * <i64>rows) return false;
  const entries = countEntries(address, rows);
  if (bytes != 2 * <i64>rows + 3 * entries || k > 65536) return false;
  const columns = address + (<usize>rows << 1);
  for (let i = 0; i < <i32>entries; i++) if (<i32>load<u16>(columns + (<usize>i << 1), 0, 1) >= k) return false;
  return true;
}

function isCsr8(address: usize, bytes: i64, rows: i32, k: i32): bool {
  if (bytes < 2 * <i64>rows || bytes != 2 * <i64>rows + 2 * countEntries(address, rows)) return false;
  let gap = address + (<usize>rows << 1);
  for (let row = 0; row < rows; row++) {
    let column = -1;
    for (let n = <i32>load<u16>(address + (<usize>row << 1), 0, 1); n > 0; n--, gap++) column += 1 + load<u8>(gap);
    if (column >= k) return false;
  }
  return true;
}

function isBitmap(address: usize, bytes: i64, rows: i32, k: i32): bool {
  const rowBytes: i64 = (k + 7) >> 3;
  if (bytes < rows * rowBytes) return false;
  let entries: i64 = 0;
  const behind = k & 7 ? 0xff << (k & 7) : 0;
  for (let row = 0; row < rows; row++, address += <usize>rowBytes) {
    for (let i: usize = 0; i < <usize>rowBytes; i++) entries += popcnt<i32>(load<u8>(address + i));
    if (load<u8>(address + <usize>rowBytes - 1) & behind) return false;
  }
  return bytes == rows * rowBytes + entries;
}

function isBlocks(address: usize, bytes: i64, lists: i32, k: i32, columnsOfBlock: i32, blockBytes: i64): bool {
  if (bytes < 2 * <i64>lists || k > 65536 * columnsOfBlock) return false;
  const entries = countEntries(address, lists);
  const width = columnBytes(k, columnsOfBlock);
  if (bytes != 2 * <i64>lists + entries * (width + blockBytes)) return false;
  const columns = address + (<usize>lists << 1);
  for (let i = 0; i < <i32>entries; i++) if (blockColumn(columns, i, width) * columnsOfBlock >= k) return false;
  return true;
}

/** A multiplier of at most 15 keeps every weight inside int8. */
function isNibbles(address: usize, bytes: i64, rows: i32, k: i32): bool {
  const groups = <i64>rows * ((k + NIBBLE_GROUP - 1) / NIBBLE_GROUP);
  if (bytes != groups + <i64>rows * ((k + 1) >> 1)) return false;
  for (let i = 0; i < <i32>groups; i++) if (load<u8>(address + i) > 15) return false;
  return true;
}

/** Every nibble names a value. */
function isCodebook(bytes: i64, rows: i32, k: i32): bool {
  return bytes == CODEBOOK_VALUES + <i64>rows * ((k + 1) >> 1);
}

/** Whether `bytes` bytes hold this encoding of [rows, k], every column inside the matrix. */
export function isEncoded(opcode: i32, address: usize, bytes: i64, rows: i32, k: i32): bool {
  switch (opcode) {
    case OPCODE_CONV2D_CSR16_INT8: return HAS_CONV2D_CSR16_INT8 && isCsr16(address, bytes, rows, k);
    case OPCODE_CONV2D_CSR8_INT8: return HAS_CONV2D_CSR8_INT8 && isCsr8(address, bytes, rows, k);
    case OPCODE_CONV2D_BITMAP_INT8: return HAS_CONV2D_BITMAP_INT8 && isBitmap(address, bytes, rows, k);
    case OPCODE_CONV2D_BLOCK1X16_INT8: return HAS_CONV2D_BLOCK1X16_INT8 && isBlocks(address, bytes, rows, k, LONG_BLOCK, LONG_BLOCK);
    case OPCODE_CONV2D_BLOCK16X4_INT8:
      return HAS_CONV2D_BLOCK16X4_INT8 && isBlocks(address, bytes, (rows + BLOCK_ROWS - 1) / BLOCK_ROWS, k, BLOCK_COLUMNS, BLOCK_BYTES);
    case OPCODE_CONV2D_NIBBLES_INT8: return HAS_CONV2D_NIBBLES_INT8 && isNibbles(address, bytes, rows, k);
    case OPCODE_CONV2D_CODEBOOK_INT8: return HAS_CONV2D_CODEBOOK_INT8 && isCodebook(bytes, rows, k);
  }
  return false;
}
