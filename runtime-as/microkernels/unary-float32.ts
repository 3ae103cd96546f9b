/** y = f(x) on float32: cheap functions in float32, four at a time with SIMD; the others in float64 (transcendental.ts). */
import {
  FUNCTION_ABS,
  FUNCTION_AFFINE,
  FUNCTION_CEIL,
  FUNCTION_CLIP,
  FUNCTION_ELU,
  FUNCTION_ERF,
  FUNCTION_EXP,
  FUNCTION_FLOOR,
  FUNCTION_GELU,
  FUNCTION_GELU_TANH,
  FUNCTION_HARD_SIGMOID,
  FUNCTION_HARD_SWISH,
  FUNCTION_LEAKY_RELU,
  FUNCTION_LOG,
  FUNCTION_MISH,
  FUNCTION_NEG,
  FUNCTION_POW,
  FUNCTION_RECIPROCAL,
  FUNCTION_RELU,
  FUNCTION_ROUND,
  FUNCTION_SELU,
  FUNCTION_SIGMOID,
  FUNCTION_SILU,
  FUNCTION_SOFTPLUS,
  FUNCTION_SOFTSIGN,
  FUNCTION_SQRT,
  FUNCTION_TANH,
  FUNCTION_THRESHOLDED_RELU,
} from "../format";
import { SIMD } from "../variant";
import { erf, exp, expMinusOne, gelu, geluTanh, log, pow, sigmoid, softplus, tanh } from "./transcendental";

/** The functions that are computed in float64. */
function wide(f: i32, x: f64, alpha: f64, beta: f64): f64 {
  switch (f) {
    case FUNCTION_SIGMOID: return sigmoid(x);
    case FUNCTION_TANH: return tanh(x);
    case FUNCTION_ELU: return x < 0 ? alpha * expMinusOne(x) : x;
    case FUNCTION_SELU: return beta * (x < 0 ? alpha * expMinusOne(x) : x);
    case FUNCTION_SOFTPLUS: return softplus(x);
    case FUNCTION_GELU: return gelu(x);
    case FUNCTION_GELU_TANH: return geluTanh(x);
    case FUNCTION_ERF: return erf(x);
    case FUNCTION_EXP: return exp(x);
    case FUNCTION_LOG: return log(x);
    case FUNCTION_SILU: return x * sigmoid(x);
    case FUNCTION_MISH: return x * tanh(softplus(x));
  }
  return x;
}

function scalar(f: i32, x: f32, alpha: f32, beta: f32): f32 {
  switch (f) {
    case FUNCTION_RELU: return max<f32>(x, 0);
    case FUNCTION_LEAKY_RELU: return x < 0 ? x * alpha : x;
    case FUNCTION_CLIP: return min<f32>(max<f32>(x, alpha), beta);
    case FUNCTION_HARD_SIGMOID: return max<f32>(min<f32>(x * alpha + beta, 1), 0);
    case FUNCTION_HARD_SWISH: return x * max<f32>(min<f32>(x * <f32>(1.0 / 6) + <f32>0.5, 1), 0);
    case FUNCTION_SOFTSIGN: return x / (abs<f32>(x) + 1);
    case FUNCTION_SQRT: return sqrt<f32>(x);
    case FUNCTION_ABS: return abs<f32>(x);
    case FUNCTION_NEG: return -x;
    case FUNCTION_FLOOR: return floor<f32>(x);
    case FUNCTION_CEIL: return ceil<f32>(x);
    case FUNCTION_ROUND: return nearest<f32>(x);
    case FUNCTION_RECIPROCAL: return alpha / x;
    case FUNCTION_AFFINE: return x * alpha + beta;
    case FUNCTION_THRESHOLDED_RELU: return x > alpha ? x : 0;
    case FUNCTION_POW: return alpha == 2 ? x * x : pow(x, alpha);
  }
  return <f32>wide(f, <f64>x, <f64>alpha, <f64>beta);
}

function vector(f: i32, x: v128, alpha: f32, beta: f32): v128 {
  const a = f32x4.splat(alpha);
  switch (f) {
    case FUNCTION_RELU: return f32x4.max(x, f32x4.splat(0));
    case FUNCTION_LEAKY_RELU: return v128.bitselect(f32x4.mul(x, a), x, f32x4.lt(x, f32x4.splat(0)));
    case FUNCTION_CLIP: return f32x4.min(f32x4.max(x, a), f32x4.splat(beta));
    case FUNCTION_HARD_SIGMOID: return unit(f32x4.add(f32x4.mul(x, a), f32x4.splat(beta)));
    case FUNCTION_HARD_SWISH:
      return f32x4.mul(x, unit(f32x4.add(f32x4.mul(x, f32x4.splat(<f32>(1.0 / 6))), f32x4.splat(0.5))));
    case FUNCTION_SOFTSIGN: return f32x4.div(x, f32x4.add(f32x4.abs(x), f32x4.splat(1)));
    case FUNCTION_SQRT: return f32x4.sqrt(x);
    case FUNCTION_ABS: return f32x4.abs(x);
    case FUNCTION_NEG: return f32x4.neg(x);
    case FUNCTION_FLOOR: return f32x4.floor(x);
    case FUNCTION_CEIL: return f32x4.ceil(x);
    case FUNCTION_ROUND: return f32x4.nearest(x);
    case FUNCTION_RECIPROCAL: return f32x4.div(a, x);
    case FUNCTION_AFFINE: return f32x4.add(f32x4.mul(x, a), f32x4.splat(beta));
    case FUNCTION_THRESHOLDED_RELU: return v128.and(x, f32x4.gt(x, a));
    case FUNCTION_POW: return f32x4.mul(x, x);
  }
  return x;
}

/** Whether `vector` computes the function. */
function hasVector(f: i32, alpha: f32): bool {
  switch (f) {
    case FUNCTION_SIGMOID:
    case FUNCTION_TANH:
    case FUNCTION_ELU:
    case FUNCTION_SELU:
    case FUNCTION_SOFTPLUS:
    case FUNCTION_GELU:
    case FUNCTION_GELU_TANH:
    case FUNCTION_ERF:
    case FUNCTION_EXP:
    case FUNCTION_LOG:
    case FUNCTION_SILU:
    case FUNCTION_MISH: return false;
    case FUNCTION_POW: return alpha == 2;
  }
  return true;
}

/** x limited to [0, 1] */
// @ts-ignore: decorator
@inline
function unit(x: v128): v128 {
  return f32x4.max(f32x4.min(x, f32x4.splat(1)), f32x4.splat(0));
}

/** y[i] = f(x[i]) for `count` elements; y may be x. */
export function unaryFloat32(f: i32, x: usize, y: usize, count: i32, alpha: f32, beta: f32): void {
  const end = x + ((<usize>count) << 2);
  if (SIMD && hasVector(f, alpha)) {
    for (; x + 16 <= end; x += 16, y += 16) v128.store(y, vector(f, v128.load(x), alpha, beta));
  }
  for (; x < end; x += 4, y += 4) store<f32>(y, scalar(f, load<f32>(x), alpha, beta));
}
