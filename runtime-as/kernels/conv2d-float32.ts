/** CONV2D_FLOAT32: x [N, H, W, C] · weights [O, KH, KW, C / groups] · bias [O] → y [N, OH, OW, O]. */
import { DTYPE_FLOAT32 } from "../format";
import { SIMD } from "../variant";
import { runDirect } from "./conv2d-direct";
import { panelsWorkspaceBytes, runPanels } from "./conv2d-panels";
import { panelsPreparedBytes, preparePanels } from "./conv2d-weights";
import { operandAddress } from "../step";
import { checkGeometry, isBlock } from "./geometry";

export function checkConv2dFloat32(step: usize, context: usize): bool {
  if (!checkGeometry(step, context, DTYPE_FLOAT32)) return false;
  return !SIMD || (isBlock(panelsPreparedBytes<f32>(step, 0)) && isBlock(panelsWorkspaceBytes<f32>(step)));
}

export function preparedBytesConv2dFloat32(step: usize, context: usize): i32 {
  return SIMD ? <i32>panelsPreparedBytes<f32>(step, 0) : 0;
}

export function workspaceBytesConv2dFloat32(step: usize, context: usize): i32 {
  return SIMD ? <i32>panelsWorkspaceBytes<f32>(step) : 0;
}

/** Weights and bias, where they are prepared. */
export function replacedOperandsConv2dFloat32(step: usize): i32 {
  return SIMD ? 0b0110 : 0;
}

export function prepareConv2dFloat32(step: usize, context: usize, prepared: usize): void {
  if (SIMD) preparePanels<f32>(step, context, prepared, operandAddress(step, context, 1));
}

export function runConv2dFloat32(step: usize, context: usize, prepared: usize): void {
  if (SIMD) runPanels<f32>(step, context, prepared);
  else runDirect<f32, f32, f32>(step, context);
}
