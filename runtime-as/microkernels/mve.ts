/**
 * The vocabulary of MVE (Cortex-M55, M85): vectors of 16 bytes, whose lanes are int8, int16 or int32. A board's C defines the
 * imports with one to three instructions each; the host computes them with its own vectors.
 */
import { HOST } from "../variant";

// @ts-ignore: decorator
@external("mve", "load_first")
declare function loadFirstOnBoard(address: usize, count: i32): v128;
// @ts-ignore: decorator
@external("mve", "store_first")
declare function storeFirstOnBoard(address: usize, bytes: v128, count: i32): void;
// @ts-ignore: decorator
@external("mve", "dot8")
declare function dot8OnBoard(a: v128, b: v128, sum: i32): i32;
// @ts-ignore: decorator
@external("mve", "make32")
declare function make32OnBoard(a: i32, b: i32, c: i32, d: i32): v128;
// @ts-ignore: decorator
@external("mve", "splat8")
declare function splat8OnBoard(value: i32): v128;
// @ts-ignore: decorator
@external("mve", "splat32")
declare function splat32OnBoard(value: i32): v128;
// @ts-ignore: decorator
@external("mve", "clamp32")
declare function clamp32OnBoard(x: v128, low: v128, high: v128): v128;
// @ts-ignore: decorator
@external("mve", "store_low8")
declare function storeLow8OnBoard(address: usize, x: v128, count: i32): void;
// @ts-ignore: decorator
@external("mve", "add32")
declare function add32OnBoard(a: v128, b: v128): v128;
// @ts-ignore: decorator
@external("mve", "round_product")
declare function roundProduct32OnBoard(accumulators: v128, multipliers: v128, zeroPoint: i32): v128;
// @ts-ignore: decorator
@external("mve", "multiply8_even")
declare function multiply8EvenOnBoard(a: v128, b: v128): v128;
// @ts-ignore: decorator
@external("mve", "multiply8_odd")
declare function multiply8OddOnBoard(a: v128, b: v128): v128;
// @ts-ignore: decorator
@external("mve", "add16")
declare function add16OnBoard(a: v128, b: v128): v128;
// @ts-ignore: decorator
@external("mve", "add_even16")
declare function addEven16OnBoard(sums: v128, a: v128): v128;
// @ts-ignore: decorator
@external("mve", "add_odd16")
declare function addOdd16OnBoard(sums: v128, a: v128): v128;
// @ts-ignore: decorator
@external("mve", "pack_saturated8")
declare function packSaturated8OnBoard(a: v128, b: v128, c: v128, d: v128): v128;
// @ts-ignore: decorator
@external("mve", "clamp8")
declare function clamp8OnBoard(x: v128, low: v128, high: v128): v128;

// @ts-ignore: decorator
@inline
function firstLanes(count: i32): v128 {
  return i8x16.lt_s(i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), i8x16.splat(<i8>min(count, 16)));
}

/** The first `count` bytes at an address (16, if there are more), the others 0; a board does not touch what lies behind. */
// @ts-ignore: decorator
@inline
export function loadFirst(address: usize, count: i32): v128 {
  if (!HOST) return loadFirstOnBoard(address, count);
  return v128.and(v128.load(address), firstLanes(count));
}

/** Stores the first `count` bytes (16, if there are more). */
// @ts-ignore: decorator
@inline
export function storeFirst(address: usize, bytes: v128, count: i32): void {
  if (!HOST) storeFirstOnBoard(address, bytes, count);
  else v128.store(address, v128.bitselect(bytes, v128.load(address), firstLanes(count)));
}

/** sum + Σ a · b over the sixteen int8 */
// @ts-ignore: decorator
@inline
export function dot8(a: v128, b: v128, sum: i32): i32 {
  if (!HOST) return dot8OnBoard(a, b, sum);
  const products = i32x4.add(
    i32x4.extadd_pairwise_i16x8_s(i16x8.extmul_low_i8x16_s(a, b)),
    i32x4.extadd_pairwise_i16x8_s(i16x8.extmul_high_i8x16_s(a, b)),
  );
  return (
    sum + i32x4.extract_lane(products, 0) + i32x4.extract_lane(products, 1) +
    i32x4.extract_lane(products, 2) + i32x4.extract_lane(products, 3)
  );
}

/** Four int32 in the order of the arguments. */
// @ts-ignore: decorator
@inline
export function make32(a: i32, b: i32, c: i32, d: i32): v128 {
  if (!HOST) return make32OnBoard(a, b, c, d);
  return i32x4.replace_lane(i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(a), 1, b), 2, c), 3, d);
}

/** The low byte in every lane. */
// @ts-ignore: decorator
@inline
export function splatBytes(value: i32): v128 {
  return HOST ? i8x16.splat(<i8>value) : splat8OnBoard(value);
}

// @ts-ignore: decorator
@inline
export function splat32(value: i32): v128 {
  return HOST ? i32x4.splat(value) : splat32OnBoard(value);
}

// @ts-ignore: decorator
@inline
export function clamp32(x: v128, low: v128, high: v128): v128 {
  return HOST ? i32x4.min_s(i32x4.max_s(x, low), high) : clamp32OnBoard(x, low, high);
}

/** Stores the low bytes of the first `count` int32 (4, if there are more). */
// @ts-ignore: decorator
@inline
export function storeLow8(address: usize, x: v128, count: i32): void {
  if (HOST) storeFirst(address, i8x16.shuffle(x, x, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12), min(count, 4));
  else storeLow8OnBoard(address, x, count);
}

// @ts-ignore: decorator
@inline
export function add32(a: v128, b: v128): v128 {
  return HOST ? i32x4.add(a, b) : add32OnBoard(a, b);
}

/** Four times roundProduct of board.ts. */
// @ts-ignore: decorator
@inline
export function roundProduct32(accumulators: v128, multipliers: v128, zeroPoint: i32): v128 {
  if (!HOST) return roundProduct32OnBoard(accumulators, multipliers, zeroPoint);
  const magic = f32x4.splat(12582912.0);
  const product = f32x4.mul(f32x4.convert_i32x4_s(accumulators), multipliers);
  return i32x4.add(i32x4.sub(f32x4.add(product, magic), magic), i32x4.splat(zeroPoint));
}

/** Products of the even int8 (0, 2, …), as int16. */
// @ts-ignore: decorator
@inline
export function multiply8Even(a: v128, b: v128): v128 {
  if (!HOST) return multiply8EvenOnBoard(a, b);
  return i16x8.mul(i16x8.shr_s(i16x8.shl(a, 8), 8), i16x8.shr_s(i16x8.shl(b, 8), 8));
}

/** Products of the odd int8, as int16. */
// @ts-ignore: decorator
@inline
export function multiply8Odd(a: v128, b: v128): v128 {
  if (!HOST) return multiply8OddOnBoard(a, b);
  return i16x8.mul(i16x8.shr_s(a, 8), i16x8.shr_s(b, 8));
}

// @ts-ignore: decorator
@inline
export function add16(a: v128, b: v128): v128 {
  return HOST ? i16x8.add(a, b) : add16OnBoard(a, b);
}

/** Adds the even int16 of `a` to int32. */
// @ts-ignore: decorator
@inline
export function addEven16(sums: v128, a: v128): v128 {
  if (!HOST) return addEven16OnBoard(sums, a);
  return i32x4.add(sums, i32x4.shr_s(i32x4.shl(a, 16), 16));
}

/** Adds the odd int16 of `a` to int32. */
// @ts-ignore: decorator
@inline
export function addOdd16(sums: v128, a: v128): v128 {
  if (!HOST) return addOdd16OnBoard(sums, a);
  return i32x4.add(sums, i32x4.shr_s(a, 16));
}

/** int32 saturated to int8, lane by lane: a0 b0 c0 d0 a1 b1 … */
// @ts-ignore: decorator
@inline
export function packSaturated8(a: v128, b: v128, c: v128, d: v128): v128 {
  if (!HOST) return packSaturated8OnBoard(a, b, c, d);
  const narrow = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
  return i8x16.shuffle(narrow, narrow, 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
}

// @ts-ignore: decorator
@inline
export function clamp8(x: v128, low: v128, high: v128): v128 {
  return HOST ? i8x16.min_s(i8x16.max_s(x, low), high) : clamp8OnBoard(x, low, high);
}
