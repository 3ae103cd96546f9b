/** DEPTHWISE_FLOAT32: x [N, H, W, C] · weights [KH, KW, C] · bias [C] → y [N, OH, OW, C]. */
import { CONV_IN_CHANNELS, DTYPE_FLOAT32 } from "../format";
import { operandAddress, parameter } from "../step";
import { SIMD } from "../variant";
import { runDepthwiseDirect } from "./depthwise-direct";
import { runDepthwiseSpans, SPAN_CHANNELS } from "./depthwise-spans";
import { checkDepthwise } from "./geometry";

export function checkDepthwiseFloat32(step: usize, context: usize): bool {
  return checkDepthwise(step, context, DTYPE_FLOAT32);
}

export function runDepthwiseFloat32(step: usize, context: usize, prepared: usize): void {
  if (SIMD && parameter(step, CONV_IN_CHANNELS) >= SPAN_CHANNELS) runDepthwiseSpans(step, context, operandAddress(step, context, 1));
  else runDepthwiseDirect<f32, f32, f32>(step, context);
}
