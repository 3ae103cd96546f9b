/**
 * Arithmetic for the checks that run once per step before the first inference. Extents saturate instead of
 * overflowing, so a damaged parameter can never look like a small one. What cannot trap is joined by `&`: every branch is
 * bytes that a page loads.
 */
import { DTYPE_INT32, DTYPE_INT8, REGION_CONSTANTS } from "./format";
import { operandAddress, operandBytes, operandCount, operandDtype, operandRegion, parameter, parameterCount, word } from "./step";

/** What checks answer for a step that this build cannot run. */
export const NO_KERNEL: i32 = 2;

/** Larger than any tensor may be. */
const LIMIT: i64 = 1 << 31;

/** Product of two extents, saturated at LIMIT; a negative extent saturates too. */
export function times(a: i64, b: i64): i64 {
  if (a < 0 || b < 0 || a > LIMIT || b > LIMIT) return LIMIT;
  const product = a * b;
  return product < LIMIT ? product : LIMIT;
}

/** Product of `count` consecutive parameters, each of which must be at least 1; LIMIT when one is not. */
export function extent(step: usize, first: i32, count: i32): i64 {
  let product: i64 = 1;
  for (let i = first; i < first + count; i++) {
    const value = parameter(step, i);
    if (value < 1) return LIMIT;
    product = times(product, value);
  }
  return product;
}

export function hasShape(step: usize, operands: i32, parameters: i32): bool {
  return (operandCount(step) == operands) & (parameterCount(step) == parameters);
}

/** Whether the operand has this dtype and exactly this many elements of `elementBytes` bytes. */
export function holds(step: usize, context: usize, operand: i32, dtype: i32, elements: i64, elementBytes: i64): bool {
  return (
    (operandDtype(step, context, operand) == dtype) &
    (<i64>operandBytes(step, context, operand) == times(elements, elementBytes))
  );
}

export function isBetween(step: usize, index: i32, low: i32, high: i32): bool {
  const value = parameter(step, index);
  return (value >= low) & (value <= high);
}

/** Whether `count` consecutive parameters are int8. */
export function areInt8(step: usize, first: i32, count: i32): bool {
  for (let i = first; i < first + count; i++) if (parameter(step, i) != <i8>parameter(step, i)) return false;
  return true;
}

/** Bytes of one element. */
export function dtypeBytes(dtype: i32): i32 {
  return dtype == DTYPE_INT8 ? 1 : 4;
}

/** Whether the operand is a constant int32 table with as many entries as parameter `count` says, each in [0, last]. */
export function isIndexTable(step: usize, context: usize, operand: i32, count: i32, last: i32): bool {
  const entries = extent(step, count, 1);
  if (!holds(step, context, operand, DTYPE_INT32, entries, 4) || operandRegion(step, context, operand) != REGION_CONSTANTS) return false;
  const address = operandAddress(step, context, operand);
  for (let i = 0; i < <i32>entries; i++) {
    const entry = word(address, i);
    if (entry < 0 || entry > last) return false;
  }
  return true;
}
