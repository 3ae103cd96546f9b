/** What every board's C gives the kernels: arithmetic that depends on whether the core has a floating-point unit. */

/**
 * rne(f32(accumulator) · multiplier) as requantize.ts defines it, each operation rounded to float32: by the
 * floating-point unit, never fused, or by integers that give the same bits.
 */
// @ts-ignore: decorator
@external("board", "round_product")
export declare function roundProduct(accumulator: i32, multiplier: f32): i32;
