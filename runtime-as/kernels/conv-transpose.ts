/** CONV_TRANSPOSE_FLOAT32: gathers every output pixel from the taps whose input pixel exists. */
import {
  CONV_BATCH,
  CONV_CLAMP_HIGH_F32,
  CONV_CLAMP_LOW_F32,
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
  CONV_PAD_LEFT,
  CONV_PAD_TOP,
  CONV_STRIDE_HEIGHT,
  CONV_STRIDE_WIDTH,
  DTYPE_FLOAT32,
} from "../format";
import { accumulateColumnsSimd } from "../microkernels/accumulate-columns-simd";
import { operandAddress, parameter, parameterF32 } from "../step";
import { SIMD } from "../variant";
import { checkGeometry } from "./geometry";

export function checkConvTransposeFloat32(step: usize, context: usize): bool {
  return checkGeometry(step, context, DTYPE_FLOAT32);
}

/** The input position that tap `tap` brings to an output position; -1 when there is none. */
function sourceOf(position: i32, tap: i32, stride: i32, dilation: i32, pad: i32, extent: i32): i32 {
  const distance = position + pad - tap * dilation;
  if (distance < 0 || distance % stride != 0) return -1;
  const source = distance / stride;
  return source < extent ? source : -1;
}

export function runConvTransposeFloat32(step: usize, context: usize, prepared: usize): void {
  const height = parameter(step, CONV_IN_HEIGHT);
  const width = parameter(step, CONV_IN_WIDTH);
  const pixelBytes = <usize>parameter(step, CONV_IN_CHANNELS) << 2;
  const outHeight = parameter(step, CONV_OUT_HEIGHT);
  const outWidth = parameter(step, CONV_OUT_WIDTH);
  const outBytes = <usize>parameter(step, CONV_OUT_CHANNELS) << 2;
  const low = parameterF32(step, CONV_CLAMP_LOW_F32);
  const high = parameterF32(step, CONV_CLAMP_HIGH_F32);
  const bias = operandAddress(step, context, 2);
  const batch = parameter(step, CONV_BATCH);
  let x = operandAddress(step, context, 0);
  let y = operandAddress(step, context, 3);
  for (let n = 0; n < batch; n++, x += <usize>(height * width) * pixelBytes) {
    for (let oh = 0; oh < outHeight; oh++) {
      for (let ow = 0; ow < outWidth; ow++, y += outBytes) {
        memory.copy(y, bias, outBytes);
        addTaps(step, context, x, y, oh, ow);
        for (let c = y; c < y + outBytes; c += 4) store<f32>(c, min<f32>(max<f32>(load<f32>(c), low), high));
      }
    }
  }
}

/** Adds all taps of one output pixel, row by row of the kernel. */
function addTaps(step: usize, context: usize, x: usize, y: usize, oh: i32, ow: i32): void {
  const kernelHeight = parameter(step, CONV_KERNEL_HEIGHT);
  const kernelWidth = parameter(step, CONV_KERNEL_WIDTH);
  const strideHeight = parameter(step, CONV_STRIDE_HEIGHT);
  const strideWidth = parameter(step, CONV_STRIDE_WIDTH);
  const height = parameter(step, CONV_IN_HEIGHT);
  const width = parameter(step, CONV_IN_WIDTH);
  const channels = parameter(step, CONV_IN_CHANNELS);
  const outChannels = parameter(step, CONV_OUT_CHANNELS);
  const groups = parameter(step, CONV_GROUPS);
  const inGroup = channels / groups;
  const outGroup = outChannels / groups;
  let weights = operandAddress(step, context, 1);
  const tapBytes = <usize>(inGroup * outChannels) << 2;
  for (let kh = 0; kh < kernelHeight; kh++) {
    const h = sourceOf(oh, kh, strideHeight, parameter(step, CONV_DILATION_HEIGHT), parameter(step, CONV_PAD_TOP), height);
    for (let kw = 0; kw < kernelWidth; kw++, weights += tapBytes) {
      if (h < 0) continue;
      const w = sourceOf(ow, kw, strideWidth, parameter(step, CONV_DILATION_WIDTH), parameter(step, CONV_PAD_LEFT), width);
      if (w < 0) continue;
      const from = x + ((<usize>(h * width + w) * channels) << 2);
      for (let g = 0; g < groups; g++) {
        const first = <usize>(g * outGroup) << 2;
        accumulateColumns(y + first, from + (<usize>(g * inGroup) << 2), weights + first, inGroup, outGroup, <usize>outChannels << 2);
      }
    }
  }
}

/** y[c] += Σ x[k] · w[k, c], product after product; rows of w lie `rowBytes` apart. */
function accumulateColumns(y: usize, x: usize, w: usize, k: i32, columns: i32, rowBytes: usize): void {
  let c = 0;
  if (SIMD) c = accumulateColumnsSimd(y, x, w, k, columns, rowBytes);
  for (; c < columns; c++) {
    const offset = <usize>c << 2;
    let sum = load<f32>(y + offset);
    let from = x;
    let tap = w + offset;
    for (const end = x + (<usize>k << 2); from < end; from += 4, tap += rowBytes) sum += load<f32>(from) * load<f32>(tap);
    store<f32>(y + offset, sum);
  }
}
