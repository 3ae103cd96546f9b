/**
 * What this build contains, decided by asc's command line: `--enable simd` and `relaxed-simd`, or the flags of a board, and one
 * `--use KERNEL_<OPCODE>=1` for each opcode that the model uses (`--use KERNEL_ALL=1`: every one). Untaken branches are
 * parsed but not compiled.
 */
export const SIMD: bool = ASC_FEATURE_SIMD && !isDefined(VARIANT_BOARD);
/** Beside the kernels of SIMD those on relaxed dot products (microkernels/dot-simd.ts). */
export const RELAXED: bool = ASC_FEATURE_RELAXED_SIMD && !isDefined(VARIANT_BOARD);

/** The form of quads (microkernels/dot-simd.ts); `--use WITHOUT_QUADS=1`: no layer of the model fits it. */
export const QUADS: bool = RELAXED && !isDefined(WITHOUT_QUADS);
/** The form of pairs, and depthwise windows of 3x3 in parts; `--use WITHOUT_PAIRS=1`, of relaxed builds: every layer of the model fits relaxed dot products. */
export const PAIRS: bool = !RELAXED || !isDefined(WITHOUT_PAIRS);

/** Winograd's minimal filtering (microkernels/winograd-simd.ts); `--use WITHOUT_WINOGRAD=1`: no layer of the model fits it. */
export const WINOGRAD: bool = SIMD && !isDefined(WITHOUT_WINOGRAD);

/**
 * The kernel of one row, of plain SIMD builds; `--use WITHOUT_ROWS=1`: no layer of one pixel is worth it, four rows do. Relaxed builds have
 * one of bytes; weights for which there is no form of bytes run as four rows.
 */
export const ROWS: bool = !RELAXED && !isDefined(WITHOUT_ROWS);

/** Of the int8 convolutions; `--use WITHOUT_GROUPS=1`, `WITHOUT_DILATION=1`: the model has none with groups other than depthwise ones, none with dilation. */
export const GROUPS: bool = !isDefined(WITHOUT_GROUPS);
export const DILATION: bool = !isDefined(WITHOUT_DILATION);
/** Of the depthwise int8 convolutions; `--use WITHOUT_WINDOWS=1`: those for 3x3 run every one of the model (kernels/depthwise-3x3.ts). */
export const WINDOWS: bool = !isDefined(WITHOUT_WINDOWS);
/** Of those it has one for; `--use WITHOUT_STRIDES=1`: none has stride 2. */
export const STRIDES: bool = !isDefined(WITHOUT_STRIDES);

/** Of the int8 convolutions and matrix products; `--use WITHOUT_CLAMPS=1`: the limits of every output are those of int8. */
export const CLAMPS: bool = !isDefined(WITHOUT_CLAMPS);

/** Of operators with two operands; `--use WITHOUT_BROADCAST=1`: both lie as the output does, in every step of the model. */
export const BROADCAST: bool = !isDefined(WITHOUT_BROADCAST);
/** int8 sums of fewer than 16 neighbouring channels; `--use WITHOUT_NARROW_SUMS=1`: the model has none. */
export const NARROW_SUMS: bool = !isDefined(WITHOUT_NARROW_SUMS);

/** Weights are prepared over those of the file, but where threads prepare parts of them later. */
export const OVERLAY: bool = SIMD && !ASC_FEATURE_THREADS;

/** Microcontrollers: every core; with the DSP extension; with MVE. Weights come prepared from the host. */
export const BOARD: bool = isDefined(VARIANT_BOARD);
export const DSP: bool = isDefined(VARIANT_DSP);
export const MVE: bool = isDefined(VARIANT_MVE);
/** Every core with MVE has the DSP extension, too. */
export const PACKED: bool = DSP || MVE;
/** The board's build as the host runs it: the vocabularies' instructions are computed instead of imported. */
export const HOST: bool = !isDefined(VARIANT_BOARD) || isDefined(VARIANT_HOST);

export const HAS_CONV2D_INT8 = isDefined(KERNEL_ALL) || isDefined(KERNEL_CONV2D_INT8);
export const HAS_CONV2D_FLOAT32 = isDefined(KERNEL_ALL) || isDefined(KERNEL_CONV2D_FLOAT32);
export const HAS_DEPTHWISE_INT8 = isDefined(KERNEL_ALL) || isDefined(KERNEL_DEPTHWISE_INT8);
export const HAS_DEPTHWISE_FLOAT32 = isDefined(KERNEL_ALL) || isDefined(KERNEL_DEPTHWISE_FLOAT32);
export const HAS_CONV_TRANSPOSE_FLOAT32 = isDefined(KERNEL_ALL) || isDefined(KERNEL_CONV_TRANSPOSE_FLOAT32);
export const HAS_MATMUL_INT8 = isDefined(KERNEL_ALL) || isDefined(KERNEL_MATMUL_INT8);
export const HAS_MATMUL_FLOAT32 = isDefined(KERNEL_ALL) || isDefined(KERNEL_MATMUL_FLOAT32);
export const HAS_TABLE_INT8 = isDefined(KERNEL_ALL) || isDefined(KERNEL_TABLE_INT8);
export const HAS_UNARY_FLOAT32 = isDefined(KERNEL_ALL) || isDefined(KERNEL_UNARY_FLOAT32);
export const HAS_ADD_INT8 = isDefined(KERNEL_ALL) || isDefined(KERNEL_ADD_INT8);
export const HAS_MUL_INT8 = isDefined(KERNEL_ALL) || isDefined(KERNEL_MUL_INT8);
export const HAS_BINARY_FLOAT32 = isDefined(KERNEL_ALL) || isDefined(KERNEL_BINARY_FLOAT32);
export const HAS_PRELU_INT8 = isDefined(KERNEL_ALL) || isDefined(KERNEL_PRELU_INT8);
export const HAS_MAX_POOL_INT8 = isDefined(KERNEL_ALL) || isDefined(KERNEL_MAX_POOL_INT8);
export const HAS_MAX_POOL_FLOAT32 = isDefined(KERNEL_ALL) || isDefined(KERNEL_MAX_POOL_FLOAT32);
export const HAS_AVERAGE_POOL_INT8 = isDefined(KERNEL_ALL) || isDefined(KERNEL_AVERAGE_POOL_INT8);
export const HAS_AVERAGE_POOL_FLOAT32 = isDefined(KERNEL_ALL) || isDefined(KERNEL_AVERAGE_POOL_FLOAT32);
export const HAS_REDUCE_INT8 = isDefined(KERNEL_ALL) || isDefined(KERNEL_REDUCE_INT8);
export const HAS_REDUCE_FLOAT32 = isDefined(KERNEL_ALL) || isDefined(KERNEL_REDUCE_FLOAT32);
export const HAS_SOFTMAX_INT8 = isDefined(KERNEL_ALL) || isDefined(KERNEL_SOFTMAX_INT8);
export const HAS_SOFTMAX_FLOAT32 = isDefined(KERNEL_ALL) || isDefined(KERNEL_SOFTMAX_FLOAT32);
export const HAS_LAYER_NORM_FLOAT32 = isDefined(KERNEL_ALL) || isDefined(KERNEL_LAYER_NORM_FLOAT32);
export const HAS_INSTANCE_NORM_FLOAT32 = isDefined(KERNEL_ALL) || isDefined(KERNEL_INSTANCE_NORM_FLOAT32);
export const HAS_LRN_FLOAT32 = isDefined(KERNEL_ALL) || isDefined(KERNEL_LRN_FLOAT32);
export const HAS_COPY = isDefined(KERNEL_ALL) || isDefined(KERNEL_COPY);
export const HAS_CONCAT = isDefined(KERNEL_ALL) || isDefined(KERNEL_CONCAT);
export const HAS_PAD = isDefined(KERNEL_ALL) || isDefined(KERNEL_PAD);
export const HAS_RESIZE_NEAREST = isDefined(KERNEL_ALL) || isDefined(KERNEL_RESIZE_NEAREST);
export const HAS_RESIZE_LINEAR_INT8 = isDefined(KERNEL_ALL) || isDefined(KERNEL_RESIZE_LINEAR_INT8);
export const HAS_RESIZE_LINEAR_FLOAT32 = isDefined(KERNEL_ALL) || isDefined(KERNEL_RESIZE_LINEAR_FLOAT32);
export const HAS_GATHER = isDefined(KERNEL_ALL) || isDefined(KERNEL_GATHER);
export const HAS_ARGMAX_INT8 = isDefined(KERNEL_ALL) || isDefined(KERNEL_ARGMAX_INT8);
export const HAS_ARGMAX_FLOAT32 = isDefined(KERNEL_ALL) || isDefined(KERNEL_ARGMAX_FLOAT32);
export const HAS_QUANTIZE = isDefined(KERNEL_ALL) || isDefined(KERNEL_QUANTIZE);
export const HAS_DEQUANTIZE = isDefined(KERNEL_ALL) || isDefined(KERNEL_DEQUANTIZE);
export const HAS_CAST = isDefined(KERNEL_ALL) || isDefined(KERNEL_CAST);
export const HAS_CONV2D_CSR16_INT8 = isDefined(KERNEL_ALL) || isDefined(KERNEL_CONV2D_CSR16_INT8);
export const HAS_CONV2D_CSR8_INT8 = isDefined(KERNEL_ALL) || isDefined(KERNEL_CONV2D_CSR8_INT8);
export const HAS_CONV2D_BITMAP_INT8 = isDefined(KERNEL_ALL) || isDefined(KERNEL_CONV2D_BITMAP_INT8);
export const HAS_CONV2D_BLOCK1X16_INT8 = isDefined(KERNEL_ALL) || isDefined(KERNEL_CONV2D_BLOCK1X16_INT8);
export const HAS_CONV2D_BLOCK16X4_INT8 = isDefined(KERNEL_ALL) || isDefined(KERNEL_CONV2D_BLOCK16X4_INT8);
export const HAS_CONV2D_NIBBLES_INT8 = isDefined(KERNEL_ALL) || isDefined(KERNEL_CONV2D_NIBBLES_INT8);
export const HAS_CONV2D_CODEBOOK_INT8 = isDefined(KERNEL_ALL) || isDefined(KERNEL_CONV2D_CODEBOOK_INT8);
export const HAS_CONV2D_FLOAT16 = isDefined(KERNEL_ALL) || isDefined(KERNEL_CONV2D_FLOAT16);
export const HAS_DEPTHWISE_FLOAT16 = isDefined(KERNEL_ALL) || isDefined(KERNEL_DEPTHWISE_FLOAT16);
export const HAS_CONV2D_DYNAMIC = isDefined(KERNEL_ALL) || isDefined(KERNEL_CONV2D_DYNAMIC);
export const HAS_CONV2D_INT16 = isDefined(KERNEL_ALL) || isDefined(KERNEL_CONV2D_INT16);
export const HAS_QUANTIZE_INT16 = isDefined(KERNEL_ALL) || isDefined(KERNEL_QUANTIZE_INT16);
export const HAS_DEQUANTIZE_INT16 = isDefined(KERNEL_ALL) || isDefined(KERNEL_DEQUANTIZE_INT16);
export const HAS_REDUCE_EXTREME_INT8 = isDefined(KERNEL_ALL) || isDefined(KERNEL_REDUCE_EXTREME_INT8);
export const HAS_REDUCE_EXTREME_FLOAT32 = isDefined(KERNEL_ALL) || isDefined(KERNEL_REDUCE_EXTREME_FLOAT32);
/** Any convolution with encoded weights. */
export const HAS_ENCODED =
  HAS_CONV2D_CSR16_INT8 || HAS_CONV2D_CSR8_INT8 || HAS_CONV2D_BITMAP_INT8 ||
  HAS_CONV2D_BLOCK1X16_INT8 || HAS_CONV2D_BLOCK16X4_INT8 || HAS_CONV2D_NIBBLES_INT8 || HAS_CONV2D_CODEBOOK_INT8;
