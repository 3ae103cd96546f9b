/**
 * DEPTHWISE_INT8: x [N, H, W, C] · weights [KH, KW, C] · bias int32 [C], with the input zero point folded in ·
 * multipliers float32 [C] → y [N, OH, OW, C]. Padding writes the input zero point.
 */
import { NO_KERNEL } from "../check";
import { DTYPE_INT8 } from "../format";
import { BOARD, SIMD, WINDOWS } from "../variant";
import { blocksPreparedBytes, blocksWorkspaceBytes, prepareBlocks, runBlocks } from "./depthwise-blocks";
import { runDepthwiseDirect } from "./depthwise-direct";
import { isPaired, pairsPreparedBytes, pairsWorkspaceBytes, preparePairs, runPairs } from "./depthwise-pairs";
import { prepareRows, rowsPreparedBytes, rowsWorkspaceBytes, runRows } from "./depthwise-rows";
import { checkDepthwise, isBlock, isInBuild } from "./geometry";

export function checkDepthwiseInt8(step: usize, context: usize): i32 {
  if (!checkDepthwise(step, context, DTYPE_INT8)) return 0;
  if (!isInBuild(step, true)) return NO_KERNEL;
  if (BOARD) return isBlock(blocksPreparedBytes(step)) && isBlock(blocksWorkspaceBytes(step));
  if (!SIMD) return 1;
  if (isPaired(step)) return isBlock(pairsPreparedBytes(step)) && isBlock(pairsWorkspaceBytes(step));
  return WINDOWS ? isBlock(rowsPreparedBytes(step)) && isBlock(rowsWorkspaceBytes(step)) : NO_KERNEL;
}

export function preparedBytesDepthwiseInt8(step: usize, context: usize): i32 {
  if (BOARD) return <i32>blocksPreparedBytes(step);
  if (!SIMD) return 0;
  return <i32>(WINDOWS && !isPaired(step) ? rowsPreparedBytes(step) : pairsPreparedBytes(step));
}

export function workspaceBytesDepthwiseInt8(step: usize, context: usize): i32 {
  if (BOARD) return <i32>blocksWorkspaceBytes(step);
  if (!SIMD) return 0;
  return <i32>(WINDOWS && !isPaired(step) ? rowsWorkspaceBytes(step) : pairsWorkspaceBytes(step));
}

/** Weights, bias and multipliers, where they are prepared. */
export function replacedOperandsDepthwiseInt8(step: usize): i32 {
  return BOARD || SIMD ? 0b1110 : 0;
}

export function prepareDepthwiseInt8(step: usize, context: usize, prepared: usize): void {
  if (BOARD) prepareBlocks(step, context, prepared);
  else if (SIMD) {
    if (WINDOWS && !isPaired(step)) prepareRows(step, context, prepared);
    else preparePairs(step, context, prepared);
  }
}

export function runDepthwiseInt8(step: usize, context: usize, prepared: usize): void {
  if (BOARD) runBlocks(step, context, prepared);
  else if (SIMD) {
    if (WINDOWS && !isPaired(step)) runRows(step, context, prepared);
    else runPairs(step, context, prepared);
  } else runDepthwiseDirect<i8, i8, i32>(step, context);
}
