/** The end of every int8 convolution on a board: four channels' sums → outputs. A block of four channels begins with a header. */
import { CONV_CLAMP_HIGH, CONV_CLAMP_LOW, CONV_OUTPUT_ZERO_POINT } from "../format";
import { word } from "../step";
import { DSP } from "../variant";
import { max8, min8, packSaturated8, splat8 } from "./dsp";
import { requantizeInline, requantizeWide } from "./requantize";

/** 4 biases int32 · 4 multipliers float32 */
export const COLUMN_BLOCK_HEADER_BYTES: i32 = 32;

/** The step's lower (upper) limit of an output as finishChannels wants it. */
// @ts-ignore: decorator
@inline
export function lowLimit(parameters: usize): i32 {
  const low = word(parameters, CONV_CLAMP_LOW);
  return DSP ? splat8(low) : low;
}

// @ts-ignore: decorator
@inline
export function highLimit(parameters: usize): i32 {
  const high = word(parameters, CONV_CLAMP_HIGH);
  return DSP ? splat8(high) : high;
}

// @ts-ignore: decorator
@inline
export function outputZeroPoint(parameters: usize): i32 {
  return word(parameters, CONV_OUTPUT_ZERO_POINT);
}

/** Stores the first `channels` (4, if there are more) outputs of a block, whose multipliers are ma to md. */
// @ts-ignore: decorator
@inline
export function finishChannels(
  y: usize, channels: i32, a: i32, b: i32, c: i32, d: i32, ma: f32, mb: f32, mc: f32, md: f32, zeroPoint: i32, low: i32, high: i32,
): void {
  if (DSP) {
    const four = packSaturated8(
      requantizeWide(a, ma, zeroPoint), requantizeWide(b, mb, zeroPoint),
      requantizeWide(c, mc, zeroPoint), requantizeWide(d, md, zeroPoint),
    );
    const clamped = min8(max8(four, low), high);
    if (channels >= 4) store<i32>(y, clamped, 0, 1);
    else storePart(y, channels, clamped);
  } else {
    store<i8>(y, requantizeInline(a, ma, zeroPoint, low, high));
    if (channels > 1) store<i8>(y, requantizeInline(b, mb, zeroPoint, low, high), 1);
    if (channels > 2) store<i8>(y, requantizeInline(c, mc, zeroPoint, low, high), 2);
    if (channels > 3) store<i8>(y, requantizeInline(d, md, zeroPoint, low, high), 3);
  }
}

/** The first one to three of four bytes. */
function storePart(y: usize, channels: i32, bytes: i32): void {
  for (; channels > 0; channels--, y++, bytes >>= 8) store<i8>(y, bytes);
}
