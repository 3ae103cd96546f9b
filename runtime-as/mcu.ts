/**
 * The kernels for microcontrollers: targets/mcu translates those of a model's opcodes to C and drops the others. Each is
 *
 *     run…(step: usize, context: usize, prepared: usize): void
 *
 * with the address of the step's record, of the context's words (CONTEXT_…) and of the weights in the order that the
 * variant prepares (0: none). There is no loading and no checking on a board: the compiler has done both.
 */
export { runConv2dInt8 } from "./kernels/conv2d-int8";
export {
  runConv2dBitmapInt8,
  runConv2dBlock16x4Int8,
  runConv2dBlock1x16Int8,
  runConv2dCodebookInt8,
  runConv2dCsr16Int8,
  runConv2dCsr8Int8,
  runConv2dNibblesInt8,
} from "./kernels/encoded-conv2d";
export { runConv2dDynamic } from "./kernels/conv2d-dynamic";
export { runConv2dFloat16 } from "./kernels/conv2d-float16";
export { runConv2dFloat32 } from "./kernels/conv2d-float32";
export { runConv2dInt16 } from "./kernels/conv2d-int16";
export { runDepthwiseInt8 } from "./kernels/depthwise-int8";
export { runDepthwiseFloat16 } from "./kernels/depthwise-float16";
export { runDepthwiseFloat32 } from "./kernels/depthwise-float32";
export { runConvTransposeFloat32 } from "./kernels/conv-transpose";
export { runMatmulFloat32, runMatmulInt8 } from "./kernels/matmul";
export { runTableInt8 } from "./kernels/table";
export { runUnaryFloat32 } from "./kernels/unary";
export { runAddInt8 } from "./kernels/add";
export { runMulInt8 } from "./kernels/mul";
export { runBinaryFloat32 } from "./kernels/binary";
export { runPreluInt8 } from "./kernels/prelu";
export { runMaxPoolFloat32, runMaxPoolInt8 } from "./kernels/max-pool";
export { runAveragePoolFloat32, runAveragePoolInt8 } from "./kernels/average-pool";
export { runReduceFloat32, runReduceInt8 } from "./kernels/reduce";
export { runReduceExtremeFloat32, runReduceExtremeInt8 } from "./kernels/reduce-extreme";
export { runSoftmaxFloat32, runSoftmaxInt8 } from "./kernels/softmax";
export { runLayerNormFloat32 } from "./kernels/layer-norm";
export { runInstanceNormFloat32 } from "./kernels/instance-norm";
export { runLrnFloat32 } from "./kernels/lrn";
export { runCopy } from "./kernels/copy";
export { runConcat } from "./kernels/concat";
export { runPad } from "./kernels/pad";
export { runResizeNearest } from "./kernels/resize-nearest";
export { runResizeLinearFloat32, runResizeLinearInt8 } from "./kernels/resize-linear";
export { runGather } from "./kernels/gather";
export { runArgmaxFloat32, runArgmaxInt8 } from "./kernels/argmax";
export { runQuantize } from "./kernels/quantize";
export { runDequantizeInt16, runQuantizeInt16 } from "./kernels/quantize-int16";
export { runDequantize } from "./kernels/dequantize";
export { runCast } from "./kernels/cast";
