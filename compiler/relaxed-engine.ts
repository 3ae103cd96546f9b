/**
 * What this engine makes of relaxed dot products (runtime-as/microkernels/relaxed-simd.ts). The standard leaves it open
 * whether a byte above 127 of the second operand is negative, and what becomes of sums of two products beyond int16.
 */
import { ENGINE_EXACT, ENGINE_KNOWN, ENGINE_SIGNED } from '../runtime-as/format.ts';

/**
 * (func (export "p") (result i32 i32 i32 i32 i32 i32 i32 i32)): the lanes of one i32x4.relaxed_dot_i8x16_i7x16_add_s and of one
 * i16x8.relaxed_dot_i8x16_i7x16_s. Four bytes each of their operands are all negative, all positive, of alternating signs,
 * in order: -128 -128 -128 -128 · 127 127 127 127 · 127 -128 127 -128 · 1 -2 3 -4 and -128 -128 -128 -128 · -1 -1 -1 -1 ·
 * -1 127 -1 127 · -128 127 64 -1; the first adds 5, 6, 7, 8.
 */
export const relaxedProbe =
  'AGFzbQEAAAABDAFgAAh/f39/f39/fwMCAQAHBQEBcAAACnoBeAEDe/0MgICAgH9/f39/gH+AAf4D/CEA/QyAgICA//////9//3+Af0D/IQEgACAB/QwFAAAABgAAAAcAAAAIAAAA/ZMCIQIgACAB/ZICIQAgAv0bACAC/RsBIAL9GwIgAv0bAyAA/RsAIAD9GwEgAP0bAiAA/RsDCw==';

/** The first four lanes on processors with SDOT, SMULL, VPDPBUSD and PMADDUBSW. V8 11 has the instructions behind a flag and computes something else. */
const known: Readonly<Record<string, number>> = {
  '65541,-502,-32759,-178': ENGINE_KNOWN | ENGINE_SIGNED | ENGINE_EXACT,
  '-65531,-502,-32759,-178': ENGINE_KNOWN | ENGINE_SIGNED,
  '-65531,129546,32265,-946': ENGINE_KNOWN | ENGINE_EXACT,
  '-65531,65540,32265,-946': ENGINE_KNOWN,
};

/** The last four with PMADDUBSW, of which the kernels use the second instruction: it must pair and saturate alike. */
const saturated = '-2147450880,2147450879,1057046273,-54198398';

/** @returns ENGINE_… bits of the engine with these lanes; 0: the runtime does without relaxed dot products */
export function engineOf(lanes: readonly number[]): number {
  const bits = known[lanes.slice(0, 4).join()] ?? 0;
  return bits === ENGINE_KNOWN && lanes.slice(4).join() !== saturated ? 0 : bits;
}

let bits: number | undefined;

/** ENGINE_… bits of this engine. */
export function relaxedEngine(): number {
  if (bits === undefined) {
    const wasm = Uint8Array.from(atob(relaxedProbe), (character) => character.charCodeAt(0));
    bits = WebAssembly.validate(wasm)
      ? engineOf((new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports.p as () => number[])())
      : 0;
  }
  return bits;
}
