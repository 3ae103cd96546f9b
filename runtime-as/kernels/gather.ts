/** GATHER: data [outer, length, inner bytes] · indices int32 → y [outer, indices, inner bytes]. */
import { DTYPE_INT32, GATHER_INNER_BYTES, GATHER_LENGTH, GATHER_OUTER, GATHER_PARAMETERS } from "../format";
import { extent, hasShape, holds, times } from "../check";
import { copyBytes } from "../microkernels/copy-bytes";
import { operandAddress, operandBytes, operandDtype, parameter } from "../step";

export function checkGather(step: usize, context: usize): bool {
  if (!hasShape(step, 3, GATHER_PARAMETERS)) return false;
  const dtype = operandDtype(step, context, 0);
  const count: i64 = operandBytes(step, context, 1) >> 2;
  const outer: i64 = parameter(step, GATHER_OUTER);
  const innerBytes: i64 = parameter(step, GATHER_INNER_BYTES);
  return (
    count > 0 &&
    holds(step, context, 0, dtype, extent(step, GATHER_OUTER, GATHER_PARAMETERS), 1) &&
    holds(step, context, 1, DTYPE_INT32, count, 4) &&
    holds(step, context, 2, dtype, times(times(outer, count), innerBytes), 1)
  );
}

/** The indices may be computed, so that none can be checked before: one that lies outside is moved to the nearest end. */
export function runGather(step: usize, context: usize, prepared: usize): void {
  const outer = parameter(step, GATHER_OUTER);
  const length = parameter(step, GATHER_LENGTH);
  const innerBytes = parameter(step, GATHER_INNER_BYTES);
  const count = operandBytes(step, context, 1) >> 2;
  const indices = operandAddress(step, context, 1);
  let x = operandAddress(step, context, 0);
  let y = operandAddress(step, context, 2);
  for (let o = 0; o < outer; o++, x += length * innerBytes) {
    for (let i = 0; i < count; i++, y += innerBytes) {
      let index = load<i32>(indices + ((<usize>i) << 2));
      if (index < 0) index += length;
      copyBytes(y, x + max(0, min(length - 1, index)) * innerBytes, innerBytes);
    }
  }
}
