/**
 * CONV2D_FLOAT16: x float32 [N, H, W, C] · weights half precision [O, KH, KW, C / groups] · bias float32 [O] → y float32
 * [N, OH, OW, O]: the bits of CONV2D_FLOAT32 with the same numbers. With SIMD the weights are expanded once, into panels;
 * elsewhere each is expanded where it is read, so that flash holds halves.
 */
import { CONV_GROUPS, CONV_IN_CHANNELS, CONV_KERNEL_HEIGHT, CONV_OUT_CHANNELS, DTYPE_FLOAT16, DTYPE_FLOAT32 } from "../format";
import { extent, holds, times } from "../check";
import { expandHalves } from "../microkernels/float16";
import { operandAddress, parameter, workspace } from "../step";
import { SIMD } from "../variant";
import { runDirect } from "./conv2d-direct";
import { panelsWorkspaceBytes, runPanels } from "./conv2d-panels";
import { panelsPreparedBytes, preparePanels } from "./conv2d-weights";
import { checkGeometry, isBlock } from "./geometry";

export function checkConv2dFloat16(step: usize, context: usize): bool {
  if (!checkGeometry(step, context, DTYPE_FLOAT32, true) || !holds(step, context, 1, DTYPE_FLOAT16, weights(step), 2)) return false;
  return !SIMD || (isBlock(times(weights(step), 4)) && isBlock(panelsPreparedBytes<f32>(step, 0)) && isBlock(panelsWorkspaceBytes<f32>(step)));
}

function weights(step: usize): i64 {
  const perTap = times(parameter(step, CONV_OUT_CHANNELS), parameter(step, CONV_IN_CHANNELS) / parameter(step, CONV_GROUPS));
  return times(perTap, extent(step, CONV_KERNEL_HEIGHT, 2));
}

export function preparedBytesConv2dFloat16(step: usize, context: usize): i32 {
  return SIMD ? <i32>panelsPreparedBytes<f32>(step, 0) : 0;
}

/** While it loads, the workspace holds the expanded weights. */
export function workspaceBytesConv2dFloat16(step: usize, context: usize): i32 {
  return SIMD ? max(<i32>panelsWorkspaceBytes<f32>(step), <i32>weights(step) << 2) : 0;
}

/** Weights and bias, where they are prepared. */
export function replacedOperandsConv2dFloat16(step: usize): i32 {
  return SIMD ? 0b0110 : 0;
}

export function prepareConv2dFloat16(step: usize, context: usize, prepared: usize): void {
  if (!SIMD) return;
  const plain = workspace(context);
  expandHalves(operandAddress(step, context, 1), <usize>weights(step), plain);
  preparePanels<f32>(step, context, prepared, plain);
}

export function runConv2dFloat16(step: usize, context: usize, prepared: usize): void {
  if (SIMD) runPanels<f32>(step, context, prepared);
  else runDirect<f32, u16, f32>(step, context);
}
