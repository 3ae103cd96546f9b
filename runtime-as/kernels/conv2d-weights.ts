/**
 * The weights of convolution as a blocked matrix product (conv2d-panels.ts), repacked once: constants, then blocks of 8 output
 * channels, one group after the other. T is the element type; an int8 layer has one form of its dot products.
 */
import {
  CONV_BATCH,
  CONV_CLAMP_HIGH,
  CONV_CLAMP_HIGH_F32,
  CONV_CLAMP_LOW,
  CONV_CLAMP_LOW_F32,
  CONV_GROUPS,
  CONV_IN_CHANNELS,
  CONV_OUTPUT_ZERO_POINT,
  CONV_OUT_CHANNELS,
  CONV_OUT_HEIGHT,
  CONV_OUT_WIDTH,
  ENGINE_KNOWN,
  ENGINE_SIGNED,
  TENSOR_FITS_QUADS,
  TENSOR_FITS_WINOGRAD,
  TENSOR_FITS_WINOGRAD_BEST,
  WINOGRAD_SCALE,
} from "../format";
import { blockBytesFloat32, LIMITS_BYTES, packBlockFloat32, writeLimits } from "../microkernels/gemm-float32-simd";
import { depthStep, depthSteps, DOT_CONSTANTS_BYTES, FORM_FOURS, FORM_PAIRS, FORM_QUADS, FORM_WINOGRAD, isPairs, isWinograd, writeDotConstants } from "../microkernels/dot-simd";
import { BLOCK_HEADER_BYTES, BLOCK_STEP_BYTES, packWeights } from "../microkernels/gemm-int8-simd";
import { flipOf, formOf } from "../microkernels/relaxed-simd";
import { REQUANTIZE_CONSTANTS_BYTES, writeRequantizeConstants } from "../microkernels/requantize";
import { packRowWeights, ROW_CHANNELS, ROW_HEADER_BYTES, ROW_STEP_BYTES } from "../microkernels/row-int8-simd";
import { PACK_SCRATCH_BYTES, packWeightsWinograd, winogradBlockBytes } from "../microkernels/winograd-simd";
import { engine, operandAddress, parameterF32, promises, workspace } from "../step";
import { PAIRS, QUADS, RELAXED, ROWS, WINOGRAD } from "../variant";
import { isInBlocks } from "./conv2d-lines";
import { convParameter as parameter, patchElements } from "./geometry";

const BLOCK_CHANNELS: i32 = 8;

/** What packing weights may write at the start of the workspace. */
export const PACKING_BYTES: i32 = WINOGRAD ? PACK_SCRATCH_BYTES : 0;

/** Rows of the matrix product. */
export function pixels(step: usize): i32 {
  return parameter(step, CONV_BATCH) * parameter(step, CONV_OUT_HEIGHT) * parameter(step, CONV_OUT_WIDTH);
}

/** Whether the build has a form for an int8 layer on this engine. */
export function hasForm(step: usize, context: usize): bool {
  return PAIRS || ((engine(context) & ENGINE_KNOWN) != 0 && (promises(step, context, 1) & TENSOR_FITS_QUADS) != 0);
}

/** The form in which an int8 layer runs directly here. */
function directForm(step: usize, context: usize): i32 {
  if (!RELAXED) return FORM_PAIRS;
  return formOf(engine(context), promises(step, context, 1));
}

/**
 * The form of an int8 layer here, after hasForm. In fours of signed bytes a layer stays: where one instruction makes 16 products (SDOT),
 * transforming takes what fewer products save, and others cannot be told from it.
 */
export function convolutionForm(step: usize, context: usize): i32 {
  const form = directForm(step, context);
  if (!WINOGRAD) return form;
  let promise = TENSOR_FITS_WINOGRAD;
  if (form == FORM_FOURS) promise = engine(context) & ENGINE_SIGNED ? 0 : TENSOR_FITS_WINOGRAD_BEST;
  return promises(step, context, 1) & promise ? FORM_WINOGRAD : form;
}

/** Whether a layer has the blocks of microkernels/row-int8-simd.ts. */
// @ts-ignore: decorator
@inline
function isRow<T>(step: usize, form: i32): bool {
  return ROWS && !isFloat<T>() && isPairs(form) && !isWinograd(form) && pixels(step) == 1;
}

/** Output channels of a block. */
function blockChannels<T>(step: usize, form: i32): i32 {
  return isRow<T>(step, form) ? ROW_CHANNELS : BLOCK_CHANNELS;
}

export function blockBytes<T>(step: usize, form: i32): i64 {
  const k: i64 = patchElements(step);
  if (isFloat<T>()) return blockBytesFloat32(k);
  if (isWinograd(form)) return BLOCK_HEADER_BYTES + winogradBlockBytes(parameter(step, CONV_IN_CHANNELS));
  if (isRow<T>(step, form)) return <i64>ROW_HEADER_BYTES + ((k + 3) >> 2) * ROW_STEP_BYTES;
  return BLOCK_HEADER_BYTES + <i64>depthSteps(form, <i32>k) * BLOCK_STEP_BYTES;
}

/** Blocks of one group. */
export function groupBlocks<T>(step: usize, form: i32): i64 {
  const channels = blockChannels<T>(step, form);
  return (parameter(step, CONV_OUT_CHANNELS) / parameter(step, CONV_GROUPS) + channels - 1) / channels;
}

// @ts-ignore: decorator
@inline
export function constantsBytes<T>(): i32 {
  if (isFloat<T>()) return LIMITS_BYTES;
  return REQUANTIZE_CONSTANTS_BYTES + (isInBlocks<T>() ? 0 : DOT_CONSTANTS_BYTES);
}

/** Only after checkGeometry; may exceed 31 bits. */
export function panelsPreparedBytes<T>(step: usize, form: i32): i64 {
  return constantsBytes<T>() + groupBlocks<T>(step, form) * parameter(step, CONV_GROUPS) * blockBytes<T>(step, form);
}

/** The same for the form that takes most. */
export function panelsLargestBytes(step: usize): i64 {
  if (!RELAXED) return panelsPreparedBytes<i8>(step, FORM_PAIRS);
  const quads = panelsPreparedBytes<i8>(step, FORM_QUADS);
  return PAIRS ? max(quads, panelsPreparedBytes<i8>(step, FORM_PAIRS)) : quads;
}

/**
 * `weights` [outC, K], plain. constants · per group: blocks of 8 or 16 channels (drawn in microkernels/gemm-*-simd.ts, row-int8-simd.ts, winograd-simd.ts).
 */
export function preparePanels<T>(step: usize, context: usize, prepared: usize, weights: usize, form: i32 = FORM_PAIRS): void {
  const groups = parameter(step, CONV_GROUPS);
  const outGroup = parameter(step, CONV_OUT_CHANNELS) / groups;
  const flip = isFloat<T>() || isPairs(form) || isWinograd(form) ? 0 : flipOf(engine(context));
  if (isFloat<T>()) writeLimits(prepared, parameterF32(step, CONV_CLAMP_LOW_F32), parameterF32(step, CONV_CLAMP_HIGH_F32));
  else {
    writeRequantizeConstants(
      prepared, parameter(step, CONV_OUTPUT_ZERO_POINT), parameter(step, CONV_CLAMP_LOW), parameter(step, CONV_CLAMP_HIGH),
    );
    writeDotConstants(prepared + REQUANTIZE_CONSTANTS_BYTES, form, flip);
  }
  let to = prepared + constantsBytes<T>();
  const bytes = <usize>blockBytes<T>(step, form);
  const width = blockChannels<T>(step, form);
  for (let g = 0; g < groups; g++) {
    for (let n = 0; n < outGroup; n += width, to += bytes) {
      const channels = min(width, outGroup - n);
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
  const bias = operandAddress(step, context, 2) + (<usize>first << 2);
  const multipliers = operandAddress(step, context, 3) + (<usize>first << 2);
  let from = weights + <usize>(first * k);
  for (let n = 0; n < channels; n++, from += k) {
    const lane = <usize>n << 2;
    if (isRow<i8>(step, form)) {
      store<i32>(to + lane, load<i32>(bias + lane) + packRowWeights(from, k, to + ROW_HEADER_BYTES + lane));
      store<f32>(to + lane, load<f32>(multipliers + lane), 64);
      continue;
    }
    if (isWinograd(form)) {
      store<i32>(to + lane, load<i32>(bias + lane) * WINOGRAD_SCALE);
      store<f32>(to + lane, load<f32>(multipliers + lane) / <f32>WINOGRAD_SCALE, 32);
      packWeightsWinograd(from, parameter(step, CONV_IN_CHANNELS), to + BLOCK_HEADER_BYTES + lane, workspace(context));
      continue;
    }
    const sum = packWeights(from, k, depthSteps(form, k) * depth - k, to + BLOCK_HEADER_BYTES + lane, depth);
    store<i32>(to + lane, load<i32>(bias + lane) - flip * sum);
    store<f32>(to + lane, load<f32>(multipliers + lane), 32);
  }
}
