/**
 * int32 accumulator → int8: y = clamp(rne(f32(accumulator) · multiplier) + zero point).
 *
 * Adding 1.5 · 2^23 leaves a float32 whose last bit counts ones, so the addition itself rounds to nearest even and the
 * integer stands in the low bits. It is exact for |accumulator · multiplier| < 2^22, which the compiler guarantees;
 * outside, both variants still give the same bits. The product must be rounded before the sum: no fused multiply-add.
 */
import { CLAMPS, HOST } from "../variant";
import { roundProduct } from "./board";

const MAGIC: f32 = 12582912.0;
const MAGIC_BITS: i32 = 0x4b400000;

export function requantize(accumulator: i32, multiplier: f32, zeroPoint: i32, low: i32, high: i32): i32 {
  return requantizeInline(accumulator, multiplier, zeroPoint, low, high);
}

/** The same, for loops where it is most of the work. */
// @ts-ignore: decorator
@inline
export function requantizeInline(accumulator: i32, multiplier: f32, zeroPoint: i32, low: i32, high: i32): i32 {
  return min(max(requantizeWide(accumulator, multiplier, zeroPoint), low), high);
}

/** The same, not yet clamped. */
// @ts-ignore: decorator
@inline
export function requantizeWide(accumulator: i32, multiplier: f32, zeroPoint: i32): i32 {
  if (!HOST) return roundProduct(accumulator, multiplier, zeroPoint);
  return reinterpret<i32>(<f32>accumulator * multiplier + MAGIC) - (MAGIC_BITS - zeroPoint);
}

/** The same for limits that are not those of int8, for which boards have no short form; zero point 0. */
export function requantizeFar(accumulator: i32, multiplier: f32, low: i32, high: i32): i32 {
  return min(max(reinterpret<i32>(<f32>accumulator * multiplier + MAGIC) - MAGIC_BITS, low), high);
}

/** Four accumulators, rounded and offset, not clamped; for loops too short to be worth constants in memory. */
// @ts-ignore: decorator
@inline
export function requantizeFour(accumulators: v128, multipliers: v128, zeroPoints: v128): v128 {
  const product = f32x4.mul(f32x4.convert_i32x4_s(accumulators), multipliers);
  return i32x4.add(i32x4.sub(f32x4.add(product, f32x4.splat(MAGIC)), i32x4.splat(MAGIC_BITS)), zeroPoints);
}

/** Vectors that `requantizeVector` and `clampVector` read: kept in memory, because V8 rebuilds a literal at each use. */
export const REQUANTIZE_CONSTANTS_BYTES: i32 = 64;

export function writeRequantizeConstants(to: usize, zeroPoint: i32, low: i32, high: i32): void {
  for (let i = 0; i < 4; i++, to += 4) {
    store<f32>(to, MAGIC);
    store<i32>(to, MAGIC_BITS - zeroPoint, 16);
  }
  if (!CLAMPS) return;
  for (let i = 0; i < 16; i++, to++) {
    store<i8>(to, <i8>low, 16);
    store<i8>(to, <i8>high, 32);
  }
}

/** Whether clampVector() clamps to these limits: narrowing alone does to those of int8. */
export function isClampInBuild(low: i32, high: i32): bool {
  return CLAMPS || (low == -128 && high == 127);
}

/** Four accumulators, rounded and offset, not clamped. */
// @ts-ignore: decorator
@inline
export function requantizeVector(accumulators: v128, multipliers: v128, constants: usize): v128 {
  return requantizeLanes(accumulators, multipliers, v128.load(constants), v128.load(constants, 16));
}

/** The same with the first two constants loaded. */
// @ts-ignore: decorator
@inline
function requantizeLanes(accumulators: v128, multipliers: v128, magic: v128, bits: v128): v128 {
  return i32x4.sub(f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(accumulators), multipliers), magic), bits);
}

/** Sixteen values saturated to int8 and clamped; a to d hold four each. */
// @ts-ignore: decorator
@inline
export function clampVector(a: v128, b: v128, c: v128, d: v128, constants: usize): v128 {
  const narrow = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
  return CLAMPS ? i8x16.min_s(i8x16.max_s(narrow, v128.load(constants, 32)), v128.load(constants, 48)) : narrow;
}

/** Stores the low `count` bytes; a loop, so that no compiler copies it to where it is called. */
function storePart(to: usize, bytes: i64, count: i32): void {
  for (; count > 0; count--, to++, bytes >>= 8) store<i8>(to, <i8>bytes);
}

/** Stores row 1 (high half), then row 0 (low half) of 8 channels, of which `channels` are real. */
// @ts-ignore: decorator
@inline
export function storeRows(rows: v128, y0: usize, y1: usize, channels: i32): void {
  if (channels >= 8) {
    v128.store64_lane(y1, rows, 1);
    v128.store64_lane(y0, rows, 0);
  } else {
    storePart(y1, i64x2.extract_lane(rows, 1), channels);
    storePart(y0, i64x2.extract_lane(rows, 0), channels);
  }
}

/**
 * 2 rows x 8 channels of accumulators: cRN holds channels 4N … of row R; mN are their multipliers, `magic` and
 * `bits` the first two constants: loaded once for all, because V8 11.3 loads as often as it is asked to, and spills sums for it.
 */
// @ts-ignore: decorator
@inline
function requantizeTile(
  c00: v128, c01: v128, c10: v128, c11: v128, m0: v128, m1: v128, magic: v128, bits: v128, constants: usize,
): v128 {
  return clampVector(
    requantizeLanes(c00, m0, magic, bits), requantizeLanes(c01, m1, magic, bits),
    requantizeLanes(c10, m0, magic, bits), requantizeLanes(c11, m1, magic, bits), constants,
  );
}

/**
 * The same, stored. `block` begins with 8 biases (already added) and 8 multipliers. Row 1 is stored first: beyond the real
 * ones it may point to row 0.
 */
// @ts-ignore: decorator
@inline
export function requantizeRows2(
  c00: v128, c01: v128, c10: v128, c11: v128, y0: usize, y1: usize, channels: i32, block: usize, constants: usize,
): void {
  const m0 = v128.load(block, 32), m1 = v128.load(block, 48);
  const magic = v128.load(constants), bits = v128.load(constants, 16);
  storeRows(requantizeTile(c00, c01, c10, c11, m0, m1, magic, bits, constants), y0, y1, channels);
}

/** The same for 4 rows, stored last to first. */
// @ts-ignore: decorator
@inline
export function requantizeRows4(
  c00: v128, c01: v128, c10: v128, c11: v128, c20: v128, c21: v128, c30: v128, c31: v128,
  y0: usize, y1: usize, y2: usize, y3: usize, channels: i32, block: usize, constants: usize,
): void {
  const m0 = v128.load(block, 32), m1 = v128.load(block, 48);
  const magic = v128.load(constants), bits = v128.load(constants, 16);
  const rows2 = requantizeTile(c20, c21, c30, c31, m0, m1, magic, bits, constants);
  const rows0 = requantizeTile(c00, c01, c10, c11, m0, m1, magic, bits, constants);
  if (channels >= 8) {
    v128.store64_lane(y3, rows2, 1);
    v128.store64_lane(y2, rows2, 0);
    v128.store64_lane(y1, rows0, 1);
    v128.store64_lane(y0, rows0, 0);
  } else {
    storePart(y3, i64x2.extract_lane(rows2, 1), channels);
    storePart(y2, i64x2.extract_lane(rows2, 0), channels);
    storePart(y1, i64x2.extract_lane(rows0, 1), channels);
    storePart(y0, i64x2.extract_lane(rows0, 0), channels);
  }
}

/** One row. */
// @ts-ignore: decorator
@inline
export function requantizeRow(c0: v128, c1: v128, y: usize, channels: i32, block: usize, constants: usize): void {
  requantizeRows2(c0, c1, c0, c1, y, y, channels, block, constants);
}
