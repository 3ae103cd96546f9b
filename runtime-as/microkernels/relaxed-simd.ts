/**
 * What this engine makes of i32x4.relaxed_dot_i8x16_i7x16_add_s. The standard leaves it open whether a byte of x above
 * 127 is negative, and what becomes of sums of two products beyond int16; V8 and SpiderMonkey take what the processor has:
 *
 *     SDOT, VPDPBSSD    x signed, exact                   VPDPBUSD    x unsigned, exact
 *     SMULL + ADDP      x signed, sums of two wrap        PMADDUBSW   x unsigned, sums of two saturate
 *
 * A layer fits if the positive weights of no quad (dot-simd.ts) sum up to more than 128, nor the negative ones to less than
 * -128: with bytes of x no sum of products is then beyond int16, 255 · 128 = 32640, and all engines give the same bits.
 * The compiler looks and says so in the file (TENSOR_FITS_QUADS). Others need an exact engine.
 */
import { ENGINE_EXACT, ENGINE_KNOWN, ENGINE_SIGNED } from "../format";
import { PAIRS, QUADS } from "../variant";
import { FORM_FOURS, FORM_PAIRS, FORM_QUADS } from "./dot-simd";

/** The form in which a layer runs here; `fits`: its quads are within the bound. */
export function formOf(engine: i32, fits: bool): i32 {
  if (PAIRS && (!(engine & ENGINE_KNOWN) || !(fits || engine & ENGINE_EXACT))) return FORM_PAIRS;
  return !QUADS || engine & (ENGINE_EXACT | ENGINE_SIGNED) ? FORM_FOURS : FORM_QUADS;
}

/** What the activations are combined with (exclusive or): an unsigned engine gets x + 128. */
export function flipOf(engine: i32): i32 {
  return engine & ENGINE_SIGNED ? 0 : 0x80;
}
