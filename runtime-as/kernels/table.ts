/** TABLE_INT8: y = table[x + 128], elementwise. */
import { DTYPE_INT8 } from "../format";
import { hasShape, holds } from "../check";
import { operandAddress, operandBytes } from "../step";

export function checkTableInt8(step: usize, context: usize): bool {
  const elements: i64 = <u32>operandBytes(step, context, 0);
  return (
    hasShape(step, 3, 0) &&
    holds(step, context, 0, DTYPE_INT8, elements, 1) &&
    holds(step, context, 1, DTYPE_INT8, 256, 1) &&
    holds(step, context, 2, DTYPE_INT8, elements, 1)
  );
}

export function runTableInt8(step: usize, context: usize, prepared: usize): void {
  let x = operandAddress(step, context, 0);
  const table = operandAddress(step, context, 1) + 128;
  let y = operandAddress(step, context, 2);
  for (const end = x + operandBytes(step, context, 0); x < end; x++, y++) store<u8>(y, load<u8>(table + load<i8>(x)));
}
