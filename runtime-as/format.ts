/**
 * The packed model (`*.whittle`): the only specification of its bytes.
 *
 * Writer, reader, kernels and generated C headers take every number from here, so this file is both
 * TypeScript and AssemblyScript: nothing but integer constants. All words are 32 bits, little-endian.
 *
 *     0  ┌──────────────────────────────────────────────┐
 *        │ header, HEADER_WORDS words                   │
 *        ├──────────────────────────────────────────────┤ HEADER_TENSORS_OFFSET (16-aligned)
 *        │ tensors: TENSOR_WORDS words each             │   kind · offset · bytes
 *        ├──────────────────────────────────────────────┤ HEADER_PORTS_OFFSET
 *        │ ports: tensor index of each input, output    │
 *        ├──────────────────────────────────────────────┤ HEADER_STEPS_OFFSET
 *        │ steps, one after the other:                  │
 *        │   opcode | operands << 8 | parameters << 16  │
 *        │   parameter 0 … (integer or float32 bits)    │
 *        │   operand 0 … (tensor index; last = output)  │
 *        ├──────────────────────────────────────────────┤ HEADER_METADATA_OFFSET
 *        │ metadata: UTF-8 JSON (names, shapes, scales, │
 *        │ labels, preprocessing, provenance)           │
 *        ├──────────────────────────────────────────────┤ HEADER_CONSTANTS_OFFSET (16-aligned)
 *        │ constants: tables, and what several steps    │
 *        │ share; every tensor 16-aligned when it has   │
 *        │ >= 16 B, else 4-aligned; read in place       │
 *        ├──────────────────────────────────────────────┤ HEADER_WEIGHTS_OFFSET (16-aligned)
 *        │ weights, biases, multipliers of one step     │
 *        │ each, aligned as constants, as steps and     │
 *        │ operands follow each other: builds with SIMD │
 *        │ prepare theirs over them, and do not read    │
 *        │ them again                                   │
 *        └──────────────────────────────────────────────┘ HEADER_FILE_BYTES
 *
 * A tensor lies in one of three address spaces: the constants section of this file, its weights section, or the arena (RAM).
 * The kernels see bytes, not shapes: every extent a kernel needs is a parameter of its step, and the
 * reader proves before the first run that these extents stay inside the operands' bytes.
 *
 * Compatibility: a reader accepts exactly its own FORMAT_VERSION.
 */

/** "WHTL" read as a little-endian word. */
export const FORMAT_MAGIC = 0x4c544857;
export const FORMAT_VERSION = 5;
export const SECTION_ALIGNMENT = 16;

// Header, in words.
export const HEADER_MAGIC = 0;
export const HEADER_VERSION = 1;
export const HEADER_FILE_BYTES = 2;
/** CRC-32 (ISO-HDLC, as zlib) of every byte after this word. */
export const HEADER_CRC32 = 3;
export const HEADER_ARENA_BYTES = 4;
export const HEADER_TENSOR_COUNT = 5;
export const HEADER_TENSORS_OFFSET = 6;
export const HEADER_INPUT_COUNT = 7;
export const HEADER_OUTPUT_COUNT = 8;
export const HEADER_PORTS_OFFSET = 9;
export const HEADER_STEP_COUNT = 10;
export const HEADER_STEPS_OFFSET = 11;
export const HEADER_STEPS_BYTES = 12;
export const HEADER_CONSTANTS_OFFSET = 13;
export const HEADER_CONSTANTS_BYTES = 14;
export const HEADER_METADATA_OFFSET = 15;
export const HEADER_METADATA_BYTES = 16;
export const HEADER_WEIGHTS_OFFSET = 17;
/** HEADER_CONSTANTS_BYTES + REGION_WEIGHTS: the reader counts on it. */
export const HEADER_WEIGHTS_BYTES = 18;
export const HEADER_WORDS = 20;

// Tensor record, in words.
/** dtype | region << 8 | PROMISES that hold */
export const TENSOR_KIND = 0;
export const TENSOR_OFFSET = 1;
export const TENSOR_BYTES = 2;
export const TENSOR_WORDS = 3;

/**
 * Weights of int8 convolutions, plain or encoded, that the compiler has proved to fit the quads of every layer that reads them, those of
 * depthwise ones their windows: relaxed dot products give the same bits on every engine (microkernels/relaxed-simd.ts).
 */
export const TENSOR_FITS_QUADS = 0x10000;
/** Weights of int8 convolutions of which none is -128: the same holds on engines that take bytes as signed. */
export const TENSOR_IS_SYMMETRIC = 0x20000;
/**
 * Weights of int8 convolutions 3x3, of stride, dilation and groups 1, that run sooner by Winograd's minimal filtering, to the same bits
 * (microkernels/winograd-simd.ts): no sum of a channel, its bias included, reaches 2^25, and no multiplier loses bits when it is divided
 * by WINOGRAD_SCALE.
 */
export const TENSOR_FITS_WINOGRAD = 0x40000;
export const WINOGRAD_SCALE = 64;
/** Outputs along each side of a tile. */
export const WINOGRAD_TILE = 4;
/** Sooner even where one instruction makes four products a lane. */
export const TENSOR_FITS_WINOGRAD_BEST = 0x80000;
export const PROMISES = TENSOR_FITS_QUADS | TENSOR_IS_SYMMETRIC | TENSOR_FITS_WINOGRAD | TENSOR_FITS_WINOGRAD_BEST;

// Each is the word of the context that says where it begins.
export const REGION_CONSTANTS = 0;
export const REGION_ARENA = 1;
export const REGION_WEIGHTS = 4;

export const DTYPE_FLOAT32 = 0;
export const DTYPE_INT8 = 1;
export const DTYPE_INT32 = 2;
/** Half precision: weights only. */
export const DTYPE_FLOAT16 = 3;
export const DTYPE_INT16 = 4;

// Opcodes: one file in kernels/ each (int8 and float32 of one operator may share it).
export const OPCODE_CONV2D_INT8 = 1;
export const OPCODE_CONV2D_FLOAT32 = 2;
export const OPCODE_DEPTHWISE_INT8 = 3;
export const OPCODE_DEPTHWISE_FLOAT32 = 4;
export const OPCODE_CONV_TRANSPOSE_FLOAT32 = 5;
export const OPCODE_MATMUL_INT8 = 6;
export const OPCODE_MATMUL_FLOAT32 = 7;
export const OPCODE_TABLE_INT8 = 8;
export const OPCODE_UNARY_FLOAT32 = 9;
export const OPCODE_ADD_INT8 = 10;
export const OPCODE_MUL_INT8 = 11;
export const OPCODE_BINARY_FLOAT32 = 12;
export const OPCODE_PRELU_INT8 = 13;
export const OPCODE_MAX_POOL_INT8 = 14;
export const OPCODE_MAX_POOL_FLOAT32 = 15;
export const OPCODE_AVERAGE_POOL_INT8 = 16;
export const OPCODE_AVERAGE_POOL_FLOAT32 = 17;
export const OPCODE_REDUCE_INT8 = 18;
export const OPCODE_REDUCE_FLOAT32 = 19;
export const OPCODE_SOFTMAX_INT8 = 20;
export const OPCODE_SOFTMAX_FLOAT32 = 21;
export const OPCODE_LAYER_NORM_FLOAT32 = 22;
export const OPCODE_INSTANCE_NORM_FLOAT32 = 23;
export const OPCODE_LRN_FLOAT32 = 24;
export const OPCODE_COPY = 25;
export const OPCODE_CONCAT = 26;
export const OPCODE_PAD = 27;
export const OPCODE_RESIZE_NEAREST = 28;
export const OPCODE_RESIZE_LINEAR_INT8 = 29;
export const OPCODE_RESIZE_LINEAR_FLOAT32 = 30;
export const OPCODE_GATHER = 31;
export const OPCODE_ARGMAX_INT8 = 32;
export const OPCODE_ARGMAX_FLOAT32 = 33;
export const OPCODE_QUANTIZE = 34;
export const OPCODE_DEQUANTIZE = 35;
export const OPCODE_CAST = 36;
// CONV2D_INT8 with encoded weights, groups 1 (the encodings are drawn in kernels/encoded-weights.ts).
export const OPCODE_CONV2D_CSR16_INT8 = 37;
export const OPCODE_CONV2D_CSR8_INT8 = 38;
export const OPCODE_CONV2D_BITMAP_INT8 = 39;
export const OPCODE_CONV2D_BLOCK1X16_INT8 = 40;
export const OPCODE_CONV2D_BLOCK16X4_INT8 = 41;
export const OPCODE_CONV2D_NIBBLES_INT8 = 42;
export const OPCODE_CONV2D_CODEBOOK_INT8 = 43;
// Other number formats: weights of half precision; activations quantized per call; int16 activations.
export const OPCODE_CONV2D_FLOAT16 = 44;
export const OPCODE_DEPTHWISE_FLOAT16 = 45;
export const OPCODE_CONV2D_DYNAMIC = 46;
export const OPCODE_CONV2D_INT16 = 47;
export const OPCODE_QUANTIZE_INT16 = 48;
export const OPCODE_DEQUANTIZE_INT16 = 49;
export const OPCODE_REDUCE_EXTREME_INT8 = 50;
export const OPCODE_REDUCE_EXTREME_FLOAT32 = 51;

// Parameters of a step, by opcode family. Names ending in _F32 hold float32 bits.

/**
 * CONV2D, DEPTHWISE: operands x [batch, inH, inW, inC] · weights · bias · (int8, int16: multipliers float32 [outC]) · y.
 * CONV2D_DYNAMIC: x float32 · weights int8 · bias float32 · scales of the weights float32 [outC] · y, and CONV_FLOAT32_PARAMETERS.
 * CONV_TRANSPOSE: the same, with weights [kernelH, kernelW, inC / groups, outC].
 */
export const CONV_BATCH = 0;
export const CONV_IN_HEIGHT = 1;
export const CONV_IN_WIDTH = 2;
export const CONV_IN_CHANNELS = 3;
export const CONV_OUT_HEIGHT = 4;
export const CONV_OUT_WIDTH = 5;
export const CONV_OUT_CHANNELS = 6;
export const CONV_KERNEL_HEIGHT = 7;
export const CONV_KERNEL_WIDTH = 8;
export const CONV_STRIDE_HEIGHT = 9;
export const CONV_STRIDE_WIDTH = 10;
export const CONV_DILATION_HEIGHT = 11;
export const CONV_DILATION_WIDTH = 12;
export const CONV_PAD_TOP = 13;
export const CONV_PAD_LEFT = 14;
export const CONV_GROUPS = 15;
/** float32 variants: lower and upper limit of the output (a fused activation), -inf/+inf when there is none. */
export const CONV_CLAMP_LOW_F32 = 16;
export const CONV_CLAMP_HIGH_F32 = 17;
export const CONV_FLOAT32_PARAMETERS = 18;
export const CONV_CLAMP_LOW = 16;
export const CONV_CLAMP_HIGH = 17;
export const CONV_INPUT_ZERO_POINT = 18;
export const CONV_OUTPUT_ZERO_POINT = 19;
export const CONV_INT8_PARAMETERS = 20;

/** MATMUL: operands a [aBatch, m, k] · b [bBatch, k, n] · y [batch, m, n]; aBatch and bBatch are 1 or batch. */
export const MATMUL_BATCH = 0;
export const MATMUL_A_BATCH = 1;
export const MATMUL_B_BATCH = 2;
export const MATMUL_M = 3;
export const MATMUL_K = 4;
export const MATMUL_N = 5;
export const MATMUL_FLOAT32_PARAMETERS = 6;
export const MATMUL_A_ZERO_POINT = 6;
export const MATMUL_B_ZERO_POINT = 7;
export const MATMUL_MULTIPLIER_F32 = 8;
export const MATMUL_OUTPUT_ZERO_POINT = 9;
export const MATMUL_CLAMP_LOW = 10;
export const MATMUL_CLAMP_HIGH = 11;
export const MATMUL_INT8_PARAMETERS = 12;

/** UNARY_FLOAT32: operands x · y. TABLE_INT8: operands x · table int8 [256], indexed by x + 128 · y; no parameters. */
export const UNARY_FUNCTION = 0;
export const UNARY_ALPHA_F32 = 1;
export const UNARY_BETA_F32 = 2;
export const UNARY_PARAMETERS = 3;

export const FUNCTION_RELU = 0;
/** alpha = slope for x < 0 */
export const FUNCTION_LEAKY_RELU = 1;
/** alpha = lower, beta = upper limit */
export const FUNCTION_CLIP = 2;
export const FUNCTION_SIGMOID = 3;
export const FUNCTION_TANH = 4;
/** max(0, min(1, alpha x + beta)) */
export const FUNCTION_HARD_SIGMOID = 5;
export const FUNCTION_HARD_SWISH = 6;
export const FUNCTION_ELU = 7;
/** alpha, beta = gamma */
export const FUNCTION_SELU = 8;
export const FUNCTION_SOFTPLUS = 9;
export const FUNCTION_SOFTSIGN = 10;
/** exact, with erf */
export const FUNCTION_GELU = 11;
/** tanh approximation */
export const FUNCTION_GELU_TANH = 12;
export const FUNCTION_ERF = 13;
export const FUNCTION_EXP = 14;
export const FUNCTION_LOG = 15;
export const FUNCTION_SQRT = 16;
export const FUNCTION_ABS = 17;
export const FUNCTION_NEG = 18;
export const FUNCTION_FLOOR = 19;
export const FUNCTION_CEIL = 20;
/** alpha / x */
export const FUNCTION_RECIPROCAL = 21;
/** x ^ alpha */
export const FUNCTION_POW = 22;
/** alpha x + beta */
export const FUNCTION_AFFINE = 23;
export const FUNCTION_ROUND = 24;
/** x · sigmoid(x) */
export const FUNCTION_SILU = 25;
/** x · tanh(softplus(x)) */
export const FUNCTION_MISH = 26;
/** x where x > alpha, else 0 */
export const FUNCTION_THRESHOLDED_RELU = 27;

/**
 * Elementwise operators with two operands: a · b · y. The shapes are collapsed to BROADCAST_RANK dimensions; a
 * stride (in elements) of 0 repeats the operand along that dimension. y is contiguous.
 */
export const BROADCAST_RANK = 4;
export const BROADCAST_DIMENSIONS = 0;
export const BROADCAST_A_STRIDES = 4;
export const BROADCAST_B_STRIDES = 8;

/** ADD_INT8: y = clamp(((a - za) ma + (b - zb) mb + 2^(shift-1)) >> shift) + zy); ma, mb are int16. */
export const ADD_A_ZERO_POINT = 12;
export const ADD_B_ZERO_POINT = 13;
export const ADD_A_MULTIPLIER = 14;
export const ADD_B_MULTIPLIER = 15;
export const ADD_SHIFT = 16;
export const ADD_OUTPUT_ZERO_POINT = 17;
export const ADD_CLAMP_LOW = 18;
export const ADD_CLAMP_HIGH = 19;
export const ADD_PARAMETERS = 20;

/** MUL_INT8: y = clamp(rne(f32((a - za)(b - zb)) m) + zy). */
export const MUL_A_ZERO_POINT = 12;
export const MUL_B_ZERO_POINT = 13;
export const MUL_MULTIPLIER_F32 = 14;
export const MUL_OUTPUT_ZERO_POINT = 15;
export const MUL_CLAMP_LOW = 16;
export const MUL_CLAMP_HIGH = 17;
export const MUL_PARAMETERS = 18;

export const BINARY_FUNCTION = 12;
export const BINARY_CLAMP_LOW_F32 = 13;
export const BINARY_CLAMP_HIGH_F32 = 14;
export const BINARY_PARAMETERS = 15;

export const FUNCTION_ADD = 0;
export const FUNCTION_SUB = 1;
export const FUNCTION_MUL = 2;
export const FUNCTION_DIV = 3;
export const FUNCTION_MIN = 4;
export const FUNCTION_MAX = 5;
export const FUNCTION_POWER = 6;
export const FUNCTION_PRELU = 7;

/** PRELU_INT8: operands x · multipliers for x < zx, float32, broadcast as b · y. */
export const PRELU_INPUT_ZERO_POINT = 12;
export const PRELU_POSITIVE_MULTIPLIER_F32 = 13;
export const PRELU_OUTPUT_ZERO_POINT = 14;
export const PRELU_PARAMETERS = 15;

/** MAX_POOL, AVERAGE_POOL: operands x [batch, inH, inW, C] · y [batch, outH, outW, C]. */
export const POOL_BATCH = 0;
export const POOL_IN_HEIGHT = 1;
export const POOL_IN_WIDTH = 2;
export const POOL_CHANNELS = 3;
export const POOL_OUT_HEIGHT = 4;
export const POOL_OUT_WIDTH = 5;
export const POOL_KERNEL_HEIGHT = 6;
export const POOL_KERNEL_WIDTH = 7;
export const POOL_STRIDE_HEIGHT = 8;
export const POOL_STRIDE_WIDTH = 9;
export const POOL_DILATION_HEIGHT = 10;
export const POOL_DILATION_WIDTH = 11;
export const POOL_PAD_TOP = 12;
export const POOL_PAD_LEFT = 13;
export const MAX_POOL_PARAMETERS = 14;
export const POOL_PAD_BOTTOM = 14;
export const POOL_PAD_RIGHT = 15;
/** 1: padded positions count in the divisor. */
export const POOL_COUNT_INCLUDE_PAD = 16;
export const AVERAGE_POOL_FLOAT32_PARAMETERS = 17;
export const POOL_INPUT_ZERO_POINT = 17;
/** f32(scale of x / scale of y); the multiplier of a window is f32(ratio / count). */
export const POOL_RATIO_F32 = 18;
export const POOL_OUTPUT_ZERO_POINT = 19;
export const POOL_CLAMP_LOW = 20;
export const POOL_CLAMP_HIGH = 21;
export const AVERAGE_POOL_INT8_PARAMETERS = 22;

/** REDUCE (sum, mean), REDUCE_EXTREME (maximum, minimum), SOFTMAX, ARGMAX: operands x [outer, length, inner] · (SOFTMAX_INT8: table uint32 [256]) · y. */
export const REDUCE_OUTER = 0;
export const REDUCE_LENGTH = 1;
export const REDUCE_INNER = 2;
export const REDUCE_FUNCTION = 3;
export const REDUCE_PARAMETERS = 4;
export const REDUCE_INPUT_ZERO_POINT = 4;
/** sum and mean: scale of x / scale of y (mean: / length) */
export const REDUCE_MULTIPLIER_F32 = 5;
export const REDUCE_OUTPUT_ZERO_POINT = 6;
export const REDUCE_INT8_PARAMETERS = 7;
export const FUNCTION_REDUCE_SUM = 0;
export const FUNCTION_REDUCE_MEAN = 1;
export const FUNCTION_REDUCE_MAX = 2;
export const FUNCTION_REDUCE_MIN = 3;

/** 1: log-softmax. */
export const SOFTMAX_LOG = 3;
export const SOFTMAX_FLOAT32_PARAMETERS = 4;
/** Entry d of the table is round(2^k exp(-scale d)), with k such that `length` entries sum below 2^32. */
export const SOFTMAX_INT8_PARAMETERS = 3;
/** 1: the last of equal maxima wins. */
export const ARGMAX_SELECT_LAST = 3;
export const ARGMAX_PARAMETERS = 4;

/** LAYER_NORM: operands x [outer, length] · gamma [length] · beta [length] · y. */
export const LAYER_NORM_OUTER = 0;
export const LAYER_NORM_LENGTH = 1;
export const LAYER_NORM_EPSILON_F32 = 2;
export const LAYER_NORM_PARAMETERS = 3;

/** INSTANCE_NORM: operands x [batch, spatial, channels] · gamma [channels] · beta [channels] · y. */
export const INSTANCE_NORM_BATCH = 0;
export const INSTANCE_NORM_SPATIAL = 1;
export const INSTANCE_NORM_CHANNELS = 2;
export const INSTANCE_NORM_EPSILON_F32 = 3;
export const INSTANCE_NORM_PARAMETERS = 4;

/** LRN: operands x [outer, channels] · y. */
export const LRN_OUTER = 0;
export const LRN_CHANNELS = 1;
export const LRN_SIZE = 2;
export const LRN_ALPHA_F32 = 3;
export const LRN_BETA_F32 = 4;
export const LRN_BIAS_F32 = 5;
export const LRN_PARAMETERS = 6;
/** So that the work of one step stays in proportion to its operands. */
export const LRN_LARGEST_SIZE = 1024;

/** COPY (transpose, slice, expand, tile): y[start + i·strides] = x[start + i·strides]; starts and strides in elements. */
export const COPY_RANK = 6;
export const COPY_ELEMENT_BYTES = 0;
export const COPY_DIMENSIONS = 1;
export const COPY_INPUT_START = 7;
export const COPY_INPUT_STRIDES = 8;
export const COPY_OUTPUT_START = 14;
export const COPY_OUTPUT_STRIDES = 15;
export const COPY_PARAMETERS = 21;

/** CONCAT: operands x0 … xn-1 · y, each seen as [outer, its bytes / outer]. */
export const CONCAT_OUTER = 0;
export const CONCAT_PARAMETERS = 1;

/** PAD: operands x · y, both of rank PAD_RANK (leading ones added). */
export const PAD_RANK = 6;
export const PAD_ELEMENT_BYTES = 0;
export const PAD_MODE = 1;
/** The bits of the padding value in the operand's dtype. */
export const PAD_VALUE = 2;
export const PAD_IN_DIMENSIONS = 3;
export const PAD_BEFORE = 9;
export const PAD_OUT_DIMENSIONS = 15;
export const PAD_PARAMETERS = 21;
export const PAD_MODE_CONSTANT = 0;
export const PAD_MODE_REFLECT = 1;
export const PAD_MODE_EDGE = 2;

/**
 * RESIZE_NEAREST: operands x [batch, inH, inW, pixel bytes] · rows int32 [outH] · columns int32 [outW] · y.
 * RESIZE_LINEAR: operands x · rowLow · rowHigh int32 [outH] · rowWeight [outH] · columnLow · columnHigh int32 [outW] ·
 * columnWeight [outW] · y. A weight belongs to the high neighbour: float32 in [0, 1], or int32 in [0, 2048] for int8.
 */
export const RESIZE_BATCH = 0;
export const RESIZE_IN_HEIGHT = 1;
export const RESIZE_IN_WIDTH = 2;
export const RESIZE_OUT_HEIGHT = 3;
export const RESIZE_OUT_WIDTH = 4;
/** nearest: bytes of one pixel; linear: channels. */
export const RESIZE_PIXEL = 5;
export const RESIZE_PARAMETERS = 6;
export const RESIZE_WEIGHT_BITS = 11;

/** GATHER: operands data [outer, length, inner bytes] · indices int32 · y [outer, indices, inner bytes]. */
export const GATHER_OUTER = 0;
export const GATHER_LENGTH = 1;
export const GATHER_INNER_BYTES = 2;
export const GATHER_PARAMETERS = 3;

/** QUANTIZE (…_INT16: symmetric, zero point 0): y = clamp(rne(x / scale) + zero point). DEQUANTIZE: y = (x - zero point) scale. Operands x · y. */
export const QUANTIZE_SCALE_F32 = 0;
export const QUANTIZE_ZERO_POINT = 1;
export const QUANTIZE_PARAMETERS = 2;

/** CAST: operands x · y; the dtypes are those of the tensor records. */
export const CAST_PARAMETERS = 0;

// Status of `load` in runtime-as/index.ts.
export const STATUS_OK = 0;
export const STATUS_TRUNCATED = 1;
export const STATUS_BAD_MAGIC = 2;
export const STATUS_BAD_VERSION = 3;
export const STATUS_BAD_SIZE = 4;
export const STATUS_BAD_CRC = 5;
export const STATUS_BAD_SECTION = 6;
export const STATUS_BAD_TENSOR = 7;
export const STATUS_BAD_PORT = 8;
export const STATUS_BAD_STEP = 9;
/** The opcode is unknown, or its kernel is not in this build. */
export const STATUS_BAD_OPCODE = 10;
/** Parameters and operands of a step do not fit each other. */
export const STATUS_BAD_OPERANDS = 11;
/** Arena and prepared weights exceed what 32 bits address. */
export const STATUS_TOO_LARGE = 12;

/** Runtime context: one block per loaded model, in words (runtime-as/context.ts). */
export const CONTEXT_CONSTANTS = 0;
export const CONTEXT_ARENA = 1;
export const CONTEXT_TENSORS = 2;
export const CONTEXT_WORKSPACE = 3;
// Of hosts with a WASM engine only.
export const CONTEXT_WEIGHTS = 4;
/** What the engine makes of relaxed dot products: ENGINE_… bits, which the host finds out (compiler/relaxed-engine.ts). */
export const CONTEXT_ENGINE = 5;
/** It is one of the four kinds of microkernels/relaxed-simd.ts. */
export const ENGINE_KNOWN = 1;
export const ENGINE_SIGNED = 2;
export const ENGINE_EXACT = 4;
