/**
 * The most multiply-accumulates per second that this engine reaches with the inner operations of this variant: register
 * tiles fed from operands in the first-level cache, and nothing around them. A module of its own, never shipped with a
 * model: `whittle bench --profile` compares every layer with it. The host times the loops; one call makes
 * rounds · (multiply-accumulates of one round of that loop).
 */
import { TENSOR_FITS_QUADS } from "./format";
import { formOf } from "./microkernels/relaxed-simd";
import { depthStep, FORM_PAIRS, isPairs, writeDotConstants } from "./microkernels/dot-simd";
import { gemmRows4 } from "./microkernels/gemm-int8-simd";
import { gemmRowsRelaxed } from "./microkernels/gemm-relaxed-simd";
import { REQUANTIZE_CONSTANTS_BYTES, writeRequantizeConstants } from "./microkernels/requantize";
import { DEPTHWISE_MACS, depthwiseTile, depthwiseTileFours, FLOAT32_MACS, float32Tile } from "./microkernels/roofline-simd";
import { RELAXED, SIMD } from "./variant";

const operands = memory.data(4096, 16);
const constants = memory.data(112, 16);
/** A panel of 4 rows, or 4 rows, and one block of 8 channels: together they fit every first-level cache. */
const panel = memory.data(8448, 16);
const weights = memory.data(16448, 16);
/** Steps so deep that what gemmRows4 does after them does not count. */
const DEPTH: i32 = 512;
const block = memory.data(256, 16);
/** Steps of the other tiles in one round. */
const STEPS: i32 = 64;
const SCALAR_MACS: i32 = 4;

/** The form of layers whose weights allow relaxed dot products. */
let form = FORM_PAIRS;

/** Before everything else. @param engine ENGINE_… bits */
export function chooseForm(engine: i32): void {
  if (RELAXED) form = formOf(engine, TENSOR_FITS_QUADS);
}

export function dotMacsPerRound(): i32 {
  return SIMD ? DEPTH * 4 * 8 * depthStep(form) : STEPS * SCALAR_MACS;
}

export function depthwiseMacsPerRound(): i32 {
  return SIMD ? DEPTHWISE_MACS : STEPS * SCALAR_MACS;
}

export function float32MacsPerRound(): i32 {
  return STEPS * (SIMD ? FLOAT32_MACS : SCALAR_MACS);
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
  if (!SIMD) return scalarTile<i8, i32>(rounds);
  if (!RELAXED) {
    for (; rounds > 0; rounds--) gemmRows4(panel, DEPTH, weights, 8, constants, operands, operands + 8, operands + 16, operands + 24);
    return 0;
  }
  writeDotConstants(constants + REQUANTIZE_CONSTANTS_BYTES, form, 0);
  // At distances of a power of two they would compete for the same lines of the cache.
  for (let i: usize = 0; i < 4; i++) store<usize>(operands + i * sizeof<usize>(), panel + i * (DEPTH * 4 + 80));
  for (; rounds > 0; rounds--) gemmRowsRelaxed(form, operands, 4, 1, 0, DEPTH * 4, weights, 8, constants, operands + 16, 8);
  return 0;
}

/** int8 depthwise convolutions, 3x3. */
export function depthwise(rounds: i32): i32 {
  if (!SIMD) return scalarTile<i8, i32>(rounds);
  writeRequantizeConstants(constants, 0, -128, 127);
  if (!RELAXED || isPairs(form)) depthwiseTile(operands, rounds, block, constants);
  else {
    writeDotConstants(constants + REQUANTIZE_CONSTANTS_BYTES, form, 0);
    depthwiseTileFours(form, operands, rounds, block, constants);
  }
  return 0;
}

/** float32 layers. */
export function float32(rounds: i32): i32 {
  return SIMD ? float32Tile(operands, STEPS, rounds) : scalarTile<f32, f32>(rounds);
}
