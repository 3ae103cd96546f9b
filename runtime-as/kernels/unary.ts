/** UNARY_FLOAT32: y = f(x), elementwise. */
import { DTYPE_FLOAT32, FUNCTION_THRESHOLDED_RELU, UNARY_ALPHA_F32, UNARY_BETA_F32, UNARY_FUNCTION, UNARY_PARAMETERS } from "../format";
import { hasShape, holds, isBetween } from "../check";
import { unaryFloat32 } from "../microkernels/unary-float32";
import { operandAddress, operandBytes, parameter, parameterF32 } from "../step";

export function checkUnaryFloat32(step: usize, context: usize): bool {
  if (!hasShape(step, 2, UNARY_PARAMETERS) || !isBetween(step, UNARY_FUNCTION, 0, FUNCTION_THRESHOLDED_RELU)) return false;
  const elements: i64 = <u32>operandBytes(step, context, 0) >> 2;
  return holds(step, context, 0, DTYPE_FLOAT32, elements, 4) && holds(step, context, 1, DTYPE_FLOAT32, elements, 4);
}

export function runUnaryFloat32(step: usize, context: usize, prepared: usize): void {
  unaryFloat32(
    parameter(step, UNARY_FUNCTION),
    operandAddress(step, context, 0),
    operandAddress(step, context, 1),
    operandBytes(step, context, 0) >> 2,
    parameterF32(step, UNARY_ALPHA_F32),
    parameterF32(step, UNARY_BETA_F32),
  );
}
