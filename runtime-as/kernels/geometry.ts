/** What the convolutions share: the check of their parameters, and which taps of a window lie inside the input. */
import { areInt8, extent, hasShape, holds, times } from "../check";
import {
  CONV_BATCH,
  CONV_CLAMP_HIGH,
  CONV_CLAMP_LOW,
  CONV_DILATION_HEIGHT,
  CONV_DILATION_WIDTH,
  CONV_FLOAT32_PARAMETERS,
  CONV_GROUPS,
  CONV_INT8_PARAMETERS,
  CONV_IN_CHANNELS,
  CONV_IN_HEIGHT,
  CONV_IN_WIDTH,
  CONV_KERNEL_HEIGHT,
  CONV_KERNEL_WIDTH,
  CONV_OUT_CHANNELS,
  CONV_OUT_HEIGHT,
  CONV_PAD_TOP,
  CONV_STRIDE_HEIGHT,
  DTYPE_FLOAT32,
  DTYPE_INT32,
} from "../format";
import { isClampInBuild } from "../microkernels/requantize";
import { parameter } from "../step";
import { DILATION, GROUPS } from "../variant";

const MAX_STEP: u32 = 1 << 15;
/** Window positions stay below this, so that row and column arithmetic cannot overflow. */
const MAX_POSITION: i32 = 1 << 30;
/** Largest block of prepared weights or workspace of one step, in bytes. */
const MAX_BLOCK: i64 = 1 << 30;

/** Whether a block of so many bytes may be asked for. */
export function isBlock(bytes: i64): bool {
  return bytes <= MAX_BLOCK;
}

/** One spatial axis of a convolution or pool, whose input and output extents are positive: whether its steps are in range. */
export function isWindowAxis(input: i32, output: i32, kernel: i32, stride: i32, dilation: i32, pad: i32): bool {
  // Unsigned: what is too small looks too large.
  if (<u32>(stride - 1) >= MAX_STEP || <u32>(dilation - 1) >= MAX_STEP || <u32>pad > MAX_STEP) return false;
  if (kernel < 1 || input > MAX_POSITION) return false;
  const lastStart = <i64>(output - 1) * stride;
  const reach = <i64>(kernel - 1) * dilation;
  // Windows may lie in the padding on either side, not behind it: the work stays in proportion to the operands.
  return lastStart <= <i64>input + pad + MAX_STEP && lastStart + reach < MAX_POSITION;
}

/** `axis` 0 is height, 1 is width. */
function isWindow(step: usize, axis: i32): bool {
  return isWindowAxis(
    parameter(step, CONV_IN_HEIGHT + axis),
    parameter(step, CONV_OUT_HEIGHT + axis),
    parameter(step, CONV_KERNEL_HEIGHT + axis),
    parameter(step, CONV_STRIDE_HEIGHT + axis),
    parameter(step, CONV_DILATION_HEIGHT + axis),
    parameter(step, CONV_PAD_TOP + axis),
  );
}

/** Whether both axes are in range and the channels divide into the groups. */
export function hasWindowsAndGroups(step: usize): bool {
  const groups = parameter(step, CONV_GROUPS);
  const channels = parameter(step, CONV_IN_CHANNELS);
  const outChannels = parameter(step, CONV_OUT_CHANNELS);
  return (
    groups >= 1 && channels >= 1 && outChannels >= 1 && channels % groups == 0 && outChannels % groups == 0 &&
    isWindow(step, 0) && isWindow(step, 1)
  );
}

/**
 * Operands x [batch, inH, inW, inC] · weights [outC, kernelH, kernelW, inC / groups] · bias [outC] · (int8: multipliers
 * [outC]) · y [batch, outH, outW, outC]: whether these extents are the operands' own and every parameter is in range.
 * `encoded` weights are the caller's to check.
 */
export function checkGeometry(step: usize, context: usize, dtype: i32, encoded: bool = false): bool {
  const isFloat32 = dtype == DTYPE_FLOAT32;
  const operands = isFloat32 ? 4 : 5;
  if (!hasShape(step, operands, isFloat32 ? CONV_FLOAT32_PARAMETERS : CONV_INT8_PARAMETERS)) return false;
  const elementBytes: i64 = isFloat32 ? 4 : 1;
  if (!hasWindowsAndGroups(step)) return false;
  const outChannels = parameter(step, CONV_OUT_CHANNELS);
  const inGroup = parameter(step, CONV_IN_CHANNELS) / parameter(step, CONV_GROUPS);
  const weights = times(times(outChannels, extent(step, CONV_KERNEL_HEIGHT, 2)), inGroup);
  const outputs = times(parameter(step, CONV_BATCH), extent(step, CONV_OUT_HEIGHT, 3));
  const isFitting =
    holds(step, context, 0, dtype, extent(step, CONV_BATCH, 4), elementBytes) &
    (encoded || holds(step, context, 1, dtype, weights, elementBytes)) &
    holds(step, context, 2, isFloat32 ? DTYPE_FLOAT32 : DTYPE_INT32, outChannels, 4) &
    holds(step, context, operands - 1, dtype, outputs, elementBytes);
  if (isFloat32) return isFitting;
  return (
    isFitting &
    areInt8(step, CONV_CLAMP_LOW, 4) &
    (parameter(step, CONV_CLAMP_LOW) <= parameter(step, CONV_CLAMP_HIGH)) &
    holds(step, context, 3, DTYPE_FLOAT32, outChannels, 4)
  );
}

/** A convolution whose every channel has its own window: weights are [kernelH, kernelW, C]. */
export function checkDepthwise(step: usize, context: usize, dtype: i32, encoded: bool = false): bool {
  return (
    checkGeometry(step, context, dtype, encoded) &&
    (parameter(step, CONV_GROUPS) == parameter(step, CONV_IN_CHANNELS)) &
    (parameter(step, CONV_OUT_CHANNELS) == parameter(step, CONV_IN_CHANNELS))
  );
}

/**
 * As parameter() of step.ts, for kernels: what the build's model does not vary is a constant, and what depends on it folds.
 * Depthwise convolutions do not ask for their groups.
 */
// @ts-ignore: decorator
@inline
export function convParameter(step: usize, index: i32): i32 {
  if (!GROUPS && index == CONV_GROUPS) return 1;
  if (!DILATION && (index == CONV_DILATION_HEIGHT || index == CONV_DILATION_WIDTH)) return 1;
  return parameter(step, index);
}

/** Whether convParameter() tells the truth of a convolution that has passed its check, and clampVector() its limits; `isDepthwise` may have groups. */
export function isInBuild(step: usize, isDepthwise: bool): bool {
  return (
    (GROUPS || isDepthwise || parameter(step, CONV_GROUPS) == 1) &&
    (DILATION || (parameter(step, CONV_DILATION_HEIGHT) | parameter(step, CONV_DILATION_WIDTH)) == 1) &&
    isClampInBuild(parameter(step, CONV_CLAMP_LOW), parameter(step, CONV_CLAMP_HIGH))
  );
}

/** Elements of one output pixel's patch in one group: the depth K of the matrix product. */
export function patchElements(step: usize): i32 {
  return (
    parameter(step, CONV_KERNEL_HEIGHT) *
    parameter(step, CONV_KERNEL_WIDTH) *
    (parameter(step, CONV_IN_CHANNELS) / convParameter(step, CONV_GROUPS))
  );
}

/** Elements of one input image. */
export function imageElements(step: usize): usize {
  return <usize>(parameter(step, CONV_IN_HEIGHT) * parameter(step, CONV_IN_WIDTH) * parameter(step, CONV_IN_CHANNELS));
}

/** First of `taps` that lies inside the input, when tap 0 lies at `start`; `taps` when none does. */
export function firstTap(start: i32, dilation: i32, taps: i32): i32 {
  return start >= 0 ? 0 : min((dilation - 1 - start) / dilation, taps);
}

/** One past the last of `taps` that lies inside an input of `extent` positions; never below 0. */
export function endTap(start: i32, dilation: i32, taps: i32, extent: i32): i32 {
  const positions = extent - start;
  if (positions <= 0) return 0;
  return (taps - 1) * dilation < positions ? taps : (positions + dilation - 1) / dilation;
}

/** Whether a window of reach (taps - 1) · dilation + 1 lies wholly inside the input. */
export function isInside(start: i32, dilation: i32, taps: i32, extent: i32): bool {
  return start >= 0 && start + (taps - 1) * dilation < extent;
}
