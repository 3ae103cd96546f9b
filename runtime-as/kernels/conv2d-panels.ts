/**
 * Convolution as a blocked matrix product, for SIMD: the patches of 4 output pixels become one panel, and each panel
 * meets every block of 8 output channels. Weights are repacked once (prepare), one group after the other. The float32
 * and the int8 kernel share this file; T is the element type.
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
  packPanel4Float32,
  panelBytesFloat32,
  writeLimits,
} from "../microkernels/gemm-float32-simd";
import { blockBytesInt8, gemmRow1, gemmRows4, packPanel1, packPanel4, panelBytesInt8 } from "../microkernels/gemm-int8-simd";
import { REQUANTIZE_CONSTANTS_BYTES, writeRequantizeConstants } from "../microkernels/requantize";
import { copyRun, fillRun } from "../microkernels/run-simd";
import { operandAddress, parameter, parameterF32, workspace } from "../step";
import { endTap, firstTap, imageElements, isInside, patchElements } from "./geometry";

const ROWS: usize = 4;
const BLOCK_CHANNELS: i32 = 8;
/** One pixel of a panel in the workspace: address of its image, row and column of its tap (0, 0). */
const PIXEL_BYTES: usize = 12;

function blockBytes<T>(k: i64): i64 {
  return isFloat<T>() ? blockBytesFloat32(k) : blockBytesInt8(k);
}

function groupBlocks(step: usize): i64 {
  return (parameter(step, CONV_OUT_CHANNELS) / parameter(step, CONV_GROUPS) + BLOCK_CHANNELS - 1) / BLOCK_CHANNELS;
}

// @ts-ignore: decorator
@inline
function constantsBytes<T>(): i32 {
  return isFloat<T>() ? LIMITS_BYTES : REQUANTIZE_CONSTANTS_BYTES;
}

/** A patch, up to the next multiple of 16 bytes, and as much again that copies may spoil. */
function patchBytes<T>(k: i64): i64 {
  return ((k * sizeof<T>() + 15) & ~15) + 16;
}

function panelBytes<T>(k: i64): i64 {
  return isFloat<T>() ? panelBytesFloat32(k) : panelBytesInt8(k);
}

/** Only after checkGeometry; may exceed 31 bits. */
export function panelsPreparedBytes<T>(step: usize): i64 {
  return constantsBytes<T>() + groupBlocks(step) * parameter(step, CONV_GROUPS) * blockBytes<T>(patchElements(step));
}

/** panel · 4 patches · 4 pixels */
export function panelsWorkspaceBytes<T>(step: usize): i64 {
  const k: i64 = patchElements(step);
  return panelBytes<T>(k) + ROWS * (patchBytes<T>(k) + PIXEL_BYTES);
}

/** `weights` [outC, K], plain. constants · per group: blocks of 8 channels (the layouts are drawn in microkernels/gemm-*-simd.ts) */
export function preparePanels<T>(step: usize, context: usize, prepared: usize, weights: usize): void {
  const k = patchElements(step);
  const groups = parameter(step, CONV_GROUPS);
  const outGroup = parameter(step, CONV_OUT_CHANNELS) / groups;
  if (isFloat<T>()) writeLimits(prepared, parameterF32(step, CONV_CLAMP_LOW_F32), parameterF32(step, CONV_CLAMP_HIGH_F32));
  else {
    writeRequantizeConstants(
      prepared, parameter(step, CONV_OUTPUT_ZERO_POINT), parameter(step, CONV_CLAMP_LOW), parameter(step, CONV_CLAMP_HIGH),
    );
  }
  let to = prepared + constantsBytes<T>();
  for (let g = 0; g < groups; g++) {
    for (let n = 0; n < outGroup; n += BLOCK_CHANNELS, to += <usize>blockBytes<T>(k)) {
      prepareBlock<T>(step, context, weights, g * outGroup + n, min(BLOCK_CHANNELS, outGroup - n), k, to);
    }
  }
}

function prepareBlock<T>(step: usize, context: usize, weights: usize, first: i32, channels: i32, k: i32, to: usize): void {
  memory.fill(to, 0, <usize>blockBytes<T>(k));
  const bias = operandAddress(step, context, 2) + (<usize>first << 2);
  let from = weights + <usize>(first * k) * sizeof<T>();
  for (let n = 0; n < channels; n++) {
    const lane = <usize>n << 2;
    if (isFloat<T>()) {
      // -0 + 0 = +0: from there no sum becomes -0, so that padding taps may be added or left out.
      store<f32>(to + lane, load<f32>(bias + lane) + 0);
      let w = to + lane + 32;
      for (let i = 0; i < k; i++, from += 4, w += 32) store<f32>(w, load<f32>(from));
    } else {
      store<i32>(to + lane, load<i32>(bias + lane));
      store<f32>(to + lane, load<f32>(operandAddress(step, context, 3) + (<usize>(first + n) << 2)), 32);
      const w = to + 64 + (<usize>n << 1);
      for (let i = 0; i < k; i++, from++) store<i8>(w + (<usize>(i >> 1) << 4) + (i & 1), load<i8>(from));
    }
  }
}

/** Copies the patch of one output pixel, padding with `fill`; `x` points to the first channel of the group. */
function gatherPatch<T>(step: usize, x: usize, hStart: i32, wStart: i32, groupChannels: i32, fill: i8, to: usize): void {
  const width = parameter(step, CONV_IN_WIDTH);
  const taps = parameter(step, CONV_KERNEL_WIDTH);
  const dilation = parameter(step, CONV_DILATION_WIDTH);
  const pixelBytes = <usize>parameter(step, CONV_IN_CHANNELS) * sizeof<T>();
  const tapBytes = <usize>groupChannels * sizeof<T>();
  const isRun = dilation == 1 && tapBytes == pixelBytes;
  const first = firstTap(wStart, dilation, taps);
  const end = max(first, endTap(wStart, dilation, taps, width));
  const height = parameter(step, CONV_IN_HEIGHT);
  const dilationHeight = parameter(step, CONV_DILATION_HEIGHT);
  let h = hStart;
  for (let kh = parameter(step, CONV_KERNEL_HEIGHT); kh > 0; kh--, h += dilationHeight) {
    if (h < 0 || h >= height || first == end) {
      fillRun(to, fill, tapBytes * taps);
      to += tapBytes * taps;
      continue;
    }
    if (first > 0) fillRun(to, fill, tapBytes * first);
    to += tapBytes * first;
    let from = x + <usize>(h * width + wStart + first * dilation) * pixelBytes;
    if (isRun) {
      copyRun(to, from, tapBytes * (end - first));
      to += tapBytes * (end - first);
    } else {
      for (let kw = first; kw < end; kw++, to += tapBytes, from += pixelBytes * dilation) copyRun(to, from, tapBytes);
    }
    if (end < taps) fillRun(to, fill, tapBytes * (taps - end));
    to += tapBytes * (taps - end);
  }
}

/** Address of the contiguous patch of a pixel: in the input where it already lies so, else gathered at `to`. */
export function patchAddress<T>(step: usize, pixel: usize, group: i32, to: usize): usize {
  const channels = parameter(step, CONV_IN_CHANNELS);
  const groupChannels = channels / parameter(step, CONV_GROUPS);
  const x = load<usize>(pixel) + <usize>(group * groupChannels) * sizeof<T>();
  const hStart = load<i32>(pixel, 4);
  const wStart = load<i32>(pixel, 8);
  const width = parameter(step, CONV_IN_WIDTH);
  const taps = parameter(step, CONV_KERNEL_WIDTH);
  const dilation = parameter(step, CONV_DILATION_WIDTH);
  if (
    parameter(step, CONV_KERNEL_HEIGHT) == 1 &&
    (taps == 1 || (dilation == 1 && groupChannels == channels)) &&
    isInside(hStart, 1, 1, parameter(step, CONV_IN_HEIGHT)) &&
    isInside(wStart, dilation, taps, width)
  ) {
    return x + <usize>((hStart * width + wStart) * channels) * sizeof<T>();
  }
  gatherPatch<T>(step, x, hStart, wStart, groupChannels, isFloat<T>() ? 0 : <i8>parameter(step, CONV_INPUT_ZERO_POINT), to);
  return to;
}

export function runPanels<T>(step: usize, context: usize, prepared: usize): void {
  const outHeight = parameter(step, CONV_OUT_HEIGHT);
  const outWidth = parameter(step, CONV_OUT_WIDTH);
  const outChannels = parameter(step, CONV_OUT_CHANNELS);
  const groups = parameter(step, CONV_GROUPS);
  const outGroup = outChannels / groups;
  const k = patchElements(step);
  const imageBytes = imageElements(step) * sizeof<T>();
  const rowBytes = <usize>outChannels * sizeof<T>();
  const groupBytes = <usize>(groupBlocks(step) * blockBytes<T>(k));
  const panel = workspace(context);
  const patches = panel + <usize>panelBytes<T>(k);
  const patchStride = <usize>patchBytes<T>(k);
  const pixels = patches + ROWS * patchStride;

  let image = operandAddress(step, context, 0);
  let y = operandAddress(step, context, isFloat<T>() ? 3 : 4);
  let oh = 0, ow = 0;
  const rows = parameter(step, CONV_BATCH) * outHeight * outWidth;
  for (let row = 0; row < rows; row += <i32>ROWS, y += ROWS * rowBytes) {
    const count = min(<i32>ROWS, rows - row);
    for (let i = 0; i < count; i++) {
      const pixel = pixels + <usize>i * PIXEL_BYTES;
      store<usize>(pixel, image);
      store<i32>(pixel, oh * parameter(step, CONV_STRIDE_HEIGHT) - parameter(step, CONV_PAD_TOP), 4);
      store<i32>(pixel, ow * parameter(step, CONV_STRIDE_WIDTH) - parameter(step, CONV_PAD_LEFT), 8);
      if (++ow == outWidth) {
        ow = 0;
        if (++oh == outHeight) {
          oh = 0;
          image += imageBytes;
        }
      }
    }
    const y1 = y + <usize>min(1, count - 1) * rowBytes;
    const y2 = y + <usize>min(2, count - 1) * rowBytes;
    const y3 = y + <usize>(count - 1) * rowBytes;
    let block = prepared + constantsBytes<T>();
    for (let g = 0; g < groups; g++, block += groupBytes) {
      const offset = <usize>(g * outGroup) * sizeof<T>();
      const x0 = patchAddress<T>(step, pixels, g, patches);
      if (count == 1) {
        if (isFloat<T>()) gemmRow1Float32(x0, k, block, outGroup, prepared, y + offset);
        else {
          packPanel1(x0, k, panel);
          gemmRow1(panel, k, block, outGroup, prepared, y + offset);
        }
        continue;
      }
      const x1 = patchAddress<T>(step, pixels + PIXEL_BYTES, g, patches + patchStride);
      const x2 = count > 2 ? patchAddress<T>(step, pixels + 2 * PIXEL_BYTES, g, patches + 2 * patchStride) : x1;
      const x3 = count > 3 ? patchAddress<T>(step, pixels + 3 * PIXEL_BYTES, g, patches + 3 * patchStride) : x2;
      if (isFloat<T>()) {
        packPanel4Float32(x0, x1, x2, x3, k, panel);
        gemmRows4Float32(panel, k, block, outGroup, prepared, y + offset, y1 + offset, y2 + offset, y3 + offset);
      } else {
        packPanel4(x0, x1, x2, x3, k, panel);
        gemmRows4(panel, k, block, outGroup, prepared, y + offset, y1 + offset, y2 + offset, y3 + offset);
      }
    }
  }
}
