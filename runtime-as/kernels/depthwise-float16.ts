/** DEPTHWISE_FLOAT16: as DEPTHWISE_FLOAT32, with weights [KH, KW, C] of half precision, which SIMD expands once. */
import { CONV_IN_CHANNELS, CONV_KERNEL_HEIGHT, DTYPE_FLOAT16, DTYPE_FLOAT32 } from "../format";
import { extent, holds, times } from "../check";
import { expandHalves } from "../microkernels/float16";
import { operandAddress, parameter } from "../step";
import { SIMD } from "../variant";
import { runDepthwiseDirect } from "./depthwise-direct";
import { runDepthwiseSpans, SPAN_CHANNELS } from "./depthwise-spans";
import { checkDepthwise, isBlock } from "./geometry";

function weights(step: usize): i64 {
  return times(extent(step, CONV_KERNEL_HEIGHT, 2), parameter(step, CONV_IN_CHANNELS));
}

export function checkDepthwiseFloat16(step: usize, context: usize): bool {
  return (
    checkDepthwise(step, context, DTYPE_FLOAT32, true) &&
    holds(step, context, 1, DTYPE_FLOAT16, weights(step), 2) &&
    isBlock(times(weights(step), 4))
  );
}

/** Only with SIMD. */
function isPrepared(step: usize): bool {
  return parameter(step, CONV_IN_CHANNELS) >= SPAN_CHANNELS;
}

export function preparedBytesDepthwiseFloat16(step: usize, context: usize): i32 {
  return SIMD && isPrepared(step) ? <i32>weights(step) << 2 : 0;
}

/** The weights, where they are prepared. */
export function replacedOperandsDepthwiseFloat16(step: usize): i32 {
  return SIMD && isPrepared(step) ? 0b0010 : 0;
}

export function prepareDepthwiseFloat16(step: usize, context: usize, prepared: usize): void {
  if (SIMD && isPrepared(step)) expandHalves(operandAddress(step, context, 1), <usize>weights(step), prepared);
}

export function runDepthwiseFloat16(step: usize, context: usize, prepared: usize): void {
  if (SIMD && isPrepared(step)) runDepthwiseSpans(step, context, prepared);
  else runDepthwiseDirect<f32, u16, f32>(step, context);
}
