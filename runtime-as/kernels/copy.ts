/**
 * COPY: y[start + Σ i·strides] = x[start + Σ i·strides] over COPY_RANK dimensions. The last two are copied as a plane:
 * contiguous runs where the innermost strides are 1, else square blocks, so that a transpose reads each cache line once.
 */
import {
  COPY_DIMENSIONS,
  COPY_ELEMENT_BYTES,
  COPY_INPUT_START,
  COPY_INPUT_STRIDES,
  COPY_OUTPUT_START,
  COPY_OUTPUT_STRIDES,
  COPY_PARAMETERS,
  COPY_RANK,
} from "../format";
import { dtypeBytes, extent, hasShape, holds } from "../check";
import { copyBytes } from "../microkernels/copy-bytes";
import { transposeBytes16, transposeWords4 } from "../microkernels/transpose";
import { operandAddress, operandBytes, operandDtype, parameter } from "../step";

const REACH_LIMIT: i64 = 1 << 31;

/** Whether every index reachable from `start` with these strides lies in 0 … elements - 1. */
function staysInside(step: usize, start: i32, strides: i32, elements: i64): bool {
  let low: i64 = parameter(step, start);
  let high = low;
  for (let i = 0; i < COPY_RANK; i++) {
    const reach = (<i64>parameter(step, COPY_DIMENSIONS + i) - 1) * <i64>parameter(step, strides + i);
    if (reach > REACH_LIMIT || reach < -REACH_LIMIT) return false;
    if (reach < 0) low += reach;
    else high += reach;
  }
  return low >= 0 && high < elements;
}

export function checkCopy(step: usize, context: usize): bool {
  if (!hasShape(step, 2, COPY_PARAMETERS)) return false;
  const dtype = operandDtype(step, context, 0);
  const elementBytes = dtypeBytes(dtype);
  return (
    parameter(step, COPY_ELEMENT_BYTES) == elementBytes &&
    // As many copies as outputs: a stride of 0 cannot make the loops endless.
    holds(step, context, 1, dtype, extent(step, COPY_DIMENSIONS, COPY_RANK), elementBytes) &&
    staysInside(step, COPY_INPUT_START, COPY_INPUT_STRIDES, operandBytes(step, context, 0) / elementBytes) &&
    staysInside(step, COPY_OUTPUT_START, COPY_OUTPUT_STRIDES, operandBytes(step, context, 1) / elementBytes)
  );
}

const BLOCK: i32 = 16;

/** One block element by element; strides in bytes. */
// @ts-ignore: decorator
@inline
function copyBlock<T>(x: usize, y: usize, rows: i32, xRow: i32, yRow: i32, columns: i32, xColumn: i32, yColumn: i32): void {
  for (let row = 0; row < rows; row++, x += xRow, y += yRow) {
    let from = x;
    let to = y;
    for (let column = 0; column < columns; column++, from += xColumn, to += yColumn) store<T>(to, load<T>(from));
  }
}

/** A plane of 4-byte elements; strides in bytes. */
function copyWords(x: usize, y: usize, rows: i32, xRow: i32, yRow: i32, columns: i32, xColumn: i32, yColumn: i32): void {
  const isTranspose = xRow == 4 && yColumn == 4;
  for (let row = 0; row < rows; row += BLOCK) {
    const height = min(BLOCK, rows - row);
    for (let column = 0; column < columns; column += BLOCK) {
      const width = min(BLOCK, columns - column);
      const from = x + row * xRow + column * xColumn;
      const to = y + row * yRow + column * yColumn;
      if (isTranspose && height == BLOCK && width == BLOCK) {
        for (let i = 0; i < BLOCK; i += 4) {
          for (let j = 0; j < BLOCK; j += 4) transposeWords4(from + i * 4 + j * xColumn, xColumn, to + i * yRow + j * 4, yRow);
        }
      } else {
        copyBlock<u32>(from, to, height, xRow, yRow, width, xColumn, yColumn);
      }
    }
  }
}

/** A plane of bytes. */
function copySingleBytes(x: usize, y: usize, rows: i32, xRow: i32, yRow: i32, columns: i32, xColumn: i32, yColumn: i32): void {
  const isTranspose = xRow == 1 && yColumn == 1;
  for (let row = 0; row < rows; row += BLOCK) {
    const height = min(BLOCK, rows - row);
    for (let column = 0; column < columns; column += BLOCK) {
      const width = min(BLOCK, columns - column);
      const from = x + row * xRow + column * xColumn;
      const to = y + row * yRow + column * yColumn;
      if (isTranspose && height == BLOCK && width == BLOCK) transposeBytes16(from, xColumn, to, yRow);
      else copyBlock<u8>(from, to, height, xRow, yRow, width, xColumn, yColumn);
    }
  }
}

function copyPlane(step: usize, x: usize, y: usize, elementBytes: i32): void {
  const last = COPY_RANK - 1;
  const rows = parameter(step, COPY_DIMENSIONS + last - 1);
  const columns = parameter(step, COPY_DIMENSIONS + last);
  const xRow = parameter(step, COPY_INPUT_STRIDES + last - 1) * elementBytes;
  const yRow = parameter(step, COPY_OUTPUT_STRIDES + last - 1) * elementBytes;
  const xColumn = parameter(step, COPY_INPUT_STRIDES + last) * elementBytes;
  const yColumn = parameter(step, COPY_OUTPUT_STRIDES + last) * elementBytes;
  if (xColumn == elementBytes && yColumn == elementBytes) {
    for (let row = 0; row < rows; row++, x += xRow, y += yRow) copyBytes(y, x, columns * elementBytes);
  } else if (elementBytes == 4) {
    copyWords(x, y, rows, xRow, yRow, columns, xColumn, yColumn);
  } else {
    copySingleBytes(x, y, rows, xRow, yRow, columns, xColumn, yColumn);
  }
}

function copyAxis(step: usize, axis: i32, x: usize, y: usize, elementBytes: i32): void {
  if (axis == COPY_RANK - 2) {
    copyPlane(step, x, y, elementBytes);
    return;
  }
  const count = parameter(step, COPY_DIMENSIONS + axis);
  const xStride = parameter(step, COPY_INPUT_STRIDES + axis) * elementBytes;
  const yStride = parameter(step, COPY_OUTPUT_STRIDES + axis) * elementBytes;
  for (let i = 0; i < count; i++, x += xStride, y += yStride) copyAxis(step, axis + 1, x, y, elementBytes);
}

export function runCopy(step: usize, context: usize, prepared: usize): void {
  const elementBytes = parameter(step, COPY_ELEMENT_BYTES);
  const x = operandAddress(step, context, 0) + parameter(step, COPY_INPUT_START) * elementBytes;
  const y = operandAddress(step, context, 1) + parameter(step, COPY_OUTPUT_START) * elementBytes;
  copyAxis(step, 0, x, y, elementBytes);
}
