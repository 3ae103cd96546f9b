/**
 * Convolution as a blocked matrix product, for SIMD: the patches of 4 output pixels become one panel, and each panel
 * meets every block of 8 output channels. Weights are repacked once (prepare), one group after the other. The float32
 * and the int8 kernel share this file; T is the element type. An int8 layer runs in one form of its dot products.
 */
import {
  CONV_BATCH,
  CONV_CLAMP_HIGH,
  CONV_CLAMP_HIGH_F32,
  CONV_CLAMP_LOW,
  CONV_CLAMP_LOW_F32,
  CONV_DILATION_HEIGHT,
  CONV_DILATION_WIDTH,
  CONV_GROUPS,
  CONV_INPUT_ZERO_POINT,
  CONV_IN_CHANNELS,
  CONV_IN_HEIGHT,
  CONV_IN_WIDTH,
  CONV_KERNEL_HEIGHT,
  CONV_KERNEL_WIDTH,
  CONV_OUTPUT_ZERO_POINT,
  CONV_OUT_CHANNELS,
  CONV_OUT_HEIGHT,
  CONV_OUT_WIDTH,
  CONV_PAD_LEFT,
  CONV_PAD_TOP,
  CONV_STRIDE_HEIGHT,
  CONV_STRIDE_WIDTH,
} from "../format";
import {
  blockBytesFloat32,
  gemmRow1Float32,
  gemmRows4Float32,
  LIMITS_BYTES,
  packBlockFloat32,
  packPanel4Float32,
  panelBytesFloat32,
  writeLimits,
} from "../microkernels/gemm-float32-simd";
import { depthStep, depthSteps, DOT_CONSTANTS_BYTES, FORM_PAIRS, FORM_QUADS, formAt, writeDotConstants } from "../microkernels/dot-simd";
import { BLOCK_HEADER_BYTES, gemmRow1, gemmRows4, packPanel1, packPanel4, packWeights, panelBytesInt8 } from "../microkernels/gemm-int8-simd";
import { flipOf, formOf, rowQuadsFit } from "../microkernels/relaxed-simd";
import { REQUANTIZE_CONSTANTS_BYTES, writeRequantizeConstants } from "../microkernels/requantize";
import { copyRuns } from "../microkernels/run-simd";
import { engine, operandAddress, parameterF32, workspace } from "../step";
import { QUADS, RELAXED } from "../variant";
import { gatherPatch, PIXEL_BYTES } from "./conv2d-patch";
import { convParameter as parameter, patchElements } from "./geometry";

const ROWS: usize = 4;
const BLOCK_CHANNELS: i32 = 8;
/** Rows of the matrix product. */
function pixels(step: usize): i32 {
  return parameter(step, CONV_BATCH) * parameter(step, CONV_OUT_HEIGHT) * parameter(step, CONV_OUT_WIDTH);
}

/** The form of an int8 layer with these plain weights here. */
export function panelsForm(step: usize, context: usize, weights: usize): i32 {
  if (!RELAXED) return FORM_PAIRS;
  return formOf(engine(context), QUADS && rowQuadsFit(weights, parameter(step, CONV_OUT_CHANNELS), patchElements(step)));
}

/** Bytes of one step of one block; 1 row reads int8 weights in every form. */
function stepBytes(step: usize, form: i32): i32 {
  return form == FORM_PAIRS && pixels(step) == 1 ? 16 : 32;
}

function blockBytes<T>(step: usize, form: i32): i64 {
  const k: i64 = patchElements(step);
  if (isFloat<T>()) return blockBytesFloat32(k);
  return BLOCK_HEADER_BYTES + <i64>depthSteps(form, <i32>k) * stepBytes(step, form);
}

function groupBlocks(step: usize): i64 {
  return (parameter(step, CONV_OUT_CHANNELS) / parameter(step, CONV_GROUPS) + BLOCK_CHANNELS - 1) / BLOCK_CHANNELS;
}

// @ts-ignore: decorator
@inline
function constantsBytes<T>(): i32 {
  return isFloat<T>() ? LIMITS_BYTES : REQUANTIZE_CONSTANTS_BYTES + DOT_CONSTANTS_BYTES;
}

/** A patch, up to the next multiple of 16 bytes, and as much again that copies may spoil. */
function patchBytes<T>(k: i64): i64 {
  return ((k * sizeof<T>() + 15) & ~15) + 16;
}

/** What packing may write behind the panel belongs to it. */
function panelBytes<T>(k: i64): i64 {
  return 64 + (isFloat<T>() ? panelBytesFloat32(k) : panelBytesInt8(k));
}

/** Only after checkGeometry; may exceed 31 bits. */
export function panelsPreparedBytes<T>(step: usize, form: i32): i64 {
  return constantsBytes<T>() + groupBlocks(step) * parameter(step, CONV_GROUPS) * blockBytes<T>(step, form);
}

/** The same for the form that takes most. */
export function panelsLargestBytes(step: usize): i64 {
  return max(panelsPreparedBytes<i8>(step, FORM_PAIRS), panelsPreparedBytes<i8>(step, FORM_QUADS));
}

/** panel · 4 patches · 4 pixels */
export function panelsWorkspaceBytes<T>(step: usize): i64 {
  const k: i64 = patchElements(step);
  return panelBytes<T>(k) + ROWS * (patchBytes<T>(k) + PIXEL_BYTES);
}

/** `weights` [outC, K], plain. constants · per group: blocks of 8 channels (the layouts are drawn in microkernels/gemm-*-simd.ts) */
export function preparePanels<T>(step: usize, context: usize, prepared: usize, weights: usize): void {
  const groups = parameter(step, CONV_GROUPS);
  const outGroup = parameter(step, CONV_OUT_CHANNELS) / groups;
  const form = isFloat<T>() ? FORM_PAIRS : panelsForm(step, context, weights);
  const flip = RELAXED && form != FORM_PAIRS ? flipOf(engine(context)) : 0;
  if (isFloat<T>()) writeLimits(prepared, parameterF32(step, CONV_CLAMP_LOW_F32), parameterF32(step, CONV_CLAMP_HIGH_F32));
  else {
    writeRequantizeConstants(
      prepared, parameter(step, CONV_OUTPUT_ZERO_POINT), parameter(step, CONV_CLAMP_LOW), parameter(step, CONV_CLAMP_HIGH),
    );
    writeDotConstants(prepared + REQUANTIZE_CONSTANTS_BYTES, form, flip);
  }
  let to = prepared + constantsBytes<T>();
  const bytes = <usize>blockBytes<T>(step, form);
  memory.fill(to, 0, <usize>(groupBlocks(step) * groups) * bytes);
  for (let g = 0; g < groups; g++) {
    for (let n = 0; n < outGroup; n += BLOCK_CHANNELS, to += bytes) {
      const channels = min(BLOCK_CHANNELS, outGroup - n);
      const first = g * outGroup + n;
      if (isFloat<T>()) packBlockFloat32(operandAddress(step, context, 2) + (<usize>first << 2), weights, first, channels, patchElements(step), to);
      else prepareBlockInt8(step, context, weights, first, channels, form, flip, to);
    }
  }
}

/** Where the activations are flipped to x + 128, the bias gives back what that adds. */
function prepareBlockInt8(
  step: usize, context: usize, weights: usize, first: i32, channels: i32, form: i32, flip: i32, to: usize,
): void {
  const k = patchElements(step);
  const depth = depthStep(form);
  const bytes = stepBytes(step, form);
  const elementBytes = bytes / (depth * 8);
  const bias = operandAddress(step, context, 2) + (<usize>first << 2);
  const multipliers = operandAddress(step, context, 3) + (<usize>first << 2);
  let from = weights + <usize>(first * k);
  for (let n = 0; n < channels; n++, from += k) {
    const lane = <usize>n << 2;
    const sum = packWeights(from, k, to + BLOCK_HEADER_BYTES + <usize>(n * depth * elementBytes), depth, bytes);
    store<i32>(to + lane, load<i32>(bias + lane) - flip * sum);
    store<f32>(to + lane, load<f32>(multipliers + lane), 32);
  }
}

/** One past the last start of a window that lies wholly inside the input; 0 when there is none. */
function insideEnd(extent: i32, dilation: i32, taps: i32): u32 {
  return max(extent - (taps - 1) * dilation, 0);
}

/**
 * Where no tap lies in the padding, the rows of a window are runs of the input: a panel is packed from these. Elsewhere
 * the patches are copied first, and each is one run.
 */
export function runPanels<T>(step: usize, context: usize, prepared: usize): void {
  const rows = pixels(step);
  const outHeight = parameter(step, CONV_OUT_HEIGHT);
  const groups = parameter(step, CONV_GROUPS);
  const outGroup = parameter(step, CONV_OUT_CHANNELS) / groups;
  const k = patchElements(step);
  const padLeft = parameter(step, CONV_PAD_LEFT);
  const strideHeight = parameter(step, CONV_STRIDE_HEIGHT);
  const strideWidth = parameter(step, CONV_STRIDE_WIDTH);
  // Where output pixels are input pixels, all of them are one line.
  const isLine =
    k * groups == parameter(step, CONV_IN_CHANNELS) && (strideHeight | strideWidth) == 1 &&
    rows == parameter(step, CONV_BATCH) * parameter(step, CONV_IN_HEIGHT) * parameter(step, CONV_IN_WIDTH);
  const width = isLine ? rows : parameter(step, CONV_IN_WIDTH);
  const outWidth = isLine ? rows : parameter(step, CONV_OUT_WIDTH);
  const kernelHeight = parameter(step, CONV_KERNEL_HEIGHT);
  const pixelBytes = <usize>parameter(step, CONV_IN_CHANNELS) * sizeof<T>();
  const lineBytes = <usize>width * pixelBytes;
  const imageBytes = lineBytes * parameter(step, CONV_IN_HEIGHT);
  const rowBytes = <usize>parameter(step, CONV_OUT_CHANNELS) * sizeof<T>();
  const form = isFloat<T>() ? FORM_PAIRS : formAt(prepared);
  const depth = isFloat<T>() ? 1 : depthStep(form);
  const steps = isFloat<T>() ? k : depthSteps(form, k);
  const groupBytes = <usize>(groupBlocks(step) * blockBytes<T>(step, form));
  const panel = workspace(context);
  const patches = panel + <usize>panelBytes<T>(k);
  const patchStride = <usize>patchBytes<T>(k);
  const pixel = patches + ROWS * patchStride;

  const insideHeight = insideEnd(parameter(step, CONV_IN_HEIGHT), parameter(step, CONV_DILATION_HEIGHT), kernelHeight);
  const insideWidth = insideEnd(width, parameter(step, CONV_DILATION_WIDTH), parameter(step, CONV_KERNEL_WIDTH));
  const run = k / kernelHeight;
  const hasRuns = parameter(step, CONV_KERNEL_WIDTH) == 1 || (groups == 1 && parameter(step, CONV_DILATION_WIDTH) == 1);
  // A panel is packed from several runs if these end where steps end.
  const packsRuns = hasRuns && (kernelHeight == 1 || (run % depth == 0 && rows > 1));
  const runStride = lineBytes * parameter(step, CONV_DILATION_HEIGHT);

  let image = operandAddress(step, context, 0);
  let y = operandAddress(step, context, isFloat<T>() ? 3 : 4);
  const reach = 3 * strideWidth;
  const pixelStride = <usize>strideWidth * pixelBytes;
  const hasLines = hasRuns && strideWidth <= width;
  const hEnd = outHeight * strideHeight - parameter(step, CONV_PAD_TOP);
  const wEnd = outWidth * strideWidth - padLeft;
  let h = hEnd - outHeight * strideHeight, w = -padLeft;
  for (let row = 0; row < rows; row += <i32>ROWS, y += ROWS * rowBytes) {
    const last = <usize>min(<i32>ROWS, rows - row) - 1;
    let inside = hasRuns;
    for (let i: usize = 0; i <= last; i++) {
      const isInside = <u32>h < insideHeight && <u32>w < insideWidth;
      const at = image + <usize>(h * width + w) * pixelBytes;
      inside = inside && isInside;
      store<usize>(pixel + i * PIXEL_BYTES, at);
      if (isInside && hasLines && i == 0 && last == 3 && <u32>(w + reach) < insideWidth && w + reach < wEnd) {
        store<usize>(pixel + PIXEL_BYTES, at + pixelStride);
        store<usize>(pixel + 2 * PIXEL_BYTES, at + 2 * pixelStride);
        store<usize>(pixel + 3 * PIXEL_BYTES, at + 3 * pixelStride);
        w += reach;
        i = 3;
      } else {
        store<i32>(pixel + i * PIXEL_BYTES, h, 4);
        store<i32>(pixel + i * PIXEL_BYTES, w, 8);
        store<i32>(pixel + i * PIXEL_BYTES, isInside, 12);
      }
      w += strideWidth;
      if (w == wEnd) {
        w = -padLeft;
        h += strideHeight;
        if (h == hEnd) {
          h -= outHeight * strideHeight;
          image += imageBytes;
        }
      }
    }
    const packed = inside && packsRuns;
    // Rows behind the last one repeat it.
    const r1 = min<usize>(1, last), r2 = min<usize>(2, last);
    let block = prepared + constantsBytes<T>();
    let channel: usize = 0;
    let out = y;
    for (let g = 0; g < groups; g++, block += groupBytes, channel += pixelBytes / groups, out += <usize>outGroup * sizeof<T>()) {
      let x0 = patches, x1 = patches + r1 * patchStride, x2 = patches + r2 * patchStride, x3 = patches + last * patchStride;
      if (packed) {
        x0 = load<usize>(pixel) + channel;
        x1 = load<usize>(pixel + r1 * PIXEL_BYTES) + channel;
        x2 = load<usize>(pixel + r2 * PIXEL_BYTES) + channel;
        x3 = load<usize>(pixel + last * PIXEL_BYTES) + channel;
      } else {
        const fill: i8 = isFloat<T>() ? 0 : <i8>parameter(step, CONV_INPUT_ZERO_POINT);
        for (let i: usize = 0; i <= last; i++) {
          const at = pixel + i * PIXEL_BYTES;
          const patch = patches + i * patchStride;
          if (inside || (hasRuns && load<i32>(at, 12))) copyRuns(patch, load<usize>(at) + channel, <usize>run * sizeof<T>(), kernelHeight, runStride);
          else gatherPatch<T>(step, at, channel, fill, patch);
        }
      }
      if (rows == 1) {
        multiplyRow<T>(form, x0, k, steps, panel, block, outGroup, prepared, out);
        continue;
      }
      let at = panel;
      for (let i = packed ? kernelHeight : 1, length = packed ? run : k; i > 0; i--, at += <usize>(length * (16 / depth))) {
        if (isFloat<T>()) packPanel4Float32(x0, x1, x2, x3, length, at);
        else packPanel4(form, x0, x1, x2, x3, length, at, prepared);
        x0 += runStride;
        x1 += runStride;
        x2 += runStride;
        x3 += runStride;
      }
      multiplyRows<T>(form, panel, steps, block, outGroup, prepared, out, out + r1 * rowBytes, out + r2 * rowBytes, out + last * rowBytes);
    }
  }
}

// @ts-ignore: decorator
@inline
function multiplyRow<T>(form: i32, x: usize, k: i32, steps: i32, panel: usize, block: usize, channels: i32, constants: usize, y: usize): void {
  if (isFloat<T>()) {
    gemmRow1Float32(x, k, block, channels, constants, y);
  } else {
    packPanel1(form, x, k, panel, constants);
    gemmRow1(form, panel, steps, block, channels, constants, y);
  }
}

// @ts-ignore: decorator
@inline
function multiplyRows<T>(
  form: i32, panel: usize, steps: i32, block: usize, channels: i32, constants: usize, y0: usize, y1: usize, y2: usize, y3: usize,
): void {
  if (isFloat<T>()) gemmRows4Float32(panel, steps, block, channels, constants, y0, y1, y2, y3);
  else gemmRows4(form, panel, steps, block, channels, constants, y0, y1, y2, y3);
}
