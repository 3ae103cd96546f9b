/**
 * CONV2D_INT16: x int16 [N, H, W, C] · weights int8 [O, KH, KW, C / groups] · bias int32 [O] · multipliers float32 [O] → y
 * int16 [N, OH, OW, O]. Activations are symmetric: their zero points are 0.
 */
import { CONV_CLAMP_HIGH, CONV_CLAMP_LOW, CONV_INPUT_ZERO_POINT, CONV_INT8_PARAMETERS, CONV_OUTPUT_ZERO_POINT, DTYPE_INT16, DTYPE_INT32 } from "../format";
import { isBetween } from "../check";
import { operandAddress, parameter, workspace } from "../step";
import { checkWide, convolveWide, wideWorkspaceBytes } from "./conv2d-wide";

export function checkConv2dInt16(step: usize, context: usize): bool {
  return (
    checkWide(step, context, CONV_INT8_PARAMETERS, DTYPE_INT16, DTYPE_INT32, 2) &&
    isBetween(step, CONV_CLAMP_LOW, -32767, 32767) &&
    isBetween(step, CONV_CLAMP_HIGH, parameter(step, CONV_CLAMP_LOW), 32767) &&
    isBetween(step, CONV_INPUT_ZERO_POINT, 0, 0) &&
    isBetween(step, CONV_OUTPUT_ZERO_POINT, 0, 0)
  );
}

export function workspaceBytesConv2dInt16(step: usize, context: usize): i32 {
  return wideWorkspaceBytes(step);
}

export function runConv2dInt16(step: usize, context: usize, prepared: usize): void {
  convolveWide<i16>(step, context, operandAddress(step, context, 0), workspace(context), 1);
}
