/** The end of every int8 convolution on a board: four channels' sums → outputs. A block of four begins with a header. */
import { CONV_CLAMP_HIGH, CONV_CLAMP_LOW, CONV_OUTPUT_ZERO_POINT } from "../format";
import { word } from "../step";
import { requantizeInline } from "./requantize";

/** 4 biases int32 · 4 multipliers float32 */
export const COLUMN_BLOCK_HEADER_BYTES: i32 = 32;

/** Stores the first `channels` (4, if there are more) outputs of a block; `parameters` are those of the convolution. */
// @ts-ignore: decorator
@inline
export function finishChannels(y: usize, channels: i32, a: i32, b: i32, c: i32, d: i32, block: usize, parameters: usize): void {
  if (channels < 4) {
    finishPart(y, channels, a, b, c, block, parameters);
  } else {
    const zeroPoint = word(parameters, CONV_OUTPUT_ZERO_POINT);
    const low = word(parameters, CONV_CLAMP_LOW);
    const high = word(parameters, CONV_CLAMP_HIGH);
    store<i8>(y, requantizeInline(a, load<f32>(block, 16), zeroPoint, low, high));
    store<i8>(y, requantizeInline(b, load<f32>(block, 20), zeroPoint, low, high), 1);
    store<i8>(y, requantizeInline(c, load<f32>(block, 24), zeroPoint, low, high), 2);
    store<i8>(y, requantizeInline(d, load<f32>(block, 28), zeroPoint, low, high), 3);
  }
}

/** One to three channels. */
function finishPart(y: usize, channels: i32, a: i32, b: i32, c: i32, block: usize, parameters: usize): void {
  const zeroPoint = word(parameters, CONV_OUTPUT_ZERO_POINT);
  const low = word(parameters, CONV_CLAMP_LOW);
  const high = word(parameters, CONV_CLAMP_HIGH);
  for (let multiplier = block + 16; channels > 0; channels--, multiplier += 4, y++) {
    store<i8>(y, requantizeInline(a, load<f32>(multiplier), zeroPoint, low, high));
    a = b;
    b = c;
  }
}
