/**
 * The inner products of the int8 kernels: to each of four int32 sums, add the products of its own lane. x holds
 * activations, w weights. A layer runs in one form:
 *
 *     pairs   2 products of int16 pairs; the same on every engine
 *     quads   8 products of bytes in five instructions. The first saturates sums of two products beyond int16, and sums of
 *             four pass through int16: such four weights, a quad, are 8i + 0, 1, 4, 5 and 8i + 2, 3, 6, 7 of a row
 *     fours   4 products of bytes in the one relaxed instruction that engines with dot product units do exactly
 *
 * or in that of winograd-simd.ts, which makes fewer products, in pairs.
 *
 * With bytes, x carries the sign that the engine wants (relaxed-simd.ts).
 */
import { PAIRS, QUADS, RELAXED, WINOGRAD } from "../variant";

export const FORM_PAIRS: i32 = 0;
export const FORM_QUADS: i32 = 1;
export const FORM_FOURS: i32 = 2;
export const FORM_WINOGRAD: i32 = 3;

// @ts-ignore: decorator
@inline
export function dotPair(sum: v128, x: v128, w: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(x, w));
}

// @ts-ignore: decorator
@inline
export function dotFour(sum: v128, x: v128, w: v128): v128 {
  return i32x4.relaxed_dot_i8x16_i7x16_add_s(w, x, sum);
}

/**
 * The same for engines that make it of PMADDUBSW: V8 takes five instructions for the one, three for these. `ones` are int16 ones from
 * memory, because V8 rebuilds a literal at each use.
 */
// @ts-ignore: decorator
@inline
export function dotHalves(sum: v128, x: v128, w: v128, ones: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(i16x8.relaxed_dot_i8x16_i7x16_s(w, x), ones));
}

/**
 * Two steps of 4 bytes: weights a meet the activations xa, b those of xb. Multipliers are what processors have least of; this
 * takes three of their instructions where two dots of pairs take four.
 */
// @ts-ignore: decorator
@inline
export function dotQuads(sum: v128, xa: v128, xb: v128, a: v128, b: v128, ones: v128): v128 {
  const quads = i16x8.add(i16x8.relaxed_dot_i8x16_i7x16_s(a, xa), i16x8.relaxed_dot_i8x16_i7x16_s(b, xb));
  return i32x4.add(sum, i32x4.dot_i16x8_s(quads, ones));
}

// @ts-ignore: decorator
@inline
export function isPairs(form: i32): bool {
  return PAIRS && (!RELAXED || form == FORM_PAIRS);
}

// @ts-ignore: decorator
@inline
export function isWinograd(form: i32): bool {
  return WINOGRAD && form == FORM_WINOGRAD;
}

/** Depth of one step of the panels and blocks. */
export function depthStep(form: i32): i32 {
  return isPairs(form) ? 2 : 4;
}

/** Steps over a depth of `k`; quads take two at a time. */
export function depthSteps(form: i32, k: i32): i32 {
  if (isPairs(form)) return (k + 1) >> 1;
  return QUADS && form == FORM_QUADS ? ((k + 7) >> 3) << 1 : (k + 3) >> 2;
}

/**
 * Behind the constants of requantize.ts: int16 ones · what turns activations into the bytes of the form (exclusive or) ·
 * the form.
 */
export const DOT_CONSTANTS_BYTES: i32 = RELAXED ? 48 : 0;

export function writeDotConstants(to: usize, form: i32, flip: i32): void {
  if (!RELAXED) return;
  v128.store(to, i16x8.splat(1));
  v128.store(to, i8x16.splat(<i8>flip), 16);
  store<i32>(to, form, 32);
}

/** The vectors of ones and of flips behind `constants`. */
// @ts-ignore: decorator
@inline
export function onesAt(constants: usize): v128 {
  return v128.load(constants, 64);
}

// @ts-ignore: decorator
@inline
export function flipAt(constants: usize): v128 {
  return v128.load(constants, 80);
}

export function formAt(constants: usize): i32 {
  return RELAXED ? load<i32>(constants, 96) : FORM_PAIRS;
}
