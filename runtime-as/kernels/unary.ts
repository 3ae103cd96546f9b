/** UNARY_FLOAT32: y = f(x), elementwise. */
import {
  DTYPE_FLOAT32,
  FUNCTION_CLIP,
  FUNCTION_RELU,
  FUNCTION_ROUND,
  UNARY_ALPHA_F32,
  UNARY_BETA_F32,
  UNARY_FUNCTION,
  UNARY_PARAMETERS,
} from "../format";
import { hasShape, holds, isBetween } from "../check";
import { operandAddress, operandBytes, parameter, parameterF32 } from "../step";

export function checkUnaryFloat32(step: usize, context: usize): bool {
  if (!hasShape(step, 2, UNARY_PARAMETERS) || !isBetween(step, UNARY_FUNCTION, 0, FUNCTION_ROUND)) return false;
  const elements: i64 = operandBytes(step, context, 0) >> 2;
  return holds(step, context, 0, DTYPE_FLOAT32, elements, 4) && holds(step, context, 1, DTYPE_FLOAT32, elements, 4);
}

function evaluate(f: i32, x: f32, alpha: f32, beta: f32): f32 {
  switch (f) {
    case FUNCTION_RELU: return max<f32>(x, 0);
    case FUNCTION_CLIP: return min<f32>(max<f32>(x, alpha), beta);
  }
  return x;
}

export function runUnaryFloat32(step: usize, context: usize, prepared: usize): void {
  const f = parameter(step, UNARY_FUNCTION);
  const alpha = parameterF32(step, UNARY_ALPHA_F32);
  const beta = parameterF32(step, UNARY_BETA_F32);
  let x = operandAddress(step, context, 0);
  let y = operandAddress(step, context, 1);
  for (const end = x + operandBytes(step, context, 0); x < end; x += 4, y += 4) {
    store<f32>(y, evaluate(f, load<f32>(x), alpha, beta));
  }
}
