/**
 * The most multiply-accumulates per second that this engine reaches with the inner operations of this variant: register
 * tiles fed from operands in the first-level cache, and nothing around them. A module of its own, never shipped with a
 * model: `whittle bench --profile` compares every layer with it. The host times the loops; one call makes
 * rounds · macsPerRound() multiply-accumulates.
 */
import { depthwiseTile, dotTile, float32Tile, TILE_MACS } from "./microkernels/roofline-simd";
import { SIMD } from "./variant";

const operands = memory.data(4096, 16);
/** Steps of a tile in one round: their operands fit every first-level cache. */
const STEPS: i32 = 64;
const SCALAR_MACS: i32 = 4;

export function macsPerRound(): i32 {
  return STEPS * (SIMD ? TILE_MACS : SCALAR_MACS);
}

/** Four channels of one pixel, as the scalar kernels compute them. */
function scalarTile<T, A>(rounds: i32): i32 {
  let c0: A = 0, c1: A = 0, c2: A = 0, c3: A = 0;
  for (; rounds > 0; rounds--) {
    for (let x = operands, end = operands + STEPS * sizeof<T>(); x < end; x += sizeof<T>()) {
      const value = <A>load<T>(x);
      c0 += value * <A>load<T>(x, 1024);
      c1 += value * <A>load<T>(x, 1536);
      c2 += value * <A>load<T>(x, 2048);
      c3 += value * <A>load<T>(x, 2560);
    }
  }
  return <i32>(c0 + c1 + c2 + c3);
}

/** int8 matrix products and convolutions. */
export function dot(rounds: i32): i32 {
  return SIMD ? dotTile(operands, STEPS, rounds) : scalarTile<i8, i32>(rounds);
}

/** int8 depthwise convolutions. */
export function depthwise(rounds: i32): i32 {
  return SIMD ? depthwiseTile(operands, STEPS, rounds) : scalarTile<i8, i32>(rounds);
}

/** float32 layers. */
export function float32(rounds: i32): i32 {
  return SIMD ? float32Tile(operands, STEPS, rounds) : scalarTile<f32, f32>(rounds);
}
