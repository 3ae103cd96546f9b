/**
 * The one list of opcodes: what checks, prepares and runs each of them. A build keeps only the kernels its model
 * needs (variant.ts), so an opcode that is not included is refused by `checkStep`.
 */
import { OPCODE_CONV2D_INT8, OPCODE_CONV2D_FLOAT32, OPCODE_DEPTHWISE_INT8, OPCODE_DEPTHWISE_FLOAT32, OPCODE_CONV_TRANSPOSE_FLOAT32, OPCODE_MATMUL_INT8, OPCODE_MATMUL_FLOAT32, OPCODE_TABLE_INT8, OPCODE_UNARY_FLOAT32, OPCODE_ADD_INT8, OPCODE_MUL_INT8, OPCODE_BINARY_FLOAT32, OPCODE_PRELU_INT8, OPCODE_MAX_POOL_INT8, OPCODE_MAX_POOL_FLOAT32, OPCODE_AVERAGE_POOL_INT8, OPCODE_AVERAGE_POOL_FLOAT32, OPCODE_REDUCE_INT8, OPCODE_REDUCE_FLOAT32, OPCODE_SOFTMAX_INT8, OPCODE_SOFTMAX_FLOAT32, OPCODE_LAYER_NORM_FLOAT32, OPCODE_INSTANCE_NORM_FLOAT32, OPCODE_LRN_FLOAT32, OPCODE_COPY, OPCODE_CONCAT, OPCODE_PAD, OPCODE_RESIZE_NEAREST, OPCODE_RESIZE_LINEAR_INT8, OPCODE_RESIZE_LINEAR_FLOAT32, OPCODE_GATHER, OPCODE_ARGMAX_INT8, OPCODE_ARGMAX_FLOAT32, OPCODE_QUANTIZE, OPCODE_DEQUANTIZE, OPCODE_CAST, OPCODE_CONV2D_CSR16_INT8, OPCODE_CONV2D_CSR8_INT8, OPCODE_CONV2D_BITMAP_INT8, OPCODE_CONV2D_BLOCK1X16_INT8, OPCODE_CONV2D_BLOCK16X4_INT8, OPCODE_CONV2D_NIBBLES_INT8, OPCODE_CONV2D_CODEBOOK_INT8, OPCODE_CONV2D_FLOAT16, OPCODE_DEPTHWISE_FLOAT16, OPCODE_CONV2D_DYNAMIC, OPCODE_CONV2D_INT16, OPCODE_QUANTIZE_INT16, OPCODE_DEQUANTIZE_INT16, OPCODE_REDUCE_EXTREME_INT8, OPCODE_REDUCE_EXTREME_FLOAT32 } from "./format";
import { checkConv2dInt8, prepareConv2dInt8, preparedBytesConv2dInt8, replacedOperandsConv2dInt8, runConv2dInt8, workspaceBytesConv2dInt8 } from "./kernels/conv2d-int8";
import { checkConv2dFloat32, prepareConv2dFloat32, preparedBytesConv2dFloat32, replacedOperandsConv2dFloat32, runConv2dFloat32, workspaceBytesConv2dFloat32 } from "./kernels/conv2d-float32";
import { checkDepthwiseInt8, prepareDepthwiseInt8, preparedBytesDepthwiseInt8, replacedOperandsDepthwiseInt8, runDepthwiseInt8, workspaceBytesDepthwiseInt8 } from "./kernels/depthwise-int8";
import { checkDepthwiseFloat32, runDepthwiseFloat32 } from "./kernels/depthwise-float32";
import { checkConvTransposeFloat32, runConvTransposeFloat32 } from "./kernels/conv-transpose";
import { checkMatmulFloat32, checkMatmulInt8, runMatmulFloat32, runMatmulInt8, workspaceBytesMatmulFloat32, workspaceBytesMatmulInt8 } from "./kernels/matmul";
import { checkTableInt8, runTableInt8 } from "./kernels/table";
import { checkUnaryFloat32, runUnaryFloat32 } from "./kernels/unary";
import { checkAddInt8, runAddInt8 } from "./kernels/add";
import { checkMulInt8, runMulInt8 } from "./kernels/mul";
import { checkBinaryFloat32, runBinaryFloat32 } from "./kernels/binary";
import { checkPreluInt8, runPreluInt8 } from "./kernels/prelu";
import { checkMaxPoolFloat32, checkMaxPoolInt8, runMaxPoolFloat32, runMaxPoolInt8 } from "./kernels/max-pool";
import { checkAveragePoolFloat32, checkAveragePoolInt8, runAveragePoolFloat32, runAveragePoolInt8 } from "./kernels/average-pool";
import { checkReduceFloat32, checkReduceInt8, runReduceFloat32, runReduceInt8 } from "./kernels/reduce";
import { checkReduceExtremeFloat32, checkReduceExtremeInt8, runReduceExtremeFloat32, runReduceExtremeInt8 } from "./kernels/reduce-extreme";
import { checkSoftmaxFloat32, checkSoftmaxInt8, runSoftmaxFloat32, runSoftmaxInt8 } from "./kernels/softmax";
import { checkLayerNormFloat32, runLayerNormFloat32 } from "./kernels/layer-norm";
import { checkInstanceNormFloat32, runInstanceNormFloat32 } from "./kernels/instance-norm";
import { checkLrnFloat32, runLrnFloat32 } from "./kernels/lrn";
import { checkCopy, runCopy } from "./kernels/copy";
import { checkConcat, runConcat } from "./kernels/concat";
import { checkPad, runPad } from "./kernels/pad";
import { checkResizeNearest, runResizeNearest } from "./kernels/resize-nearest";
import { checkResizeLinearFloat32, checkResizeLinearInt8, runResizeLinearFloat32, runResizeLinearInt8 } from "./kernels/resize-linear";
import { checkGather, runGather } from "./kernels/gather";
import { checkArgmaxFloat32, checkArgmaxInt8, runArgmaxFloat32, runArgmaxInt8 } from "./kernels/argmax";
import { checkQuantize, runQuantize } from "./kernels/quantize";
import { checkDequantize, runDequantize } from "./kernels/dequantize";
import { checkCast, runCast } from "./kernels/cast";
import { checkConv2dCsr16Int8, runConv2dCsr16Int8, checkConv2dCsr8Int8, runConv2dCsr8Int8, checkConv2dBitmapInt8, runConv2dBitmapInt8, checkConv2dBlock1x16Int8, runConv2dBlock1x16Int8, checkConv2dBlock16x4Int8, runConv2dBlock16x4Int8, checkConv2dNibblesInt8, runConv2dNibblesInt8, checkConv2dCodebookInt8, runConv2dCodebookInt8, prepareEncoded, preparedBytesEncoded, replacedOperandsEncoded, workspaceBytesEncoded } from "./kernels/encoded-conv2d";
import { checkConv2dFloat16, prepareConv2dFloat16, preparedBytesConv2dFloat16, replacedOperandsConv2dFloat16, runConv2dFloat16, workspaceBytesConv2dFloat16 } from "./kernels/conv2d-float16";
import { checkDepthwiseFloat16, prepareDepthwiseFloat16, preparedBytesDepthwiseFloat16, replacedOperandsDepthwiseFloat16, runDepthwiseFloat16 } from "./kernels/depthwise-float16";
import { checkConv2dDynamic, runConv2dDynamic, workspaceBytesConv2dDynamic } from "./kernels/conv2d-dynamic";
import { checkConv2dInt16, runConv2dInt16, workspaceBytesConv2dInt16 } from "./kernels/conv2d-int16";
import { checkDequantizeInt16, checkQuantizeInt16, runDequantizeInt16, runQuantizeInt16 } from "./kernels/quantize-int16";
import { NO_KERNEL } from "./check";
import { opcodeOf } from "./step";
import { HAS_CONV2D_INT8, HAS_CONV2D_FLOAT32, HAS_DEPTHWISE_INT8, HAS_DEPTHWISE_FLOAT32, HAS_CONV_TRANSPOSE_FLOAT32, HAS_MATMUL_INT8, HAS_MATMUL_FLOAT32, HAS_TABLE_INT8, HAS_UNARY_FLOAT32, HAS_ADD_INT8, HAS_MUL_INT8, HAS_BINARY_FLOAT32, HAS_PRELU_INT8, HAS_MAX_POOL_INT8, HAS_MAX_POOL_FLOAT32, HAS_AVERAGE_POOL_INT8, HAS_AVERAGE_POOL_FLOAT32, HAS_REDUCE_INT8, HAS_REDUCE_FLOAT32, HAS_SOFTMAX_INT8, HAS_SOFTMAX_FLOAT32, HAS_LAYER_NORM_FLOAT32, HAS_INSTANCE_NORM_FLOAT32, HAS_LRN_FLOAT32, HAS_COPY, HAS_CONCAT, HAS_PAD, HAS_RESIZE_NEAREST, HAS_RESIZE_LINEAR_INT8, HAS_RESIZE_LINEAR_FLOAT32, HAS_GATHER, HAS_ARGMAX_INT8, HAS_ARGMAX_FLOAT32, HAS_QUANTIZE, HAS_DEQUANTIZE, HAS_CAST, HAS_ENCODED, HAS_CONV2D_CSR16_INT8, HAS_CONV2D_CSR8_INT8, HAS_CONV2D_BITMAP_INT8, HAS_CONV2D_BLOCK1X16_INT8, HAS_CONV2D_BLOCK16X4_INT8, HAS_CONV2D_NIBBLES_INT8, HAS_CONV2D_CODEBOOK_INT8, HAS_CONV2D_FLOAT16, HAS_DEPTHWISE_FLOAT16, HAS_CONV2D_DYNAMIC, HAS_CONV2D_INT16, HAS_QUANTIZE_INT16, HAS_DEQUANTIZE_INT16, HAS_REDUCE_EXTREME_INT8, HAS_REDUCE_EXTREME_FLOAT32 } from "./variant";

/**
 * 1 when the step's parameters and operands fit each other: after this, its kernel stays inside its operands. 0 when they
 * do not; NO_KERNEL when this build cannot run the opcode.
 */
export function checkStep(step: usize, context: usize): i32 {
  switch (opcodeOf(step)) {
    case OPCODE_CONV2D_INT8: if (HAS_CONV2D_INT8) return checkConv2dInt8(step, context); break;
    case OPCODE_CONV2D_FLOAT32: if (HAS_CONV2D_FLOAT32) return checkConv2dFloat32(step, context); break;
    case OPCODE_DEPTHWISE_INT8: if (HAS_DEPTHWISE_INT8) return checkDepthwiseInt8(step, context); break;
    case OPCODE_DEPTHWISE_FLOAT32: if (HAS_DEPTHWISE_FLOAT32) return checkDepthwiseFloat32(step, context); break;
    case OPCODE_CONV_TRANSPOSE_FLOAT32: if (HAS_CONV_TRANSPOSE_FLOAT32) return checkConvTransposeFloat32(step, context); break;
    case OPCODE_MATMUL_INT8: if (HAS_MATMUL_INT8) return checkMatmulInt8(step, context); break;
    case OPCODE_MATMUL_FLOAT32: if (HAS_MATMUL_FLOAT32) return checkMatmulFloat32(step, context); break;
    case OPCODE_TABLE_INT8: if (HAS_TABLE_INT8) return checkTableInt8(step, context); break;
    case OPCODE_UNARY_FLOAT32: if (HAS_UNARY_FLOAT32) return checkUnaryFloat32(step, context); break;
    case OPCODE_ADD_INT8: if (HAS_ADD_INT8) return checkAddInt8(step, context); break;
    case OPCODE_MUL_INT8: if (HAS_MUL_INT8) return checkMulInt8(step, context); break;
    case OPCODE_BINARY_FLOAT32: if (HAS_BINARY_FLOAT32) return checkBinaryFloat32(step, context); break;
    case OPCODE_PRELU_INT8: if (HAS_PRELU_INT8) return checkPreluInt8(step, context); break;
    case OPCODE_MAX_POOL_INT8: if (HAS_MAX_POOL_INT8) return checkMaxPoolInt8(step, context); break;
    case OPCODE_MAX_POOL_FLOAT32: if (HAS_MAX_POOL_FLOAT32) return checkMaxPoolFloat32(step, context); break;
    case OPCODE_AVERAGE_POOL_INT8: if (HAS_AVERAGE_POOL_INT8) return checkAveragePoolInt8(step, context); break;
    case OPCODE_AVERAGE_POOL_FLOAT32: if (HAS_AVERAGE_POOL_FLOAT32) return checkAveragePoolFloat32(step, context); break;
    case OPCODE_REDUCE_INT8: if (HAS_REDUCE_INT8) return checkReduceInt8(step, context); break;
    case OPCODE_REDUCE_EXTREME_INT8: if (HAS_REDUCE_EXTREME_INT8) return checkReduceExtremeInt8(step, context); break;
    case OPCODE_REDUCE_FLOAT32: if (HAS_REDUCE_FLOAT32) return checkReduceFloat32(step, context); break;
    case OPCODE_REDUCE_EXTREME_FLOAT32: if (HAS_REDUCE_EXTREME_FLOAT32) return checkReduceExtremeFloat32(step, context); break;
    case OPCODE_SOFTMAX_INT8: if (HAS_SOFTMAX_INT8) return checkSoftmaxInt8(step, context); break;
    case OPCODE_SOFTMAX_FLOAT32: if (HAS_SOFTMAX_FLOAT32) return checkSoftmaxFloat32(step, context); break;
    case OPCODE_LAYER_NORM_FLOAT32: if (HAS_LAYER_NORM_FLOAT32) return checkLayerNormFloat32(step, context); break;
    case OPCODE_INSTANCE_NORM_FLOAT32: if (HAS_INSTANCE_NORM_FLOAT32) return checkInstanceNormFloat32(step, context); break;
    case OPCODE_LRN_FLOAT32: if (HAS_LRN_FLOAT32) return checkLrnFloat32(step, context); break;
    case OPCODE_COPY: if (HAS_COPY) return checkCopy(step, context); break;
    case OPCODE_CONCAT: if (HAS_CONCAT) return checkConcat(step, context); break;
    case OPCODE_PAD: if (HAS_PAD) return checkPad(step, context); break;
    case OPCODE_RESIZE_NEAREST: if (HAS_RESIZE_NEAREST) return checkResizeNearest(step, context); break;
    case OPCODE_RESIZE_LINEAR_INT8: if (HAS_RESIZE_LINEAR_INT8) return checkResizeLinearInt8(step, context); break;
    case OPCODE_RESIZE_LINEAR_FLOAT32: if (HAS_RESIZE_LINEAR_FLOAT32) return checkResizeLinearFloat32(step, context); break;
    case OPCODE_GATHER: if (HAS_GATHER) return checkGather(step, context); break;
    case OPCODE_ARGMAX_INT8: if (HAS_ARGMAX_INT8) return checkArgmaxInt8(step, context); break;
    case OPCODE_ARGMAX_FLOAT32: if (HAS_ARGMAX_FLOAT32) return checkArgmaxFloat32(step, context); break;
    case OPCODE_QUANTIZE: if (HAS_QUANTIZE) return checkQuantize(step, context); break;
    case OPCODE_DEQUANTIZE: if (HAS_DEQUANTIZE) return checkDequantize(step, context); break;
    case OPCODE_CAST: if (HAS_CAST) return checkCast(step, context); break;
    case OPCODE_CONV2D_CSR16_INT8: if (HAS_CONV2D_CSR16_INT8) return checkConv2dCsr16Int8(step, context); break;
    case OPCODE_CONV2D_CSR8_INT8: if (HAS_CONV2D_CSR8_INT8) return checkConv2dCsr8Int8(step, context); break;
    case OPCODE_CONV2D_BITMAP_INT8: if (HAS_CONV2D_BITMAP_INT8) return checkConv2dBitmapInt8(step, context); break;
    case OPCODE_CONV2D_BLOCK1X16_INT8: if (HAS_CONV2D_BLOCK1X16_INT8) return checkConv2dBlock1x16Int8(step, context); break;
    case OPCODE_CONV2D_BLOCK16X4_INT8: if (HAS_CONV2D_BLOCK16X4_INT8) return checkConv2dBlock16x4Int8(step, context); break;
    case OPCODE_CONV2D_NIBBLES_INT8: if (HAS_CONV2D_NIBBLES_INT8) return checkConv2dNibblesInt8(step, context); break;
    case OPCODE_CONV2D_CODEBOOK_INT8: if (HAS_CONV2D_CODEBOOK_INT8) return checkConv2dCodebookInt8(step, context); break;
    case OPCODE_CONV2D_FLOAT16: if (HAS_CONV2D_FLOAT16) return checkConv2dFloat16(step, context); break;
    case OPCODE_DEPTHWISE_FLOAT16: if (HAS_DEPTHWISE_FLOAT16) return checkDepthwiseFloat16(step, context); break;
    case OPCODE_CONV2D_DYNAMIC: if (HAS_CONV2D_DYNAMIC) return checkConv2dDynamic(step, context); break;
    case OPCODE_CONV2D_INT16: if (HAS_CONV2D_INT16) return checkConv2dInt16(step, context); break;
    case OPCODE_QUANTIZE_INT16: if (HAS_QUANTIZE_INT16) return checkQuantizeInt16(step, context); break;
    case OPCODE_DEQUANTIZE_INT16: if (HAS_DEQUANTIZE_INT16) return checkDequantizeInt16(step, context); break;
  }
  return NO_KERNEL;
}

// @ts-ignore: decorator
@inline
function isEncodedOpcode(opcode: i32): bool {
  return opcode >= OPCODE_CONV2D_CSR16_INT8 && opcode <= OPCODE_CONV2D_CODEBOOK_INT8;
}

/** Bytes of the weights in this variant's own order; 0: the kernel reads them in place. */
export function preparedBytes(step: usize, context: usize): i32 {
  if (HAS_ENCODED && isEncodedOpcode(opcodeOf(step))) return preparedBytesEncoded(step, context);
  if (HAS_CONV2D_FLOAT16 && opcodeOf(step) == OPCODE_CONV2D_FLOAT16) return preparedBytesConv2dFloat16(step, context);
  if (HAS_DEPTHWISE_FLOAT16 && opcodeOf(step) == OPCODE_DEPTHWISE_FLOAT16) return preparedBytesDepthwiseFloat16(step, context);
  switch (opcodeOf(step)) {
    case OPCODE_CONV2D_INT8: if (HAS_CONV2D_INT8) return preparedBytesConv2dInt8(step, context); break;
    case OPCODE_CONV2D_FLOAT32: if (HAS_CONV2D_FLOAT32) return preparedBytesConv2dFloat32(step, context); break;
    case OPCODE_DEPTHWISE_INT8: if (HAS_DEPTHWISE_INT8) return preparedBytesDepthwiseInt8(step, context); break;
  }
  return 0;
}

/** Writes the weights in this variant's own order. */
export function prepareStep(step: usize, context: usize, prepared: usize): void {
  if (HAS_ENCODED && isEncodedOpcode(opcodeOf(step))) prepareEncoded(step, context, prepared);
  if (HAS_CONV2D_FLOAT16 && opcodeOf(step) == OPCODE_CONV2D_FLOAT16) prepareConv2dFloat16(step, context, prepared);
  if (HAS_DEPTHWISE_FLOAT16 && opcodeOf(step) == OPCODE_DEPTHWISE_FLOAT16) prepareDepthwiseFloat16(step, context, prepared);
  switch (opcodeOf(step)) {
    case OPCODE_CONV2D_INT8: if (HAS_CONV2D_INT8) prepareConv2dInt8(step, context, prepared); break;
    case OPCODE_CONV2D_FLOAT32: if (HAS_CONV2D_FLOAT32) prepareConv2dFloat32(step, context, prepared); break;
    case OPCODE_DEPTHWISE_INT8: if (HAS_DEPTHWISE_INT8) prepareDepthwiseInt8(step, context, prepared); break;
  }
}

/**
 * The operands, one bit each, of which `runStep` reads neither the bytes nor the record once the step is prepared: a board
 * keeps only the prepared weights.
 */
export function replacedOperands(step: usize): i32 {
  if (HAS_ENCODED && isEncodedOpcode(opcodeOf(step))) return replacedOperandsEncoded(step);
  if (HAS_CONV2D_FLOAT16 && opcodeOf(step) == OPCODE_CONV2D_FLOAT16) return replacedOperandsConv2dFloat16(step);
  if (HAS_DEPTHWISE_FLOAT16 && opcodeOf(step) == OPCODE_DEPTHWISE_FLOAT16) return replacedOperandsDepthwiseFloat16(step);
  switch (opcodeOf(step)) {
    case OPCODE_CONV2D_INT8: if (HAS_CONV2D_INT8) return replacedOperandsConv2dInt8(step); break;
    case OPCODE_CONV2D_FLOAT32: if (HAS_CONV2D_FLOAT32) return replacedOperandsConv2dFloat32(step); break;
    case OPCODE_DEPTHWISE_INT8: if (HAS_DEPTHWISE_INT8) return replacedOperandsDepthwiseInt8(step); break;
  }
  return 0;
}

/** Bytes of scratch memory the step needs while it runs; all steps share one workspace. */
export function workspaceBytes(step: usize, context: usize): i32 {
  if (HAS_ENCODED && isEncodedOpcode(opcodeOf(step))) return workspaceBytesEncoded(step, context);
  if (HAS_CONV2D_FLOAT16 && opcodeOf(step) == OPCODE_CONV2D_FLOAT16) return workspaceBytesConv2dFloat16(step, context);
  if (HAS_CONV2D_DYNAMIC && opcodeOf(step) == OPCODE_CONV2D_DYNAMIC) return workspaceBytesConv2dDynamic(step, context);
  if (HAS_CONV2D_INT16 && opcodeOf(step) == OPCODE_CONV2D_INT16) return workspaceBytesConv2dInt16(step, context);
  switch (opcodeOf(step)) {
    case OPCODE_CONV2D_INT8: if (HAS_CONV2D_INT8) return workspaceBytesConv2dInt8(step, context); break;
    case OPCODE_CONV2D_FLOAT32: if (HAS_CONV2D_FLOAT32) return workspaceBytesConv2dFloat32(step, context); break;
    case OPCODE_DEPTHWISE_INT8: if (HAS_DEPTHWISE_INT8) return workspaceBytesDepthwiseInt8(step, context); break;
    case OPCODE_MATMUL_INT8: if (HAS_MATMUL_INT8) return workspaceBytesMatmulInt8(step, context); break;
    case OPCODE_MATMUL_FLOAT32: if (HAS_MATMUL_FLOAT32) return workspaceBytesMatmulFloat32(step, context); break;
  }
  return 0;
}

export function runStep(step: usize, context: usize, prepared: usize): void {
  switch (opcodeOf(step)) {
    case OPCODE_CONV2D_INT8: if (HAS_CONV2D_INT8) runConv2dInt8(step, context, prepared); break;
    case OPCODE_CONV2D_FLOAT32: if (HAS_CONV2D_FLOAT32) runConv2dFloat32(step, context, prepared); break;
    case OPCODE_DEPTHWISE_INT8: if (HAS_DEPTHWISE_INT8) runDepthwiseInt8(step, context, prepared); break;
    case OPCODE_DEPTHWISE_FLOAT32: if (HAS_DEPTHWISE_FLOAT32) runDepthwiseFloat32(step, context, prepared); break;
    case OPCODE_CONV_TRANSPOSE_FLOAT32: if (HAS_CONV_TRANSPOSE_FLOAT32) runConvTransposeFloat32(step, context, prepared); break;
    case OPCODE_MATMUL_INT8: if (HAS_MATMUL_INT8) runMatmulInt8(step, context, prepared); break;
    case OPCODE_MATMUL_FLOAT32: if (HAS_MATMUL_FLOAT32) runMatmulFloat32(step, context, prepared); break;
    case OPCODE_TABLE_INT8: if (HAS_TABLE_INT8) runTableInt8(step, context, prepared); break;
    case OPCODE_UNARY_FLOAT32: if (HAS_UNARY_FLOAT32) runUnaryFloat32(step, context, prepared); break;
    case OPCODE_ADD_INT8: if (HAS_ADD_INT8) runAddInt8(step, context, prepared); break;
    case OPCODE_MUL_INT8: if (HAS_MUL_INT8) runMulInt8(step, context, prepared); break;
    case OPCODE_BINARY_FLOAT32: if (HAS_BINARY_FLOAT32) runBinaryFloat32(step, context, prepared); break;
    case OPCODE_PRELU_INT8: if (HAS_PRELU_INT8) runPreluInt8(step, context, prepared); break;
    case OPCODE_MAX_POOL_INT8: if (HAS_MAX_POOL_INT8) runMaxPoolInt8(step, context, prepared); break;
    case OPCODE_MAX_POOL_FLOAT32: if (HAS_MAX_POOL_FLOAT32) runMaxPoolFloat32(step, context, prepared); break;
    case OPCODE_AVERAGE_POOL_INT8: if (HAS_AVERAGE_POOL_INT8) runAveragePoolInt8(step, context, prepared); break;
    case OPCODE_AVERAGE_POOL_FLOAT32: if (HAS_AVERAGE_POOL_FLOAT32) runAveragePoolFloat32(step, context, prepared); break;
    case OPCODE_REDUCE_INT8: if (HAS_REDUCE_INT8) runReduceInt8(step, context, prepared); break;
    case OPCODE_REDUCE_EXTREME_INT8: if (HAS_REDUCE_EXTREME_INT8) runReduceExtremeInt8(step, context, prepared); break;
    case OPCODE_REDUCE_FLOAT32: if (HAS_REDUCE_FLOAT32) runReduceFloat32(step, context, prepared); break;
    case OPCODE_REDUCE_EXTREME_FLOAT32: if (HAS_REDUCE_EXTREME_FLOAT32) runReduceExtremeFloat32(step, context, prepared); break;
    case OPCODE_SOFTMAX_INT8: if (HAS_SOFTMAX_INT8) runSoftmaxInt8(step, context, prepared); break;
    case OPCODE_SOFTMAX_FLOAT32: if (HAS_SOFTMAX_FLOAT32) runSoftmaxFloat32(step, context, prepared); break;
    case OPCODE_LAYER_NORM_FLOAT32: if (HAS_LAYER_NORM_FLOAT32) runLayerNormFloat32(step, context, prepared); break;
    case OPCODE_INSTANCE_NORM_FLOAT32: if (HAS_INSTANCE_NORM_FLOAT32) runInstanceNormFloat32(step, context, prepared); break;
    case OPCODE_LRN_FLOAT32: if (HAS_LRN_FLOAT32) runLrnFloat32(step, context, prepared); break;
    case OPCODE_COPY: if (HAS_COPY) runCopy(step, context, prepared); break;
    case OPCODE_CONCAT: if (HAS_CONCAT) runConcat(step, context, prepared); break;
    case OPCODE_PAD: if (HAS_PAD) runPad(step, context, prepared); break;
    case OPCODE_RESIZE_NEAREST: if (HAS_RESIZE_NEAREST) runResizeNearest(step, context, prepared); break;
    case OPCODE_RESIZE_LINEAR_INT8: if (HAS_RESIZE_LINEAR_INT8) runResizeLinearInt8(step, context, prepared); break;
    case OPCODE_RESIZE_LINEAR_FLOAT32: if (HAS_RESIZE_LINEAR_FLOAT32) runResizeLinearFloat32(step, context, prepared); break;
    case OPCODE_GATHER: if (HAS_GATHER) runGather(step, context, prepared); break;
    case OPCODE_ARGMAX_INT8: if (HAS_ARGMAX_INT8) runArgmaxInt8(step, context, prepared); break;
    case OPCODE_ARGMAX_FLOAT32: if (HAS_ARGMAX_FLOAT32) runArgmaxFloat32(step, context, prepared); break;
    case OPCODE_QUANTIZE: if (HAS_QUANTIZE) runQuantize(step, context, prepared); break;
    case OPCODE_DEQUANTIZE: if (HAS_DEQUANTIZE) runDequantize(step, context, prepared); break;
    case OPCODE_CAST: if (HAS_CAST) runCast(step, context, prepared); break;
    case OPCODE_CONV2D_CSR16_INT8: if (HAS_CONV2D_CSR16_INT8) runConv2dCsr16Int8(step, context, prepared); break;
    case OPCODE_CONV2D_CSR8_INT8: if (HAS_CONV2D_CSR8_INT8) runConv2dCsr8Int8(step, context, prepared); break;
    case OPCODE_CONV2D_BITMAP_INT8: if (HAS_CONV2D_BITMAP_INT8) runConv2dBitmapInt8(step, context, prepared); break;
    case OPCODE_CONV2D_BLOCK1X16_INT8: if (HAS_CONV2D_BLOCK1X16_INT8) runConv2dBlock1x16Int8(step, context, prepared); break;
    case OPCODE_CONV2D_BLOCK16X4_INT8: if (HAS_CONV2D_BLOCK16X4_INT8) runConv2dBlock16x4Int8(step, context, prepared); break;
    case OPCODE_CONV2D_NIBBLES_INT8: if (HAS_CONV2D_NIBBLES_INT8) runConv2dNibblesInt8(step, context, prepared); break;
    case OPCODE_CONV2D_CODEBOOK_INT8: if (HAS_CONV2D_CODEBOOK_INT8) runConv2dCodebookInt8(step, context, prepared); break;
    case OPCODE_CONV2D_FLOAT16: if (HAS_CONV2D_FLOAT16) runConv2dFloat16(step, context, prepared); break;
    case OPCODE_DEPTHWISE_FLOAT16: if (HAS_DEPTHWISE_FLOAT16) runDepthwiseFloat16(step, context, prepared); break;
    case OPCODE_CONV2D_DYNAMIC: if (HAS_CONV2D_DYNAMIC) runConv2dDynamic(step, context, prepared); break;
    case OPCODE_CONV2D_INT16: if (HAS_CONV2D_INT16) runConv2dInt16(step, context, prepared); break;
    case OPCODE_QUANTIZE_INT16: if (HAS_QUANTIZE_INT16) runQuantizeInt16(step, context, prepared); break;
    case OPCODE_DEQUANTIZE_INT16: if (HAS_DEQUANTIZE_INT16) runDequantizeInt16(step, context, prepared); break;
  }
}
