/**
 * Convolution of int16 around zero with int8 weights [O, KH, KW, C / groups], read where they lie: what the layers with
 * int16 activations and those whose activations are quantized per call share. Pixel after pixel, the patch of each group is
 * copied into the workspace, where one dot product after the other reads it.
 */
import { extent, hasShape, holds, times } from "../check";
import {
  CONV_BATCH,
  CONV_CLAMP_HIGH,
  CONV_CLAMP_HIGH_F32,
  CONV_CLAMP_LOW,
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
  DTYPE_INT8,
} from "../format";
import { dotFourRows } from "../microkernels/dot-wide";
import { requantizeFar } from "../microkernels/requantize";
import { operandAddress, parameter, parameterF32 } from "../step";
import { hasWindowsAndGroups, imageElements, isBlock, isInside, patchElements } from "./geometry";

const SUMS_BYTES: usize = 16;
/** More products than this of int8 with 255 levels could leave int32. */
export const LARGEST_PATCH: i64 = 1 << 16;

/**
 * Operands x [N, H, W, C] of `dtype` · weights int8 · bias [O] · factors [O] · y: whether their bytes are what the
 * parameters say. x and y are of one type, `elementBytes` wide.
 */
export function checkWide(step: usize, context: usize, parameters: i32, dtype: i32, biasDtype: i32, elementBytes: i64): bool {
  if (!hasShape(step, 5, parameters) || !hasWindowsAndGroups(step)) return false;
  const outChannels = parameter(step, CONV_OUT_CHANNELS);
  const patch = times(extent(step, CONV_KERNEL_HEIGHT, 2), parameter(step, CONV_IN_CHANNELS) / parameter(step, CONV_GROUPS));
  return (
    patch <= LARGEST_PATCH &&
    isBlock(times(extent(step, CONV_BATCH, 4), 2)) &&
    holds(step, context, 0, dtype, extent(step, CONV_BATCH, 4), elementBytes) &&
    holds(step, context, 1, DTYPE_INT8, times(outChannels, patch), 1) &&
    holds(step, context, 2, biasDtype, outChannels, 4) &&
    holds(step, context, 3, DTYPE_FLOAT32, outChannels, 4) &&
    holds(step, context, 4, dtype, times(parameter(step, CONV_BATCH), extent(step, CONV_OUT_HEIGHT, 3)), elementBytes)
  );
}

/** sums · patch */
export function wideWorkspaceBytes(step: usize): i32 {
  return <i32>SUMS_BYTES + ((2 * patchElements(step) + 15) & ~15);
}

/** Copies the patch of the group whose first channel is `channel`; taps in the padding are 0. */
function gatherGroup(step: usize, image: usize, hStart: i32, wStart: i32, channel: i32, to: usize): void {
  const height = parameter(step, CONV_IN_HEIGHT);
  const width = parameter(step, CONV_IN_WIDTH);
  const channels = parameter(step, CONV_IN_CHANNELS);
  const taps = parameter(step, CONV_KERNEL_WIDTH);
  const dilation = parameter(step, CONV_DILATION_WIDTH);
  const tapBytes = <usize>(channels / parameter(step, CONV_GROUPS)) << 1;
  const isRun = dilation == 1 && parameter(step, CONV_GROUPS) == 1 && isInside(wStart, 1, taps, width);
  let h = hStart;
  for (let kh = parameter(step, CONV_KERNEL_HEIGHT); kh > 0; kh--, h += parameter(step, CONV_DILATION_HEIGHT)) {
    const row = image + (<usize>((h * width + wStart) * channels + channel) << 1);
    if (h < 0 || h >= height) {
      memory.fill(to, 0, tapBytes * taps);
      to += tapBytes * taps;
    } else if (isRun) {
      memory.copy(to, row, tapBytes * taps);
      to += tapBytes * taps;
    } else {
      for (let kw = 0; kw < taps; kw++, to += tapBytes) {
        const w = wStart + kw * dilation;
        if (w < 0 || w >= width) memory.fill(to, 0, tapBytes);
        else memory.copy(to, row + (<usize>(kw * dilation * channels) << 1), tapBytes);
      }
    }
  }
}

/** Stores what becomes of a sum: float32 by the layer's and the channel's scale, or int16 requantized. */
function finish<T>(step: usize, sum: i32, channel: i32, bias: usize, factors: usize, scale: f32, y: usize): void {
  const at = <usize>channel << 2;
  const factor = load<f32>(factors + at);
  if (isFloat<T>()) {
    const value = <f32>sum * (scale * factor) + load<f32>(bias + at);
    store<f32>(y + at, min<f32>(max<f32>(value, parameterF32(step, CONV_CLAMP_LOW_F32)), parameterF32(step, CONV_CLAMP_HIGH_F32)));
  } else {
    const value = requantizeFar(sum + load<i32>(bias + at), factor, parameter(step, CONV_CLAMP_LOW), parameter(step, CONV_CLAMP_HIGH));
    store<i16>(y + (<usize>channel << 1), <i16>value);
  }
}

/**
 * From the int16 at `x`, with the workspace at `scratch`. T is the output's type.
 * @param scale what one step of x is worth, for float32
 */
export function convolveWide<T>(step: usize, context: usize, x: usize, scratch: usize, scale: f32): void {
  const k = patchElements(step);
  const groups = parameter(step, CONV_GROUPS);
  const outChannels = parameter(step, CONV_OUT_CHANNELS);
  const inGroup = parameter(step, CONV_IN_CHANNELS) / groups;
  const outGroup = outChannels / groups;
  const weights = operandAddress(step, context, 1);
  const bias = operandAddress(step, context, 2);
  const factors = operandAddress(step, context, 3);
  const patch = scratch + SUMS_BYTES;
  let y = operandAddress(step, context, 4);
  for (let n = parameter(step, CONV_BATCH); n > 0; n--, x += imageElements(step) << 1) {
    let hStart = -parameter(step, CONV_PAD_TOP);
    for (let oh = parameter(step, CONV_OUT_HEIGHT); oh > 0; oh--, hStart += parameter(step, CONV_STRIDE_HEIGHT)) {
      let wStart = -parameter(step, CONV_PAD_LEFT);
      for (let ow = parameter(step, CONV_OUT_WIDTH); ow > 0; ow--, wStart += parameter(step, CONV_STRIDE_WIDTH), y += outChannels * sizeof<T>()) {
        for (let g = 0; g < groups; g++) {
          gatherGroup(step, x, hStart, wStart, g * inGroup, patch);
          const last = (g + 1) * outGroup - 1;
          for (let o = g * outGroup; o <= last; o += 4) {
            // Behind the group's last channel the last one is computed again and not stored.
            const o1 = min(o + 1, last), o2 = min(o + 2, last), o3 = min(o + 3, last);
            dotFourRows(
              patch, weights + <usize>(o * k), weights + <usize>(o1 * k), weights + <usize>(o2 * k), weights + <usize>(o3 * k), k, scratch,
            );
            for (let i = 0; i < 4 && o + i <= last; i++) finish<T>(step, load<i32>(scratch + (<usize>i << 2)), o + i, bias, factors, scale, y);
          }
        }
      }
    }
  }
}
