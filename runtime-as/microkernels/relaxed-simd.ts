/**
 * What this engine makes of i32x4.relaxed_dot_i8x16_i7x16_add_s. The standard leaves it open whether a byte of x above
 * 127 is negative, and what becomes of sums of two products beyond int16; V8 and SpiderMonkey take what the processor has:
 *
 *     SDOT, VPDPBSSD    x signed, exact                   VPDPBUSD    x unsigned, exact
 *     SMULL + ADDP      x signed, sums of two wrap        PMADDUBSW   x unsigned, sums of two saturate
 *
 * A layer fits if the positive weights of no quad (dot-simd.ts) sum up to more than 128, nor the negative ones to less than
 * -128: with bytes of x no sum of products is then beyond int16, 255 · 128 = 32640, and all engines give the same bits.
 * Others need an exact engine.
 */
import { ENGINE_EXACT, ENGINE_KNOWN, ENGINE_SIGNED } from "../format";
import { PAIRS, QUADS } from "../variant";
import { FORM_FOURS, FORM_PAIRS, FORM_QUADS } from "./dot-simd";

const LARGEST_SUM: i32 = 128;

/** The form in which a layer runs here; `fits`: its quads are within the bound. */
export function formOf(engine: i32, fits: bool): i32 {
  if (PAIRS && (!(engine & ENGINE_KNOWN) || !(fits || engine & ENGINE_EXACT))) return FORM_PAIRS;
  return !QUADS || engine & (ENGINE_EXACT | ENGINE_SIGNED) ? FORM_FOURS : FORM_QUADS;
}

/** What the activations are combined with (exclusive or): an unsigned engine gets x + 128. */
export function flipOf(engine: i32): i32 {
  return engine & ENGINE_SIGNED ? 0 : 0x80;
}

/** Whether all quads of `rows` rows are within the bound; reads up to 15 bytes behind the last row. */
export function rowQuadsFit(weights: usize, rows: i32, length: i32): bool {
  const zero = i8x16.splat(0);
  for (; rows > 0; rows--, weights += length) {
    let largest = zero;
    for (let i = 0; i < length; i += 16) {
      const inRow = i8x16.lt_u(i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), i8x16.splat(<i8>min(length - i, 16)));
      const w = v128.and(v128.load(weights + i), inRow);
      // Sums of neighbours: of the positive ones, and the magnitude of that of the negative ones.
      const positive = i16x8.extadd_pairwise_i8x16_s(i8x16.max_s(w, zero));
      const negative = i16x8.sub(positive, i16x8.extadd_pairwise_i8x16_s(w));
      const quads = i16x8.add(v128.shuffle<i32>(positive, negative, 0, 2, 4, 6), v128.shuffle<i32>(positive, negative, 1, 3, 5, 7));
      largest = i16x8.max_s(largest, quads);
    }
    if (v128.any_true(i16x8.gt_s(largest, i16x8.splat(<i16>LARGEST_SUM)))) return false;
  }
  return true;
}
