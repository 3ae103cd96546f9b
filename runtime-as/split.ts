/**
 * How a step can be divided among threads: into units, of which a part (narrow-step.ts) takes a range. What a unit is
 * depends on the operator; operators that are not listed here run as a whole.
 */
import {
  BROADCAST_DIMENSIONS,
  BROADCAST_RANK,
  CONV_BATCH,
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
  COPY_DIMENSIONS,
  COPY_RANK,
  DTYPE_INT8,
  MATMUL_BATCH,
  MATMUL_K,
  MATMUL_M,
  MATMUL_N,
  OPCODE_ADD_INT8,
  OPCODE_ARGMAX_FLOAT32,
  OPCODE_ARGMAX_INT8,
  OPCODE_AVERAGE_POOL_FLOAT32,
  OPCODE_AVERAGE_POOL_INT8,
  OPCODE_BINARY_FLOAT32,
  OPCODE_CAST,
  OPCODE_CONCAT,
  OPCODE_CONV2D_BITMAP_INT8,
  OPCODE_CONV2D_BLOCK16X4_INT8,
  OPCODE_CONV2D_BLOCK1X16_INT8,
  OPCODE_CONV2D_CODEBOOK_INT8,
  OPCODE_CONV2D_CSR16_INT8,
  OPCODE_CONV2D_CSR8_INT8,
  OPCODE_CONV2D_FLOAT32,
  OPCODE_CONV2D_INT8,
  OPCODE_CONV2D_NIBBLES_INT8,
  OPCODE_COPY,
  OPCODE_DEPTHWISE_FLOAT32,
  OPCODE_DEPTHWISE_INT8,
  OPCODE_DEQUANTIZE,
  OPCODE_GATHER,
  OPCODE_INSTANCE_NORM_FLOAT32,
  OPCODE_LAYER_NORM_FLOAT32,
  OPCODE_LRN_FLOAT32,
  OPCODE_MATMUL_FLOAT32,
  OPCODE_MATMUL_INT8,
  OPCODE_MAX_POOL_FLOAT32,
  OPCODE_MAX_POOL_INT8,
  OPCODE_MUL_INT8,
  OPCODE_PRELU_INT8,
  OPCODE_QUANTIZE,
  OPCODE_REDUCE_EXTREME_FLOAT32,
  OPCODE_REDUCE_EXTREME_INT8,
  OPCODE_REDUCE_FLOAT32,
  OPCODE_REDUCE_INT8,
  OPCODE_RESIZE_LINEAR_FLOAT32,
  OPCODE_RESIZE_LINEAR_INT8,
  OPCODE_RESIZE_NEAREST,
  OPCODE_SOFTMAX_FLOAT32,
  OPCODE_SOFTMAX_INT8,
  OPCODE_TABLE_INT8,
  OPCODE_UNARY_FLOAT32,
  POOL_BATCH,
  POOL_KERNEL_HEIGHT,
  POOL_KERNEL_WIDTH,
  POOL_OUT_HEIGHT,
  RESIZE_BATCH,
  RESIZE_OUT_HEIGHT,
} from "./format";
import { opcodeOf, operandBytes, operandCount, operandDtype, parameter } from "./step";

/** Rows of the output; the input stays whole, and its padding moves. */
export const ROWS: i32 = 1;
/** Entries of a parameter that divides input and output alike: images, outer dimensions. */
export const ENTRIES: i32 = 2;
/** Fours of pixels, where a convolution sees every pixel alone: what its kernels compute at a time. */
export const PIXELS: i32 = 3;
/** Eights of channels of a single pixel: what its kernels compute at a time. Weights are prepared for every part. */
export const CHANNELS: i32 = 4;
/** Blocks of the elements of operands without a shape. */
export const ELEMENTS: i32 = 5;
export const MATRICES: i32 = 6;
/** Entries of the outermost dimension of operands with strides. */
export const BROADCAST: i32 = 7;
export const COPIES: i32 = 8;

/** A multiple of every vector length, so that parts begin where vectors of the whole step began. */
const BLOCK_ELEMENTS: i32 = 64;

/** Whether the convolution sees every pixel alone. */
function isPointwise(step: usize): bool {
  return (
    parameter(step, CONV_KERNEL_HEIGHT) == 1 && parameter(step, CONV_KERNEL_WIDTH) == 1 &&
    parameter(step, CONV_STRIDE_HEIGHT) == 1 && parameter(step, CONV_STRIDE_WIDTH) == 1 &&
    parameter(step, CONV_PAD_TOP) == 0 && parameter(step, CONV_PAD_LEFT) == 0 &&
    parameter(step, CONV_IN_HEIGHT) == parameter(step, CONV_OUT_HEIGHT) &&
    parameter(step, CONV_IN_WIDTH) == parameter(step, CONV_OUT_WIDTH)
  );
}

function outputPixels(step: usize): i32 {
  return parameter(step, CONV_BATCH) * parameter(step, CONV_OUT_HEIGHT) * parameter(step, CONV_OUT_WIDTH);
}

/** How a convolution of more than one pixel is divided. */
function pixelsKind(step: usize): i32 {
  if (isPointwise(step)) return PIXELS;
  return parameter(step, CONV_BATCH) == 1 ? ROWS : ENTRIES;
}

function isConvolution(step: usize): bool {
  const opcode = opcodeOf(step);
  return (
    (opcode >= OPCODE_CONV2D_INT8 && opcode <= OPCODE_DEPTHWISE_FLOAT32) ||
    (opcode >= OPCODE_CONV2D_CSR16_INT8 && opcode <= OPCODE_CONV2D_CODEBOOK_INT8)
  );
}

export function kindOf(step: usize): i32 {
  switch (opcodeOf(step)) {
    case OPCODE_CONV2D_INT8:
    case OPCODE_CONV2D_FLOAT32:
      if (outputPixels(step) == 1) return parameter(step, CONV_GROUPS) == 1 ? CHANNELS : 0;
      return pixelsKind(step);
    case OPCODE_CONV2D_CSR16_INT8:
    case OPCODE_CONV2D_CSR8_INT8:
    case OPCODE_CONV2D_BITMAP_INT8:
    case OPCODE_CONV2D_BLOCK1X16_INT8:
    case OPCODE_CONV2D_BLOCK16X4_INT8:
    case OPCODE_CONV2D_NIBBLES_INT8:
    case OPCODE_CONV2D_CODEBOOK_INT8:
      return outputPixels(step) == 1 ? 0 : pixelsKind(step);
    case OPCODE_DEPTHWISE_INT8:
    case OPCODE_DEPTHWISE_FLOAT32:
    case OPCODE_MAX_POOL_INT8:
    case OPCODE_MAX_POOL_FLOAT32:
    case OPCODE_AVERAGE_POOL_INT8:
    case OPCODE_AVERAGE_POOL_FLOAT32:
    case OPCODE_RESIZE_NEAREST:
    case OPCODE_RESIZE_LINEAR_INT8:
    case OPCODE_RESIZE_LINEAR_FLOAT32:
      // CONV_BATCH, POOL_BATCH and RESIZE_BATCH are the first parameter.
      return parameter(step, CONV_BATCH) == 1 ? ROWS : ENTRIES;
    case OPCODE_REDUCE_EXTREME_INT8:
    case OPCODE_REDUCE_EXTREME_FLOAT32:
    case OPCODE_REDUCE_INT8:
    case OPCODE_REDUCE_FLOAT32:
    case OPCODE_SOFTMAX_INT8:
    case OPCODE_SOFTMAX_FLOAT32:
    case OPCODE_ARGMAX_INT8:
    case OPCODE_ARGMAX_FLOAT32:
    case OPCODE_LAYER_NORM_FLOAT32:
    case OPCODE_INSTANCE_NORM_FLOAT32:
    case OPCODE_LRN_FLOAT32:
    case OPCODE_CONCAT:
    case OPCODE_GATHER:
      return ENTRIES;
    case OPCODE_TABLE_INT8:
    case OPCODE_UNARY_FLOAT32:
    case OPCODE_QUANTIZE:
    case OPCODE_DEQUANTIZE:
    case OPCODE_CAST:
      return ELEMENTS;
    case OPCODE_MATMUL_INT8:
    case OPCODE_MATMUL_FLOAT32:
      return MATRICES;
    case OPCODE_ADD_INT8:
    case OPCODE_MUL_INT8:
    case OPCODE_PRELU_INT8:
    case OPCODE_BINARY_FLOAT32:
      return BROADCAST;
    case OPCODE_COPY:
      return COPIES;
  }
  return 0;
}

/** First of `count` extents that is not 1, else the last. */
export function outermost(step: usize, first: i32, count: i32): i32 {
  for (let i = 0; i < count; i++) if (parameter(step, first + i) > 1) return i;
  return count - 1;
}

export function elementBytes(step: usize, context: usize, operand: i32): i32 {
  return operandDtype(step, context, operand) == DTYPE_INT8 ? 1 : 4;
}

export function isPool(step: usize): bool {
  const opcode = opcodeOf(step);
  return (
    opcode == OPCODE_MAX_POOL_INT8 || opcode == OPCODE_MAX_POOL_FLOAT32 ||
    opcode == OPCODE_AVERAGE_POOL_INT8 || opcode == OPCODE_AVERAGE_POOL_FLOAT32
  );
}

export function isResize(step: usize): bool {
  const opcode = opcodeOf(step);
  return opcode == OPCODE_RESIZE_NEAREST || opcode == OPCODE_RESIZE_LINEAR_INT8 || opcode == OPCODE_RESIZE_LINEAR_FLOAT32;
}

export function outHeightParameter(step: usize): i32 {
  if (isPool(step)) return POOL_OUT_HEIGHT;
  return isResize(step) ? RESIZE_OUT_HEIGHT : CONV_OUT_HEIGHT;
}

/** What is divided. */
export function entries(step: usize, context: usize): i32 {
  switch (kindOf(step)) {
    case ROWS: return parameter(step, outHeightParameter(step));
    case ENTRIES: return parameter(step, 0);
    case PIXELS: return outputPixels(step);
    case CHANNELS: return parameter(step, CONV_OUT_CHANNELS);
    case ELEMENTS: {
      const y = operandCount(step) - 1;
      return operandBytes(step, context, y) / elementBytes(step, context, y);
    }
    case MATRICES: return parameter(step, parameter(step, MATMUL_BATCH) > 1 ? MATMUL_BATCH : MATMUL_M);
    case BROADCAST: return parameter(step, BROADCAST_DIMENSIONS + outermost(step, BROADCAST_DIMENSIONS, BROADCAST_RANK));
    case COPIES: return parameter(step, COPY_DIMENSIONS + outermost(step, COPY_DIMENSIONS, COPY_RANK));
  }
  return 0;
}

/** How many of these make a unit; what is left over belongs to the last one. */
export function unitEntries(step: usize, context: usize): i32 {
  switch (kindOf(step)) {
    // Weights are prepared for one pixel or for many: no part of many may be one.
    case ROWS:
    case ENTRIES: return isConvolution(step) && outputPixels(step) == entries(step, context) ? 2 : 1;
    case PIXELS: return 4;
    case CHANNELS: return 8;
    case ELEMENTS: return BLOCK_ELEMENTS;
    case BROADCAST: return outermost(step, BROADCAST_DIMENSIONS, BROADCAST_RANK) == BROADCAST_RANK - 1 ? BLOCK_ELEMENTS : 1;
  }
  return 1;
}

/** In how many parts the step can be divided at most; 0 or 1: not at all. */
export function splitUnits(step: usize, context: usize): i32 {
  return kindOf(step) == 0 ? 0 : entries(step, context) / unitEntries(step, context);
}

/** Whether every part needs prepared weights of its own. */
export function hasOwnWeights(step: usize): bool {
  return kindOf(step) == CHANNELS;
}

/** An estimate of the time that the step takes, in units of about a tenth of a nanosecond. */
export function splitWork(step: usize, context: usize): i64 {
  let work: i64 = 0;
  for (let i = 0; i < operandCount(step); i++) work += <u32>operandBytes(step, context, i);
  if (isConvolution(step)) {
    const taps = parameter(step, CONV_KERNEL_HEIGHT) * parameter(step, CONV_KERNEL_WIDTH);
    const depth = parameter(step, CONV_IN_CHANNELS) / parameter(step, CONV_GROUPS) * taps;
    return work + <i64>outputPixels(step) * parameter(step, CONV_OUT_CHANNELS) * depth / 2;
  }
  switch (opcodeOf(step)) {
    case OPCODE_MATMUL_INT8:
    case OPCODE_MATMUL_FLOAT32:
      return work + <i64>parameter(step, MATMUL_BATCH) * parameter(step, MATMUL_M) * parameter(step, MATMUL_K) * parameter(step, MATMUL_N) / 2;
    case OPCODE_MAX_POOL_INT8:
    case OPCODE_MAX_POOL_FLOAT32:
    case OPCODE_AVERAGE_POOL_INT8:
    case OPCODE_AVERAGE_POOL_FLOAT32:
      return work * parameter(step, POOL_KERNEL_HEIGHT) * parameter(step, POOL_KERNEL_WIDTH) / 2;
  }
  return work;
}
