/**
 * DEPTHWISE_INT8: x [N, H, W, C] · weights [KH, KW, C] · bias int32 [C], with the input zero point folded in ·
 * multipliers float32 [C] → y [N, OH, OW, C]. Padding writes the input zero point.
 */
import { NO_KERNEL } from "../check";
import { DTYPE_INT8 } from "../format";
import { BOARD, SIMD } from "../variant";
import { blocksPreparedBytes, blocksWorkspaceBytes, prepareBlocks, runBlocks } from "./depthwise-blocks";
import { runDepthwiseDirect } from "./depthwise-direct";
import { prepareRows, rowsPreparedBytes, rowsWorkspaceBytes, runRows } from "./depthwise-rows";
import { checkDepthwise, isBlock, isInBuild } from "./geometry";

export function checkDepthwiseInt8(step: usize, context: usize): i32 {
  if (!checkDepthwise(step, context, DTYPE_INT8)) return 0;
  if (!isInBuild(step, true)) return NO_KERNEL;
  if (BOARD) return isBlock(blocksPreparedBytes(step)) && isBlock(blocksWorkspaceBytes(step));
  return !SIMD || (isBlock(rowsPreparedBytes(step)) && isBlock(rowsWorkspaceBytes(step)));
}

export function preparedBytesDepthwiseInt8(step: usize, context: usize): i32 {
  if (BOARD) return <i32>blocksPreparedBytes(step);
  return SIMD ? <i32>rowsPreparedBytes(step) : 0;
}

export function workspaceBytesDepthwiseInt8(step: usize, context: usize): i32 {
  if (BOARD) return <i32>blocksWorkspaceBytes(step);
  return SIMD ? <i32>rowsWorkspaceBytes(step) : 0;
}

/** Weights, bias and multipliers, where they are prepared. */
export function replacedOperandsDepthwiseInt8(step: usize): i32 {
  return BOARD || SIMD ? 0b1110 : 0;
}

export function prepareDepthwiseInt8(step: usize, context: usize, prepared: usize): void {
  if (BOARD) prepareBlocks(step, context, prepared);
  else if (SIMD) prepareRows(step, context, prepared);
}

export function runDepthwiseInt8(step: usize, context: usize, prepared: usize): void {
  if (BOARD) runBlocks(step, context, prepared);
  else if (SIMD) runRows(step, context, prepared);
  else runDepthwiseDirect<i8, i8, i32>(step, context);
}
