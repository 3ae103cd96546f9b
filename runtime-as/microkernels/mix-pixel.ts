/** One pixel of `channels` between its four neighbours: along the width (`across`), then along the height (`down`). */
import { RESIZE_WEIGHT_BITS } from "../format";
import { SIMD } from "../variant";
import { mixChannelsFloat32Simd, mixChannelsInt8Simd } from "./mix-pixel-simd";

// @ts-ignore: decorator
@inline
function between(low: f32, high: f32, weight: f32): f32 {
  return low + (high - low) * weight;
}

export function mixPixelFloat32(
  y: usize, topLeft: usize, topRight: usize, bottomLeft: usize, bottomRight: usize, across: f32, down: f32, channels: i32,
): void {
  let at: usize = 0;
  const end = (<usize>channels) << 2;
  if (SIMD) at = mixChannelsFloat32Simd(y, topLeft, topRight, bottomLeft, bottomRight, across, down, end);
  for (; at < end; at += 4) {
    const top = between(load<f32>(topLeft + at), load<f32>(topRight + at), across);
    const bottom = between(load<f32>(bottomLeft + at), load<f32>(bottomRight + at), across);
    store<f32>(y + at, between(top, bottom, down));
  }
}

/** (Σ x · weight across · weight down + half) >> 2 · RESIZE_WEIGHT_BITS; weights of both neighbours add up to 2^RESIZE_WEIGHT_BITS. */
export function mixPixelInt8(
  y: usize, topLeft: usize, topRight: usize, bottomLeft: usize, bottomRight: usize, across: i32, down: i32, channels: i32,
): void {
  const one = 1 << RESIZE_WEIGHT_BITS;
  let at: usize = 0;
  const end = <usize>channels;
  if (SIMD) at = mixChannelsInt8Simd(y, topLeft, topRight, bottomLeft, bottomRight, across, down, end);
  for (; at < end; at++) {
    const top = <i32>load<i8>(topLeft + at) * (one - across) + <i32>load<i8>(topRight + at) * across;
    const bottom = <i32>load<i8>(bottomLeft + at) * (one - across) + <i32>load<i8>(bottomRight + at) * across;
    const sum = top * (one - down) + bottom * down;
    store<i8>(y + at, (sum + (1 << (2 * RESIZE_WEIGHT_BITS - 1))) >> (2 * RESIZE_WEIGHT_BITS));
  }
}
