/**
 * CONV2D_INT8 with encoded weights (encoded-weights.ts), groups 1: x · encoding int8 · bias int32 [O] · multipliers
 * float32 [O] → y. Without SIMD the encoding is read where it lies. With SIMD, blocks stay blocks (conv2d-blocks.ts), and
 * everything else becomes plain panels at load: gathering single weights never beats dense vectors, but the file is small.
 */
import {
  CONV_BATCH,
  CONV_DILATION_HEIGHT,
  CONV_DILATION_WIDTH,
  CONV_GROUPS,
  CONV_INPUT_ZERO_POINT,
  CONV_IN_CHANNELS,
  CONV_IN_HEIGHT,
  CONV_IN_WIDTH,
  CONV_KERNEL_HEIGHT,
  CONV_KERNEL_WIDTH,
  CONV_OUT_CHANNELS,
  CONV_OUT_HEIGHT,
  CONV_OUT_WIDTH,
  CONV_PAD_LEFT,
  CONV_PAD_TOP,
  CONV_STRIDE_HEIGHT,
  CONV_STRIDE_WIDTH,
  DTYPE_INT8,
  OPCODE_CONV2D_BITMAP_INT8,
  OPCODE_CONV2D_BLOCK16X4_INT8,
  OPCODE_CONV2D_BLOCK1X16_INT8,
  OPCODE_CONV2D_CODEBOOK_INT8,
  OPCODE_CONV2D_CSR16_INT8,
  OPCODE_CONV2D_CSR8_INT8,
  OPCODE_CONV2D_NIBBLES_INT8,
} from "../format";
import { opcodeOf, operandAddress, operandBytes, operandDtype, parameter, workspace } from "../step";
import { HAS_CONV2D_BLOCK16X4_INT8, HAS_CONV2D_BLOCK1X16_INT8, SIMD, WINOGRAD } from "../variant";
import { blocksPreparedBytes, prepareBlocks } from "./conv2d-blocks";
import { InBlocks } from "./conv2d-lines";
import { areBlocksInt8, panelsWorkspaceBytes, runPanels } from "./conv2d-panels";
import { convolutionForm, PACKING_BYTES, panelsPreparedBytes, preparePanels } from "./conv2d-weights";
import { checkWinograd, isFiltered, runWinograd, winogradWorkspaceBytes } from "./conv2d-winograd";
import { decodeWeights } from "./decode-weights";
import { multiplyEncoded } from "./encoded-rows";
import { isEncoded } from "./encoded-weights";
import { checkGeometry, imageElements, isBlock, isInside, patchElements } from "./geometry";

/** Whether the SIMD build runs on the blocks themselves. */
function keepsBlocks(opcode: i32): bool {
  return (HAS_CONV2D_BLOCK16X4_INT8 && opcode == OPCODE_CONV2D_BLOCK16X4_INT8) || (HAS_CONV2D_BLOCK1X16_INT8 && opcode == OPCODE_CONV2D_BLOCK1X16_INT8);
}

function checkEncoded(step: usize, context: usize): bool {
  if (!checkGeometry(step, context, DTYPE_INT8, true) || parameter(step, CONV_GROUPS) != 1 || operandDtype(step, context, 1) != DTYPE_INT8) return false;
  const k = <i64>parameter(step, CONV_IN_CHANNELS) * parameter(step, CONV_KERNEL_HEIGHT) * parameter(step, CONV_KERNEL_WIDTH);
  const rows = parameter(step, CONV_OUT_CHANNELS);
  // Counts are 16 bits, and a decoded matrix must fit into the workspace.
  if (k > 1 << 20 || !isBlock(k * rows)) return false;
  if (!isEncoded(opcodeOf(step), operandAddress(step, context, 1), operandBytes(step, context, 1), rows, <i32>k)) return false;
  if (WINOGRAD && !keepsBlocks(opcodeOf(step)) && isFiltered(step, context)) return checkWinograd(step);
  return !SIMD || areBlocksInt8(step);
}

export function checkConv2dCsr16Int8(step: usize, context: usize): bool {
  return checkEncoded(step, context);
}

export function checkConv2dCsr8Int8(step: usize, context: usize): bool {
  return checkEncoded(step, context);
}

export function checkConv2dBitmapInt8(step: usize, context: usize): bool {
  return checkEncoded(step, context);
}

export function checkConv2dBlock1x16Int8(step: usize, context: usize): bool {
  return checkEncoded(step, context);
}

export function checkConv2dBlock16x4Int8(step: usize, context: usize): bool {
  return checkEncoded(step, context);
}

export function checkConv2dNibblesInt8(step: usize, context: usize): bool {
  return checkEncoded(step, context);
}

export function checkConv2dCodebookInt8(step: usize, context: usize): bool {
  return checkEncoded(step, context);
}

export function preparedBytesEncoded(step: usize, context: usize): i32 {
  if (!SIMD) return 0;
  return keepsBlocks(opcodeOf(step)) ? blocksPreparedBytes(step, context) : <i32>panelsPreparedBytes<i8>(step, convolutionForm(step, context));
}

export function workspaceBytesEncoded(step: usize, context: usize): i32 {
  if (!SIMD) return patchElements(step);
  if (keepsBlocks(opcodeOf(step))) return <i32>panelsWorkspaceBytes<InBlocks>(step);
  const bytes = <i32>(WINOGRAD && isFiltered(step, context) ? winogradWorkspaceBytes(step) : panelsWorkspaceBytes<i8>(step));
  // While it loads, the workspace holds the decoded matrix, behind what packing writes.
  return max(bytes, PACKING_BYTES + parameter(step, CONV_OUT_CHANNELS) * patchElements(step));
}

/** Weights, bias and multipliers, where they are prepared. */
export function replacedOperandsEncoded(step: usize): i32 {
  return SIMD ? 0b1110 : 0;
}

export function prepareEncoded(step: usize, context: usize, prepared: usize): void {
  if (!SIMD) return;
  if (keepsBlocks(opcodeOf(step))) {
    prepareBlocks(step, context, prepared);
    return;
  }
  const plain = workspace(context) + PACKING_BYTES;
  decodeWeights(opcodeOf(step), operandAddress(step, context, 1), parameter(step, CONV_OUT_CHANNELS), patchElements(step), plain);
  preparePanels<i8>(step, context, prepared, plain, convolutionForm(step, context));
}

/** Copies the patch whose tap (0, 0) lies at row `hStart`, column `wStart` of `image`, padded with the zero point. */
function gather(step: usize, image: usize, hStart: i32, wStart: i32, to: usize): void {
  const height = parameter(step, CONV_IN_HEIGHT);
  const width = parameter(step, CONV_IN_WIDTH);
  const channels = parameter(step, CONV_IN_CHANNELS);
  const taps = parameter(step, CONV_KERNEL_WIDTH);
  const dilation = parameter(step, CONV_DILATION_WIDTH);
  const zeroPoint = <u8>parameter(step, CONV_INPUT_ZERO_POINT);
  const isRun = dilation == 1 && isInside(wStart, 1, taps, width);
  let h = hStart;
  for (let kh = parameter(step, CONV_KERNEL_HEIGHT); kh > 0; kh--, h += parameter(step, CONV_DILATION_HEIGHT)) {
    const row = image + <usize>((h * width + wStart) * channels);
    if (h < 0 || h >= height) {
      memory.fill(to, zeroPoint, channels * taps);
      to += channels * taps;
    } else if (isRun) {
      memory.copy(to, row, channels * taps);
      to += channels * taps;
    } else {
      for (let kw = 0; kw < taps; kw++, to += channels) {
        const w = wStart + kw * dilation;
        if (w < 0 || w >= width) memory.fill(to, zeroPoint, channels);
        else memory.copy(to, row + <usize>(kw * dilation * channels), channels);
      }
    }
  }
}

/** Pixel after pixel; a patch that lies in one piece is not copied. */
function runRows(opcode: i32, step: usize, context: usize): void {
  const k = patchElements(step);
  const rows = parameter(step, CONV_OUT_CHANNELS);
  const isPoint = parameter(step, CONV_KERNEL_HEIGHT) * parameter(step, CONV_KERNEL_WIDTH) == 1 && parameter(step, CONV_PAD_TOP) + parameter(step, CONV_PAD_LEFT) == 0;
  const outWidth = parameter(step, CONV_OUT_WIDTH);
  const weights = operandAddress(step, context, 1);
  const bias = operandAddress(step, context, 2);
  const multipliers = operandAddress(step, context, 3);
  let image = operandAddress(step, context, 0);
  let y = operandAddress(step, context, 4);
  for (let n = parameter(step, CONV_BATCH); n > 0; n--, image += imageElements(step)) {
    let hStart = -parameter(step, CONV_PAD_TOP);
    for (let oh = parameter(step, CONV_OUT_HEIGHT); oh > 0; oh--, hStart += parameter(step, CONV_STRIDE_HEIGHT)) {
      let wStart = -parameter(step, CONV_PAD_LEFT);
      for (let ow = outWidth; ow > 0; ow--, wStart += parameter(step, CONV_STRIDE_WIDTH), y += rows) {
        let patch = image + <usize>((hStart * parameter(step, CONV_IN_WIDTH) + wStart) * parameter(step, CONV_IN_CHANNELS));
        if (!isPoint || hStart >= parameter(step, CONV_IN_HEIGHT) || wStart >= parameter(step, CONV_IN_WIDTH)) {
          patch = workspace(context);
          gather(step, image, hStart, wStart, patch);
        }
        multiplyEncoded(opcode, step, weights, rows, k, patch, bias, multipliers, y);
      }
    }
  }
}

function runEncoded(opcode: i32, step: usize, context: usize, prepared: usize): void {
  if (!SIMD) runRows(opcode, step, context);
  else if (keepsBlocks(opcode)) runPanels<InBlocks>(step, context, prepared);
  else if (WINOGRAD && isFiltered(step, context)) runWinograd(step, context, prepared);
  else runPanels<i8>(step, context, prepared);
}

export function runConv2dCsr16Int8(step: usize, context: usize, prepared: usize): void {
  runEncoded(OPCODE_CONV2D_CSR16_INT8, step, context, prepared);
}

export function runConv2dCsr8Int8(step: usize, context: usize, prepared: usize): void {
  runEncoded(OPCODE_CONV2D_CSR8_INT8, step, context, prepared);
}

export function runConv2dBitmapInt8(step: usize, context: usize, prepared: usize): void {
  runEncoded(OPCODE_CONV2D_BITMAP_INT8, step, context, prepared);
}

export function runConv2dBlock1x16Int8(step: usize, context: usize, prepared: usize): void {
  runEncoded(OPCODE_CONV2D_BLOCK1X16_INT8, step, context, prepared);
}

export function runConv2dBlock16x4Int8(step: usize, context: usize, prepared: usize): void {
  runEncoded(OPCODE_CONV2D_BLOCK16X4_INT8, step, context, prepared);
}

export function runConv2dNibblesInt8(step: usize, context: usize, prepared: usize): void {
  runEncoded(OPCODE_CONV2D_NIBBLES_INT8, step, context, prepared);
}

export function runConv2dCodebookInt8(step: usize, context: usize, prepared: usize): void {
  runEncoded(OPCODE_CONV2D_CODEBOOK_INT8, step, context, prepared);
}
