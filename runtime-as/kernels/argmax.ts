/** ARGMAX: x [outer, length, inner] → y int32 [outer, inner], the index of the largest element. */
import {
  ARGMAX_PARAMETERS,
  ARGMAX_SELECT_LAST,
  DTYPE_FLOAT32,
  DTYPE_INT32,
  DTYPE_INT8,
  REDUCE_INNER,
  REDUCE_LENGTH,
  REDUCE_OUTER,
} from "../format";
import { dtypeBytes, extent, hasShape, holds, isBetween, times } from "../check";
import { operandAddress, parameter } from "../step";

function checkArgmax(step: usize, context: usize, dtype: i32): bool {
  return (
    hasShape(step, 2, ARGMAX_PARAMETERS) &&
    isBetween(step, ARGMAX_SELECT_LAST, 0, 1) &&
    holds(step, context, 0, dtype, extent(step, REDUCE_OUTER, 3), dtypeBytes(dtype)) &&
    holds(step, context, 1, DTYPE_INT32, times(parameter(step, REDUCE_OUTER), parameter(step, REDUCE_INNER)), 4)
  );
}

export function checkArgmaxInt8(step: usize, context: usize): bool {
  return checkArgmax(step, context, DTYPE_INT8);
}

export function checkArgmaxFloat32(step: usize, context: usize): bool {
  return checkArgmax(step, context, DTYPE_FLOAT32);
}

function runArgmax<T>(step: usize, context: usize): void {
  const outer = parameter(step, REDUCE_OUTER);
  const length = parameter(step, REDUCE_LENGTH);
  const inner = parameter(step, REDUCE_INNER);
  const selectLast = parameter(step, ARGMAX_SELECT_LAST) != 0;
  const stride = <usize>inner * sizeof<T>();
  let x = operandAddress(step, context, 0);
  let y = operandAddress(step, context, 1);
  for (let o = 0; o < outer; o++, x += stride * <usize>length) {
    for (let i = 0; i < inner; i++, y += 4) {
      let from = x + <usize>i * sizeof<T>();
      let best = load<T>(from);
      let bestIndex = 0;
      for (let index = 1; index < length; index++) {
        from += stride;
        const value = load<T>(from);
        if (value > best || (selectLast && value == best)) {
          best = value;
          bestIndex = index;
        }
      }
      store<i32>(y, bestIndex);
    }
  }
}

export function runArgmaxInt8(step: usize, context: usize, prepared: usize): void {
  runArgmax<i8>(step, context);
}

export function runArgmaxFloat32(step: usize, context: usize, prepared: usize): void {
  runArgmax<f32>(step, context);
}
