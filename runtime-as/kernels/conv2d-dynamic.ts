/**
 * CONV2D_DYNAMIC: x float32 [N, H, W, C] · weights int8 [O, KH, KW, C / groups] · bias float32 [O] · scales of the weights
 * float32 [O] → y float32 [N, OH, OW, O]. Each call finds the range of x and quantizes it to 256 levels ("dynamic range"):
 * ONNX's DynamicQuantizeLinear and ConvInteger or MatMulInteger, times both scales, plus the bias.
 */
import { CONV_BATCH, CONV_FLOAT32_PARAMETERS, DTYPE_FLOAT32 } from "../format";
import { extent } from "../check";
import { quantizeDynamic } from "../microkernels/quantize-dynamic";
import { operandAddress, workspace } from "../step";
import { checkWide, convolveWide, wideWorkspaceBytes } from "./conv2d-wide";

export function checkConv2dDynamic(step: usize, context: usize): bool {
  return checkWide(step, context, CONV_FLOAT32_PARAMETERS, DTYPE_FLOAT32, DTYPE_FLOAT32, 4);
}

/** Sums and patch · x as int16 */
export function workspaceBytesConv2dDynamic(step: usize, context: usize): i32 {
  return wideWorkspaceBytes(step) + (<i32>extent(step, CONV_BATCH, 4) << 1);
}

export function runConv2dDynamic(step: usize, context: usize, prepared: usize): void {
  const scratch = workspace(context);
  const x = scratch + <usize>wideWorkspaceBytes(step);
  const scale = quantizeDynamic(operandAddress(step, context, 0), <usize>extent(step, CONV_BATCH, 4), x);
  convolveWide<f32>(step, context, x, scratch, scale);
}
