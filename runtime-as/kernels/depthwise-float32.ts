/** DEPTHWISE_FLOAT32: x [N, H, W, C] · weights [KH, KW, C] · bias [C] → y [N, OH, OW, C]. */
import { DTYPE_FLOAT32 } from "../format";
import { runDepthwiseDirect } from "./depthwise-direct";
import { checkDepthwise } from "./geometry";

export function checkDepthwiseFloat32(step: usize, context: usize): bool {
  return checkDepthwise(step, context, DTYPE_FLOAT32);
}

export function runDepthwiseFloat32(step: usize, context: usize, prepared: usize): void {
  runDepthwiseDirect<f32, f32>(step, context);
}
