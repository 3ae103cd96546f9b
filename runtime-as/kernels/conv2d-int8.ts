/**
 * CONV2D_INT8: x [N, H, W, C] · weights [O, KH, KW, C / groups] · bias int32 [O], with the input zero point folded in ·
 * multipliers float32 [O] → y [N, OH, OW, O]. Padding writes the input zero point.
 */
import { NO_KERNEL } from "../check";
import { DTYPE_INT8 } from "../format";
import { BOARD, SIMD, WINOGRAD } from "../variant";
import { columnsPreparedBytes, columnsWorkspaceBytes, prepareColumns, runColumns } from "./conv2d-columns";
import { runDirect } from "./conv2d-direct";
import { areBlocksInt8, panelsWorkspaceBytes, runPanels } from "./conv2d-panels";
import { convolutionForm, hasForm, panelsPreparedBytes, preparePanels } from "./conv2d-weights";
import { checkWinograd, isFiltered, runWinograd, winogradWorkspaceBytes } from "./conv2d-winograd";
import { operandAddress } from "../step";
import { checkGeometry, isBlock, isInBuild } from "./geometry";

export function checkConv2dInt8(step: usize, context: usize): i32 {
  if (!checkGeometry(step, context, DTYPE_INT8)) return 0;
  if (!isInBuild(step, false)) return NO_KERNEL;
  if (BOARD) return isBlock(columnsPreparedBytes(step)) && isBlock(columnsWorkspaceBytes(step));
  if (!SIMD) return 1;
  if (WINOGRAD && isFiltered(step, context)) return checkWinograd(step);
  return hasForm(step, context) ? areBlocksInt8(step) : NO_KERNEL;
}

export function preparedBytesConv2dInt8(step: usize, context: usize): i32 {
  if (BOARD) return <i32>columnsPreparedBytes(step);
  return SIMD ? <i32>panelsPreparedBytes<i8>(step, convolutionForm(step, context)) : 0;
}

export function workspaceBytesConv2dInt8(step: usize, context: usize): i32 {
  if (BOARD) return <i32>columnsWorkspaceBytes(step);
  if (WINOGRAD && isFiltered(step, context)) return <i32>winogradWorkspaceBytes(step);
  return SIMD ? <i32>panelsWorkspaceBytes<i8>(step) : 0;
}

/** Weights, bias and multipliers, where they are prepared. */
export function replacedOperandsConv2dInt8(step: usize): i32 {
  return BOARD || SIMD ? 0b1110 : 0;
}

export function prepareConv2dInt8(step: usize, context: usize, prepared: usize): void {
  if (BOARD) prepareColumns(step, context, prepared);
  else if (SIMD) preparePanels<i8>(step, context, prepared, operandAddress(step, context, 1), convolutionForm(step, context));
}

export function runConv2dInt8(step: usize, context: usize, prepared: usize): void {
  if (BOARD) runColumns(step, context, prepared);
  else if (WINOGRAD && isFiltered(step, context)) runWinograd(step, context, prepared);
  else if (SIMD) runPanels<i8>(step, context, prepared);
  else runDirect<i8, i8, i32>(step, context);
}
