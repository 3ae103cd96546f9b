/**
 * INSTANCE_NORM_FLOAT32: each channel of each x [spatial, channels] gets mean 0 and variance 1, then y = x · gamma + beta.
 * Sums are in float64, in the order of the positions, and so the same in every build.
 */
import {
  DTYPE_FLOAT32,
  INSTANCE_NORM_BATCH,
  INSTANCE_NORM_CHANNELS,
  INSTANCE_NORM_EPSILON_F32,
  INSTANCE_NORM_PARAMETERS,
  INSTANCE_NORM_SPATIAL,
} from "../format";
import { extent, hasShape, holds } from "../check";
import { operandAddress, parameter, parameterF32 } from "../step";

export function checkInstanceNormFloat32(step: usize, context: usize): bool {
  const elements = extent(step, INSTANCE_NORM_BATCH, 3);
  const channels = extent(step, INSTANCE_NORM_CHANNELS, 1);
  return (
    hasShape(step, 4, INSTANCE_NORM_PARAMETERS) &&
    holds(step, context, 0, DTYPE_FLOAT32, elements, 4) &&
    holds(step, context, 1, DTYPE_FLOAT32, channels, 4) &&
    holds(step, context, 2, DTYPE_FLOAT32, channels, 4) &&
    holds(step, context, 3, DTYPE_FLOAT32, elements, 4)
  );
}

export function runInstanceNormFloat32(step: usize, context: usize, prepared: usize): void {
  const batch = parameter(step, INSTANCE_NORM_BATCH);
  const spatial = parameter(step, INSTANCE_NORM_SPATIAL);
  const channels = parameter(step, INSTANCE_NORM_CHANNELS);
  const epsilon = <f64>parameterF32(step, INSTANCE_NORM_EPSILON_F32);
  const gamma = operandAddress(step, context, 1);
  const beta = operandAddress(step, context, 2);
  let x = operandAddress(step, context, 0);
  let y = operandAddress(step, context, 3);
  const stride = <usize>channels << 2;
  const imageBytes = stride * spatial;
  for (let n = 0; n < batch; n++, x += imageBytes, y += imageBytes) {
    for (let c: usize = 0; c < stride; c += 4) {
      normalizeChannel(x + c, y + c, spatial, stride, epsilon, load<f32>(gamma + c), load<f32>(beta + c));
    }
  }
}

/** One channel, whose `count` elements are `stride` bytes apart. */
function normalizeChannel(x: usize, y: usize, count: i32, stride: usize, epsilon: f64, gamma: f64, beta: f64): void {
  const end = stride * count;
  let sum: f64 = 0;
  for (let at: usize = 0; at < end; at += stride) sum += load<f32>(x + at);
  const mean = sum / count;
  let squares: f64 = 0;
  for (let at: usize = 0; at < end; at += stride) {
    const distance = <f64>load<f32>(x + at) - mean;
    squares += distance * distance;
  }
  const factor = gamma / sqrt<f64>(squares / count + epsilon);
  for (let at: usize = 0; at < end; at += stride) {
    store<f32>(y + at, <f32>((<f64>load<f32>(x + at) - mean) * factor + beta));
  }
}
