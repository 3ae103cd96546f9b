/**
 * Convolution as a blocked matrix product, for SIMD: the windows of 4 output pixels meet every block of 8 output channels,
 * packed into a panel, or in relaxed builds where they lie. Weights are repacked once (conv2d-weights.ts).
 * The float32 and the int8 kernels share this file; T is the element type, or InBlocks. An int8 layer runs in one form of its
 * dot products.
 */
import { extent } from "../check";
import {
  CONV_BATCH,
  CONV_DILATION_HEIGHT,
  CONV_DILATION_WIDTH,
  CONV_GROUPS,
  CONV_IN_CHANNELS,
  CONV_IN_HEIGHT,
  CONV_IN_WIDTH,
  CONV_KERNEL_HEIGHT,
  CONV_KERNEL_WIDTH,
  CONV_OUT_CHANNELS,
  CONV_OUT_HEIGHT,
  CONV_OUT_WIDTH,
  CONV_PAD_TOP,
  CONV_STRIDE_HEIGHT,
  CONV_STRIDE_WIDTH,
} from "../format";
import { gemmRow1Float32, gemmRows4Float32, packPanel4Float32, panelBytesFloat32 } from "../microkernels/gemm-float32-simd";
import { depthStep, depthSteps, FORM_PAIRS, FORM_QUADS, formAt, isPairs } from "../microkernels/dot-simd";
import { gemmRow1Relaxed, gemmRowsRelaxed } from "../microkernels/gemm-relaxed-simd";
import { gemmRows4, packPanel4, panelBytesInt8 } from "../microkernels/gemm-int8-simd";
import { gemmRow, packRow } from "../microkernels/row-int8-simd";
import { operandAddress, workspace } from "../step";
import { PAIRS, RELAXED, ROWS } from "../variant";
import { multiplyRowBlocks, multiplyRowsBlocks, packRowsBlocks } from "./conv2d-blocks";
import { copiedBytes, copiesLines, copyLines, isInBlocks, isStretched, linesBytes, spanOf, stripRows } from "./conv2d-lines";
import { convParameter as parameter, isBlock, patchElements } from "./geometry";
import { blockBytes, constantsBytes, groupBlocks, panelsLargestBytes, pixels } from "./conv2d-weights";

/** Pixels whose windows are copied before the first is multiplied: what was just stored in pieces is slow to load. */
const BATCH: i32 = 16;

/** One row, with as much behind it as reading whole steps and copying may touch. */
function patchBytes<T>(k: i64): i64 {
  return ((k * (isFloat<T>() ? 4 : PAIRS && isStretched<T>() ? 2 : 1) + 15) & ~15) + 16;
}

/** What packing may write behind the panel belongs to it. */
function panelBytes<T>(k: i64): i64 {
  return 64 + (isFloat<T>() ? panelBytesFloat32(k) : panelBytesInt8(k));
}

/** Of the table of a strip's pixels and four more, and that of the patches. */
function tableBytes(step: usize): i64 {
  return (<i64>stripRows(step) * parameter(step, CONV_OUT_WIDTH) + 4 + BATCH + 3) * sizeof<usize>() & ~15;
}

/** table · panel · BATCH patches · lines */
export function panelsWorkspaceBytes<T>(step: usize): i64 {
  const k: i64 = patchElements(step);
  return tableBytes(step) + panelBytes<T>(k) + BATCH * patchBytes<T>(k) + (copiesLines<T>(step) ? linesBytes<T>(step) : 0);
}

/** Whether an int8 layer's blocks of memory may be asked for in every form, and for any part of its pixels. */
export function areBlocksInt8(step: usize): bool {
  return (
    isBlock(panelsLargestBytes(step)) && isBlock(panelsWorkspaceBytes<i8>(step)) &&
    (!RELAXED || isBlock(extent(step, CONV_BATCH, 4) * 2))
  );
}

/** Kernel rows that are runs of the input, else single taps. */
function hasRuns(step: usize): bool {
  return parameter(step, CONV_KERNEL_WIDTH) == 1 || (parameter(step, CONV_GROUPS) == 1 && parameter(step, CONV_DILATION_WIDTH) == 1);
}

/**
 * Whether rows are read where they lie: their runs end where steps end. A single row is one run. In relaxed builds the inner loop walks
 * them again for every 8 channels: where a run is one step, copying them once is quicker from so many runs and channels on.
 */
function walksRuns<T>(step: usize, form: i32): bool {
  const kernelHeight = parameter(step, CONV_KERNEL_HEIGHT);
  const stepElements = isFloat<T>() ? 1 : form == FORM_QUADS ? 8 : depthStep(form);
  const runElements = patchElements(step) / kernelHeight;
  const isCut = isStretched<T>() && runElements == 4 && kernelHeight * parameter(step, CONV_OUT_CHANNELS) > 144;
  return hasRuns(step) && (kernelHeight == 1 || (!isCut && pixels(step) > 1 && runElements % stepElements == 0));
}

/** Rows of the output, strip after strip. */
export function runPanels<T>(step: usize, context: usize, prepared: usize): void {
  let images = parameter(step, CONV_BATCH);
  let height = parameter(step, CONV_IN_HEIGHT), outHeight = parameter(step, CONV_OUT_HEIGHT);
  // Where lines of the output are lines of the input, all images are one.
  if (parameter(step, CONV_KERNEL_HEIGHT) == 1 && parameter(step, CONV_STRIDE_HEIGHT) == 1 && height == outHeight) {
    height *= images;
    outHeight = height;
    images = 1;
  }
  const form = isFloat<T>() || isInBlocks<T>() ? FORM_PAIRS : formAt(prepared);
  const copies = copiesLines<T>(step);
  const outWidth = parameter(step, CONV_OUT_WIDTH);
  const k = patchElements(step);
  const lines = workspace(context) + <usize>(tableBytes(step) + panelBytes<T>(k) + BATCH * patchBytes<T>(k));
  const lineBytes = <usize>(parameter(step, CONV_IN_WIDTH) * parameter(step, CONV_IN_CHANNELS)) * sizeof<T>();
  const outRow = <usize>(outWidth * parameter(step, CONV_OUT_CHANNELS)) * sizeof<T>();
  let image = operandAddress(step, context, 0);
  let y = operandAddress(step, context, isFloat<T>() ? 3 : 4);
  for (; images > 0; images--, image += lineBytes * height) {
    // A part of a step begins in the middle of its image.
    let first = -parameter(step, CONV_PAD_TOP);
    for (let left = outHeight; left > 0; ) {
      const count = min(stripRows(step), left);
      let from = image + <usize>first * lineBytes;
      if (copies) {
        copyLines<T>(step, form, prepared, image, height, first, spanOf(step, 0, count), lines);
        from = lines;
      }
      multiplyStrip<T>(step, context, prepared, form, copies, from, count, y);
      first += count * parameter(step, CONV_STRIDE_HEIGHT);
      y += <usize>count * outRow;
      left -= count;
    }
  }
}

/**
 * `outRows` rows of output pixels from `lines` on, four pixels at a time with all blocks. Their windows are read where they
 * lie; where that does not go, those of BATCH pixels are copied first, each as one run.
 */
function multiplyStrip<T>(
  step: usize, context: usize, prepared: usize, form: i32, copies: bool, lines: usize, outRows: i32, y: usize,
): void {
  const outWidth = parameter(step, CONV_OUT_WIDTH);
  const groups = isInBlocks<T>() ? 1 : parameter(step, CONV_GROUPS);
  const outGroup = parameter(step, CONV_OUT_CHANNELS) / groups;
  const k = patchElements(step);
  const steps = isFloat<T>() ? k : depthSteps(form, k);
  const rowBytes = <usize>parameter(step, CONV_OUT_CHANNELS) * sizeof<T>();
  const table = workspace(context);
  const panel = table + <usize>tableBytes(step);
  const patches = panel + <usize>panelBytes<T>(k);
  const elementBytes = copies ? copiedBytes<T>(form, 1) : sizeof<T>();
  const pixelBytes = <usize>parameter(step, CONV_IN_CHANNELS) * elementBytes;
  const lineBytes = <usize>(copies ? spanOf(step, 1, outWidth) : parameter(step, CONV_IN_WIDTH)) * pixelBytes;
  const runStride = <usize>parameter(step, CONV_DILATION_HEIGHT) * lineBytes;
  const gathers = !walksRuns<T>(step, form);
  // A row that is copied is one run.
  const runs = gathers ? 1 : parameter(step, CONV_KERNEL_HEIGHT);
  const runBytes = <usize>(steps / runs) << 2;
  const isAlone = (ROWS || isFloat<T>() || isInBlocks<T>()) && pixels(step) == 1;

  let block = prepared + constantsBytes<T>();
  for (let g = 0; g < groups; g++, block += <usize>(groupBlocks<T>(step, form) * blockBytes<T>(step, form))) {
    writeTable(table, lines, outRows * outWidth, outWidth, <usize>parameter(step, CONV_STRIDE_WIDTH) * pixelBytes, <usize>parameter(step, CONV_STRIDE_HEIGHT) * lineBytes);
    let tile = table;
    let out = y;
    let count = 0;
    for (let left = outRows * outWidth; left > 0; left -= count) {
      count = left;
      let rows = tile;
      if (gathers) {
        count = min(count, BATCH);
        rows = panel - BATCH * sizeof<usize>();
        gatherRows<T>(step, tile, count, elementBytes, runStride, patches, rows);
      }
      tile += <usize>count * sizeof<usize>();
      if (isStretched<T>()) {
        // One row of bytes is quicker alone.
        const alone = <i32>(!isPairs(form) && (count & 3) == 1);
        gemmRowsRelaxed(form, rows, count - alone, runs, runStride, runBytes, block, outGroup, prepared, out, rowBytes);
        out += <usize>count * rowBytes;
        if (alone) {
          const row = load<usize>(rows + <usize>(count - 1) * sizeof<usize>());
          gemmRow1Relaxed(form, row, runs, runStride, runBytes, block, outGroup, prepared, out - rowBytes);
        }
      } else {
        for (let i = count; i > 0; i -= 4, rows += 4 * sizeof<usize>(), out += 4 * rowBytes) {
          if (isAlone) {
            if (isInBlocks<T>()) multiplyRowBlocks(step, load<usize>(rows), panel, block, prepared, out);
            else multiplyRow<T>(load<usize>(rows), k, panel, block, outGroup, prepared, out);
          } else {
            if (isInBlocks<T>()) packRowsBlocks(step, rows, runs, runStride, k / runs, panel);
            else packRows<T>(rows, runs, runStride, k / runs, panel);
            const y1 = out + (i > 1 ? rowBytes : 0), y2 = y1 + (i > 2 ? rowBytes : 0), y3 = y2 + (i > 3 ? rowBytes : 0);
            if (isInBlocks<T>()) multiplyRowsBlocks(step, panel, block, prepared, out, y1, y2, y3);
            else multiplyRows<T>(panel, steps, block, outGroup, prepared, out, y1, y2, y3);
          }
        }
      }
    }
    y += <usize>outGroup * sizeof<T>();
    lines += pixelBytes / groups;
  }
}

/** Where the windows of `rows` pixels begin, `width` to a line, four at a time; then three times that of the last. */
function writeTable(table: usize, line: usize, rows: i32, width: i32, pixelStride: usize, lineStride: usize): void {
  const strides = i32x4.mul(i32x4.splat(<i32>pixelStride), i32x4(0, 1, 2, 3));
  const next = i32x4.splat(<i32>pixelStride << 2);
  for (const end = table + <usize>rows * sizeof<usize>(); table < end; table += <usize>width * sizeof<usize>(), line += lineStride) {
    let addresses = i32x4.add(i32x4.splat(<i32>line), strides);
    for (let at: usize = 0; at < <usize>width * sizeof<usize>(); at += 16, addresses = i32x4.add(addresses, next)) v128.store(table + at, addresses);
  }
  v128.store(table, v128.load32_splat(table - sizeof<usize>()));
}

/** Copies the windows of the `count` pixels at `tile`, up to a multiple of four, one run each, to `patches`; writes where they lie to `rows`. */
function gatherRows<T>(step: usize, tile: usize, count: i32, elementBytes: usize, runStride: usize, patches: usize, rows: usize): void {
  const k = patchElements(step);
  const isRun = hasRuns(step);
  const kernelHeight = parameter(step, CONV_KERNEL_HEIGHT);
  const taps = isRun ? 1 : parameter(step, CONV_KERNEL_WIDTH);
  const runs = kernelHeight * taps;
  const copyBytes = <usize>(k / runs) * elementBytes;
  const tapStride = <usize>(parameter(step, CONV_DILATION_WIDTH) * parameter(step, CONV_IN_CHANNELS)) * elementBytes;
  const patchStride = <usize>patchBytes<T>(k);
  const patchStride2 = patchStride << 1;
  writeTable(rows, patches, count, count, patchStride, 0);
  for (; count > 0; count -= 4, tile += 4 * sizeof<usize>(), patches += patchStride2 << 1) {
    const x0 = load<usize>(tile), x1 = load<usize>(tile, 4), x2 = load<usize>(tile, 8), x3 = load<usize>(tile, 12);
    let y = patches;
    for (let i = 0; i < runs; i++) {
      let x = isRun ? <usize>i * runStride : <usize>(i / taps) * runStride + <usize>(i % taps) * tapStride;
      const next = y + copyBytes;
      for (; y < next; x += 16, y += 16) {
        v128.store(y, v128.load(x0 + x));
        v128.store(y + patchStride, v128.load(x1 + x));
        const y2 = y + patchStride2;
        v128.store(y2, v128.load(x2 + x));
        v128.store(y2 + patchStride, v128.load(x3 + x));
      }
      y = next;
    }
  }
}

// @ts-ignore: decorator
@inline
function multiplyRow<T>(x: usize, k: i32, panel: usize, block: usize, channels: i32, constants: usize, y: usize): void {
  if (isFloat<T>()) {
    gemmRow1Float32(x, k, block, channels, constants, y);
  } else {
    packRow(x, k, panel);
    gemmRow(panel, (k + 3) >> 2, block, channels, constants, y);
  }
}

/** The panel of 4 rows whose addresses stand at `tile`, `runs` runs of `length` elements each. */
// @ts-ignore: decorator
@inline
function packRows<T>(tile: usize, runs: i32, runStride: usize, length: i32, panel: usize): void {
  let x0 = load<usize>(tile), x1 = load<usize>(tile, 4), x2 = load<usize>(tile, 8), x3 = load<usize>(tile, 12);
  for (; runs > 0; runs--, panel += <usize>length * (isFloat<T>() ? 16 : 8)) {
    if (isFloat<T>()) packPanel4Float32(x0, x1, x2, x3, length, panel);
    else packPanel4(x0, x1, x2, x3, length, panel);
    x0 += runStride;
    x1 += runStride;
    x2 += runStride;
    x3 += runStride;
  }
}

// @ts-ignore: decorator
@inline
function multiplyRows<T>(
  panel: usize, steps: i32, block: usize, channels: i32, constants: usize, y0: usize, y1: usize, y2: usize, y3: usize,
): void {
  if (isFloat<T>()) gemmRows4Float32(panel, steps, block, channels, constants, y0, y1, y2, y3);
  else gemmRows4(panel, steps, block, channels, constants, y0, y1, y2, y3);
}
