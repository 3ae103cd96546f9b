/** REDUCE_EXTREME: x [outer, length, inner] → y [outer, inner]: maximum or minimum along the middle axis; int8 keeps its scale. */
import {
  DTYPE_FLOAT32,
  DTYPE_INT8,
  FUNCTION_REDUCE_MAX,
  FUNCTION_REDUCE_MIN,
  REDUCE_PARAMETERS,
  REDUCE_FUNCTION,
  REDUCE_INNER,
  REDUCE_LENGTH,
  REDUCE_OUTER,
} from "../format";
import { extremeWindow } from "../microkernels/extreme-window";
import { operandAddress, parameter } from "../step";
import { checkReduce } from "./reduce";

export function checkReduceExtremeInt8(step: usize, context: usize): bool {
  return checkReduce(step, context, DTYPE_INT8, REDUCE_PARAMETERS, FUNCTION_REDUCE_MAX, FUNCTION_REDUCE_MIN);
}

export function checkReduceExtremeFloat32(step: usize, context: usize): bool {
  return checkReduce(step, context, DTYPE_FLOAT32, REDUCE_PARAMETERS, FUNCTION_REDUCE_MAX, FUNCTION_REDUCE_MIN);
}

/** Every [length, inner] block is a window of one row whose columns are `inner` elements apart. */
function runExtreme<T>(step: usize, context: usize): void {
  const outer = parameter(step, REDUCE_OUTER);
  const length = parameter(step, REDUCE_LENGTH);
  const inner = parameter(step, REDUCE_INNER);
  const isMin = parameter(step, REDUCE_FUNCTION) == FUNCTION_REDUCE_MIN;
  const stride = <usize>inner * sizeof<T>();
  let x = operandAddress(step, context, 0);
  let y = operandAddress(step, context, 1);
  for (let o = 0; o < outer; o++, x += stride * <usize>length, y += stride) {
    extremeWindow<T>(y, x, 1, length, 0, stride, inner, isMin);
  }
}

export function runReduceExtremeInt8(step: usize, context: usize, prepared: usize): void {
  runExtreme<i8>(step, context);
}

export function runReduceExtremeFloat32(step: usize, context: usize, prepared: usize): void {
  runExtreme<f32>(step, context);
}
