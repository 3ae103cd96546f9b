/**
 * The vocabulary of the DSP extension (ARMv7E-M, ARMv8-M): one instruction or a few, on two int16 or four int8 in one word. A board's C
 * defines the imports with the core's intrinsics; the host computes them.
 */
import { HOST } from "../variant";

// @ts-ignore: decorator
@external("dsp", "sxtb16")
declare function sxtb16Instruction(bytes: i32): i32;
// @ts-ignore: decorator
@external("dsp", "sxtb16_ror8")
declare function sxtb16Ror8Instruction(bytes: i32): i32;
// @ts-ignore: decorator
@external("dsp", "sxtab16")
declare function sxtab16Instruction(sums: i32, bytes: i32): i32;
// @ts-ignore: decorator
@external("dsp", "sxtab16_ror8")
declare function sxtab16Ror8Instruction(sums: i32, bytes: i32): i32;
// @ts-ignore: decorator
@external("dsp", "smlad")
declare function smladInstruction(a: i32, b: i32, sum: i32): i32;
// @ts-ignore: decorator
@external("dsp", "smlabb")
declare function smlabbInstruction(a: i32, b: i32, sum: i32): i32;
// @ts-ignore: decorator
@external("dsp", "smlatt")
declare function smlattInstruction(a: i32, b: i32, sum: i32): i32;
// @ts-ignore: decorator
@external("dsp", "pack_saturated8")
declare function packSaturated8Instructions(a: i32, b: i32, c: i32, d: i32): i32;
// @ts-ignore: decorator
@external("dsp", "max8")
declare function max8Instructions(a: i32, b: i32): i32;
// @ts-ignore: decorator
@external("dsp", "min8")
declare function min8Instructions(a: i32, b: i32): i32;

/** Bytes 0 and 2, sign-extended. */
// @ts-ignore: decorator
@inline
export function sxtb16(bytes: i32): i32 {
  if (!HOST) return sxtb16Instruction(bytes);
  return (<i32><i8>bytes & 0xffff) | (<i32><i8>(bytes >> 16) << 16);
}

/** Bytes 1 and 3, sign-extended. */
// @ts-ignore: decorator
@inline
export function sxtb16Ror8(bytes: i32): i32 {
  if (!HOST) return sxtb16Ror8Instruction(bytes);
  return (<i32><i8>(bytes >> 8) & 0xffff) | (<i32><i8>(bytes >> 24) << 16);
}

// @ts-ignore: decorator
@inline
function addPairs(a: i32, b: i32): i32 {
  return ((a + b) & 0xffff) | ((a & 0xffff0000) + (b & 0xffff0000));
}

/** Adds bytes 0 and 2 to two int16. */
// @ts-ignore: decorator
@inline
export function sxtab16(sums: i32, bytes: i32): i32 {
  return HOST ? addPairs(sums, sxtb16(bytes)) : sxtab16Instruction(sums, bytes);
}

/** Adds bytes 1 and 3 to two int16. */
// @ts-ignore: decorator
@inline
export function sxtab16Ror8(sums: i32, bytes: i32): i32 {
  return HOST ? addPairs(sums, sxtb16Ror8(bytes)) : sxtab16Ror8Instruction(sums, bytes);
}

/** sum + a.low · b.low + a.high · b.high */
// @ts-ignore: decorator
@inline
export function smlad(a: i32, b: i32, sum: i32): i32 {
  if (!HOST) return smladInstruction(a, b, sum);
  return sum + <i32><i16>a * <i32><i16>b + (a >> 16) * (b >> 16);
}

/** sum + a.low · b.low */
// @ts-ignore: decorator
@inline
export function smlabb(a: i32, b: i32, sum: i32): i32 {
  if (!HOST) return smlabbInstruction(a, b, sum);
  return sum + <i32><i16>a * <i32><i16>b;
}

/** sum + a.high · b.high */
// @ts-ignore: decorator
@inline
export function smlatt(a: i32, b: i32, sum: i32): i32 {
  if (!HOST) return smlattInstruction(a, b, sum);
  return sum + (a >> 16) * (b >> 16);
}

// @ts-ignore: decorator
@inline
function saturate8(value: i32): i32 {
  return min(max(value, -128), 127);
}

// @ts-ignore: decorator
@inline
function pack8(a: i32, b: i32, c: i32, d: i32): i32 {
  return (a & 0xff) | ((b & 0xff) << 8) | ((c & 0xff) << 16) | (d << 24);
}

/** Four integers, each saturated to int8, in one word. */
// @ts-ignore: decorator
@inline
export function packSaturated8(a: i32, b: i32, c: i32, d: i32): i32 {
  if (!HOST) return packSaturated8Instructions(a, b, c, d);
  return pack8(saturate8(a), saturate8(b), saturate8(c), saturate8(d));
}

/** The larger of each of four int8 (SSUB8, SEL). */
// @ts-ignore: decorator
@inline
export function max8(a: i32, b: i32): i32 {
  if (!HOST) return max8Instructions(a, b);
  return pack8(max<i32>(<i8>a, <i8>b), max<i32>(<i8>(a >> 8), <i8>(b >> 8)), max<i32>(<i8>(a >> 16), <i8>(b >> 16)), max(a >> 24, b >> 24));
}

/** The smaller of each of four int8. */
// @ts-ignore: decorator
@inline
export function min8(a: i32, b: i32): i32 {
  if (!HOST) return min8Instructions(a, b);
  return pack8(min<i32>(<i8>a, <i8>b), min<i32>(<i8>(a >> 8), <i8>(b >> 8)), min<i32>(<i8>(a >> 16), <i8>(b >> 16)), min(a >> 24, b >> 24));
}

/** The low byte in all four. */
// @ts-ignore: decorator
@inline
export function splat8(byte: i32): i32 {
  return (byte & 0xff) * 0x01010101;
}
