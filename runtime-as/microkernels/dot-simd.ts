/**
 * The inner products of the int8 kernels: to each of four int32 sums, add the products of its own lane. x holds
 * activations, w weights. The type parameter of the kernels names the form:
 *
 *     i16   2 products of int16 pairs; the same on every engine
 *     i8    4 products of bytes in three instructions, the first of which may saturate the sum of two products
 *     u8    4 products of bytes in the one relaxed instruction that engines with dot product units do exactly
 *
 * With bytes, x carries the sign that the engine wants (relaxed-simd.ts).
 */
import { RELAXED } from "../variant";

export const FORM_PAIRS: i32 = 0;
export const FORM_BYTES: i32 = 1;
export const FORM_RELAXED: i32 = 2;

/** `ones` are int16 ones from memory, because V8 rebuilds a literal at each use; only the form i8 reads them. */
// @ts-ignore: decorator
@inline
export function dot<T>(sum: v128, x: v128, w: v128, ones: v128): v128 {
  if (sizeof<T>() == 2) return i32x4.add(sum, i32x4.dot_i16x8_s(x, w));
  if (isSigned<T>()) return i32x4.add(sum, i32x4.dot_i16x8_s(i16x8.relaxed_dot_i8x16_i7x16_s(w, x), ones));
  return i32x4.relaxed_dot_i8x16_i7x16_add_s(w, x, sum);
}

/** Depth that one dot consumes. */
export function depthStep(form: i32): i32 {
  return RELAXED && form != FORM_PAIRS ? 4 : 2;
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
export function onesAt<T>(constants: usize): v128 {
  return sizeof<T>() == 1 && isSigned<T>() ? v128.load(constants, 64) : i16x8.splat(1);
}

// @ts-ignore: decorator
@inline
export function flipAt(constants: usize): v128 {
  return v128.load(constants, 80);
}

export function formAt(constants: usize): i32 {
  return RELAXED ? load<i32>(constants, 96) : FORM_PAIRS;
}
