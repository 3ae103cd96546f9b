/** LRN_FLOAT32: y = x / (bias + alpha / size · Σ x²)^beta, with the sum over `size` neighbouring channels. */
import {
  DTYPE_FLOAT32,
  LRN_ALPHA_F32,
  LRN_BETA_F32,
  LRN_BIAS_F32,
  LRN_CHANNELS,
  LRN_LARGEST_SIZE,
  LRN_OUTER,
  LRN_PARAMETERS,
  LRN_SIZE,
} from "../format";
import { extent, hasShape, holds, isBetween } from "../check";
import { exp, log } from "../microkernels/transcendental";
import { operandAddress, parameter, parameterF32 } from "../step";

export function checkLrnFloat32(step: usize, context: usize): bool {
  const elements = extent(step, LRN_OUTER, 2);
  return (
    hasShape(step, 2, LRN_PARAMETERS) &&
    isBetween(step, LRN_SIZE, 1, LRN_LARGEST_SIZE) &&
    holds(step, context, 0, DTYPE_FLOAT32, elements, 4) &&
    holds(step, context, 1, DTYPE_FLOAT32, elements, 4)
  );
}

export function runLrnFloat32(step: usize, context: usize, prepared: usize): void {
  const outer = parameter(step, LRN_OUTER);
  const channels = parameter(step, LRN_CHANNELS);
  const size = parameter(step, LRN_SIZE);
  const alpha = <f64>parameterF32(step, LRN_ALPHA_F32) / size;
  const beta = <f64>parameterF32(step, LRN_BETA_F32);
  const bias = <f64>parameterF32(step, LRN_BIAS_F32);
  const x = operandAddress(step, context, 0);
  const y = operandAddress(step, context, 1);
  // The channel itself is neighbour `before`: with an even size one more follows than precedes.
  const before = (size - 1) >> 1;
  const after = size - 1 - before;
  for (let o = 0; o < outer; o++) {
    const row = <usize>o * channels;
    for (let c = 0; c < channels; c++) {
      const last = c < channels - after ? c + after : channels - 1;
      let sum: f64 = 0;
      for (let i = c > before ? c - before : 0; i <= last; i++) sum += squareAt(x, row + i);
      const at = (row + c) << 2;
      store<f32>(y + at, <f32>(<f64>load<f32>(x + at) * exp(-beta * log(bias + alpha * sum))));
    }
  }
}

// @ts-ignore: decorator
@inline
function squareAt(x: usize, index: usize): f64 {
  const value = <f64>load<f32>(x + (index << 2));
  return value * value;
}
