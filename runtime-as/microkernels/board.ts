/** What every board's C gives the kernels. The host computes it. */
import { HOST } from "../variant";

// @ts-ignore: decorator
@external("board", "round_product")
declare function roundProductOnBoard(accumulator: i32, multiplier: f32, zeroPoint: i32): i32;
// @ts-ignore: decorator
@external("board", "multiply_add")
declare function multiplyAddOnBoard(a: i32, b: i32, sum: i32): i32;

/**
 * rne(f32(accumulator) · multiplier) + zeroPoint, for a result that is then limited to int8: beyond 2^9 it may be any number
 * that is as far out. By the floating-point unit, or by integers where there is none; requantize.ts is what both must equal.
 */
// @ts-ignore: decorator
@inline
export function roundProduct(accumulator: i32, multiplier: f32, zeroPoint: i32): i32 {
  return roundProductOnBoard(accumulator, multiplier, zeroPoint);
}

/** sum + a · b. A call, because the order of a loop's multiplications decides whether its values fit the registers. */
// @ts-ignore: decorator
@inline
export function multiplyAdd(a: i32, b: i32, sum: i32): i32 {
  if (!HOST) return multiplyAddOnBoard(a, b, sum);
  return sum + a * b;
}
