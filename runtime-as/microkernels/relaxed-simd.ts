/**
 * What this engine makes of i32x4.relaxed_dot_i8x16_i7x16_add_s. The standard leaves it open whether a byte of x above
 * 127 is negative, and what becomes of sums of two products beyond int16; V8 and SpiderMonkey take what the processor has:
 *
 *     SDOT, VPDPBSSD    x signed, exact                   VPDPBUSD    x unsigned, exact
 *     SMULL + ADDP      x signed, sums of two wrap        PMADDUBSW   x unsigned, sums of two saturate
 *
 * Signed, sums of two only wrap where both weights and both bytes are -128: where no weight is (TENSOR_IS_SYMMETRIC), these engines are
 * exact. All of them are taken for such as wrap, because V8 is both on one processor: on ARM64 its first compiler has SMULL,
 * the second one SDOT, and a layer begins with the one and goes on with the other.
 *
 * Unsigned, a layer fits if the positive weights of no quad (dot-simd.ts) sum up to more than 128, nor the negative ones to less than
 * -128: with bytes of x no sum of products is then beyond int16, 255 · 128 = 32640, and all engines give the same bits.
 * The compiler looks and says so in the file (TENSOR_FITS_QUADS). Others need an exact engine. Of a depthwise layer it is the first and the
 * third weight of a window's columns, which depthwise-fours-simd.ts takes apart where they do not fit.
 */
import { ENGINE_EXACT, ENGINE_KNOWN, ENGINE_SIGNED, TENSOR_FITS_QUADS, TENSOR_IS_SYMMETRIC } from "../format";
import { PAIRS, QUADS } from "../variant";
import { FORM_FOURS, FORM_PAIRS, FORM_QUADS } from "./dot-simd";

/** Whether the dot products of such weights are exact here. @param promises of the weights: TENSOR_… */
export function isExact(engine: i32, promises: i32): bool {
  const exact = engine & ENGINE_SIGNED ? promises & TENSOR_IS_SYMMETRIC : engine & ENGINE_EXACT;
  return (engine & ENGINE_KNOWN) != 0 && (exact | (promises & TENSOR_FITS_QUADS)) != 0;
}

/** The quicker form of bytes here. */
export function bytesForm(engine: i32): i32 {
  return !QUADS || engine & (ENGINE_EXACT | ENGINE_SIGNED) ? FORM_FOURS : FORM_QUADS;
}

/** The form in which a layer runs here. */
export function formOf(engine: i32, promises: i32): i32 {
  return PAIRS && !isExact(engine, promises) ? FORM_PAIRS : bytesForm(engine);
}

/** What the activations are combined with (exclusive or): an unsigned engine gets x + 128. */
export function flipOf(engine: i32): i32 {
  return engine & ENGINE_SIGNED ? 0 : 0x80;
}
