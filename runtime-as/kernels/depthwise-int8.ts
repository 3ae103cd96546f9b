/**
 * DEPTHWISE_INT8: x [N, H, W, C] · weights [KH, KW, C] · bias int32 [C], with the input zero point folded in ·
 * multipliers float32 [C] → y [N, OH, OW, C]. Padding writes the input zero point.
 */
import { NO_KERNEL } from "../check";
import { DTYPE_INT8, ENGINE_KNOWN } from "../format";
import { BOARD, RELAXED, SIMD, WINDOWS } from "../variant";
import { engine } from "../step";
import { hasForm } from "./conv2d-weights";
import { is3x3 } from "./depthwise-3x3";
import { blocksPreparedBytes, blocksWorkspaceBytes, prepareBlocks, runBlocks } from "./depthwise-blocks";
import { runDepthwiseDirect } from "./depthwise-direct";
import { foursPreparedBytes, foursWorkspaceBytes, prepareFours, runFours } from "./depthwise-fours";
import { pairsPreparedBytes, pairsWorkspaceBytes, preparePairs, runPairs } from "./depthwise-pairs";
import { prepareRows, rowsPreparedBytes, rowsWorkspaceBytes, runRows } from "./depthwise-rows";
import { checkDepthwise, isBlock, isInBuild } from "./geometry";

/** Whether the kernel for 3x3 runs the step: in relaxed builds only where the engine's dot products are known, and the build is for such weights. */
function has3x3(step: usize, context: usize): bool {
  return is3x3(step) && (!RELAXED || ((engine(context) & ENGINE_KNOWN) != 0 && hasForm(step, context)));
}

/** Whether that of any window does. */
// @ts-ignore: decorator
@inline
function isOther(step: usize, context: usize): bool {
  return WINDOWS && !has3x3(step, context);
}

export function checkDepthwiseInt8(step: usize, context: usize): i32 {
  if (!checkDepthwise(step, context, DTYPE_INT8)) return 0;
  if (!isInBuild(step, true)) return NO_KERNEL;
  if (BOARD) return isBlock(blocksPreparedBytes(step)) && isBlock(blocksWorkspaceBytes(step));
  if (!SIMD) return 1;
  if (has3x3(step, context)) {
    if (RELAXED) return isBlock(foursPreparedBytes(step, context)) && isBlock(foursWorkspaceBytes(step));
    return isBlock(pairsPreparedBytes(step)) && isBlock(pairsWorkspaceBytes(step));
  }
  return WINDOWS ? isBlock(rowsPreparedBytes(step)) && isBlock(rowsWorkspaceBytes(step)) : NO_KERNEL;
}

export function preparedBytesDepthwiseInt8(step: usize, context: usize): i32 {
  if (BOARD) return <i32>blocksPreparedBytes(step);
  if (!SIMD) return 0;
  if (isOther(step, context)) return <i32>rowsPreparedBytes(step);
  return <i32>(RELAXED ? foursPreparedBytes(step, context) : pairsPreparedBytes(step));
}

export function workspaceBytesDepthwiseInt8(step: usize, context: usize): i32 {
  if (BOARD) return <i32>blocksWorkspaceBytes(step);
  if (!SIMD) return 0;
  if (isOther(step, context)) return <i32>rowsWorkspaceBytes(step);
  return <i32>(RELAXED ? foursWorkspaceBytes(step) : pairsWorkspaceBytes(step));
}

/** Weights, bias and multipliers, where they are prepared. */
export function replacedOperandsDepthwiseInt8(step: usize): i32 {
  return BOARD || SIMD ? 0b1110 : 0;
}

export function prepareDepthwiseInt8(step: usize, context: usize, prepared: usize): void {
  if (BOARD) prepareBlocks(step, context, prepared);
  else if (SIMD) {
    if (isOther(step, context)) prepareRows(step, context, prepared);
    else if (RELAXED) prepareFours(step, context, prepared);
    else preparePairs(step, context, prepared);
  }
}

export function runDepthwiseInt8(step: usize, context: usize, prepared: usize): void {
  if (BOARD) runBlocks(step, context, prepared);
  else if (SIMD) {
    if (isOther(step, context)) runRows(step, context, prepared);
    else if (RELAXED) runFours(step, context, prepared);
    else runPairs(step, context, prepared);
  } else runDepthwiseDirect<i8, i8, i32>(step, context);
}
