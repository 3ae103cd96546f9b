/** PAD: x in the middle of y, around it a constant, the mirrored x or its border; PAD_RANK dimensions. */
import {
  PAD_BEFORE,
  PAD_ELEMENT_BYTES,
  PAD_IN_DIMENSIONS,
  PAD_MODE,
  PAD_MODE_CONSTANT,
  PAD_MODE_EDGE,
  PAD_MODE_REFLECT,
  PAD_OUT_DIMENSIONS,
  PAD_PARAMETERS,
  PAD_RANK,
  PAD_VALUE,
} from "../format";
import { dtypeBytes, extent, hasShape, holds, isBetween } from "../check";
import { copyBytes } from "../microkernels/copy-bytes";
import { operandAddress, operandDtype, parameter } from "../step";

export function checkPad(step: usize, context: usize): bool {
  if (!hasShape(step, 2, PAD_PARAMETERS) || !isBetween(step, PAD_MODE, PAD_MODE_CONSTANT, PAD_MODE_EDGE)) return false;
  const dtype = operandDtype(step, context, 0);
  const elementBytes = dtypeBytes(dtype);
  if (
    parameter(step, PAD_ELEMENT_BYTES) != elementBytes ||
    !holds(step, context, 0, dtype, extent(step, PAD_IN_DIMENSIONS, PAD_RANK), elementBytes) ||
    !holds(step, context, 1, dtype, extent(step, PAD_OUT_DIMENSIONS, PAD_RANK), elementBytes)
  ) {
    return false;
  }
  for (let i = 0; i < PAD_RANK; i++) {
    const length = parameter(step, PAD_IN_DIMENSIONS + i);
    const before = parameter(step, PAD_BEFORE + i);
    const after = <i64>parameter(step, PAD_OUT_DIMENSIONS + i) - length - before;
    if (before < 0 || after < 0) return false;
    if (parameter(step, PAD_MODE) == PAD_MODE_REFLECT && (before >= length || after >= length)) return false;
  }
  return true;
}

/** The index of x that position `at` of an axis shows; -1 in constant padding. */
function sourceIndex(at: i32, length: i32, mode: i32): i32 {
  if (at >= 0 && at < length) return at;
  if (mode == PAD_MODE_CONSTANT) return -1;
  if (mode == PAD_MODE_EDGE) return at < 0 ? 0 : length - 1;
  return at < 0 ? -at : 2 * (length - 1) - at;
}

function fillElements(y: usize, count: i32, elementBytes: i32, value: i32): void {
  if (elementBytes == 1) {
    memory.fill(y, <u8>value, count);
    return;
  }
  for (const end = y + ((<usize>count) << 2); y < end; y += 4) store<u32>(y, value);
}

/** The innermost axis: padding, the row itself, padding. */
function padRow(step: usize, x: usize, y: usize, elementBytes: i32): void {
  const last = PAD_RANK - 1;
  const length = parameter(step, PAD_IN_DIMENSIONS + last);
  const before = parameter(step, PAD_BEFORE + last);
  const width = parameter(step, PAD_OUT_DIMENSIONS + last);
  const mode = parameter(step, PAD_MODE);
  if (mode == PAD_MODE_CONSTANT) {
    const value = parameter(step, PAD_VALUE);
    fillElements(y, before, elementBytes, value);
    fillElements(y + (before + length) * elementBytes, width - before - length, elementBytes, value);
  } else {
    for (let i = 0; i < width; i++) {
      if (i == before) i += length;
      if (i >= width) break;
      copyBytes(y + i * elementBytes, x + sourceIndex(i - before, length, mode) * elementBytes, elementBytes);
    }
  }
  copyBytes(y + before * elementBytes, x, length * elementBytes);
}

/** Pads the axes `axis` … PAD_RANK - 1; xSize and ySize are the elements of x and y that lie below the axis outside of it. */
function padAxis(step: usize, axis: i32, x: usize, y: usize, xSize: i32, ySize: i32, elementBytes: i32): void {
  if (axis == PAD_RANK - 1) {
    padRow(step, x, y, elementBytes);
    return;
  }
  const length = parameter(step, PAD_IN_DIMENSIONS + axis);
  const before = parameter(step, PAD_BEFORE + axis);
  const count = parameter(step, PAD_OUT_DIMENSIONS + axis);
  const mode = parameter(step, PAD_MODE);
  const xInner = xSize / length;
  const yInner = ySize / count;
  for (let i = 0; i < count; i++, y += yInner * elementBytes) {
    const source = sourceIndex(i - before, length, mode);
    if (source < 0) fillElements(y, yInner, elementBytes, parameter(step, PAD_VALUE));
    else padAxis(step, axis + 1, x + source * xInner * elementBytes, y, xInner, yInner, elementBytes);
  }
}

export function runPad(step: usize, context: usize, prepared: usize): void {
  const elementBytes = parameter(step, PAD_ELEMENT_BYTES);
  const xSize = <i32>extent(step, PAD_IN_DIMENSIONS, PAD_RANK);
  const ySize = <i32>extent(step, PAD_OUT_DIMENSIONS, PAD_RANK);
  padAxis(step, 0, operandAddress(step, context, 0), operandAddress(step, context, 1), xSize, ySize, elementBytes);
}
