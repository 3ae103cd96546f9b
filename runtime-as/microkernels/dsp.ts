/**
 * The vocabulary of the DSP extension (ARMv7E-M, ARMv8-M): one instruction each, on pairs of int16 in one word. A board's C
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
@external("dsp", "smlad")
declare function smladInstruction(a: i32, b: i32, sum: i32): i32;
// @ts-ignore: decorator
@external("dsp", "smlabb")
declare function smlabbInstruction(a: i32, b: i32, sum: i32): i32;
// @ts-ignore: decorator
@external("dsp", "smlatt")
declare function smlattInstruction(a: i32, b: i32, sum: i32): i32;

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
