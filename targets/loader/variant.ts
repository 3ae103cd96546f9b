/** Which build of the runtime this engine runs best. */
import type { Variant } from '../../compiler/root.ts';

/** Validates only where there is WASM SIMD: (func (drop (v128.const 0…))). */
const simdProbe = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 23, 1, 21, 0, 253, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 26,
  11,
]);

/** Exports the four lanes of one i32x4.relaxed_dot_i8x16_i7x16_add_s, that of probeEngine in runtime-as/microkernels/relaxed-simd.ts. */
const relaxedProbe = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 0, 4, 127, 127, 127, 127, 3, 2, 1, 0, 7, 5, 1, 1, 112, 0, 0, 10, 85, 1, 83, 1, 1, 123, 253, 12,
  128, 128, 128, 128, 127, 127, 127, 127, 127, 128, 127, 128, 1, 254, 3, 252, 253, 12, 128, 128, 128, 128, 255, 255, 255, 255, 255, 127,
  255, 127, 128, 127, 64, 255, 253, 12, 5, 0, 0, 0, 6, 0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0, 253, 147, 2, 33, 0, 32, 0, 253, 27, 0, 32, 0, 253,
  27, 1, 32, 0, 253, 27, 2, 32, 0, 253, 27, 3, 11,
]);

/** Its lanes on processors with SDOT, SMULL, VPDPBUSD and PMADDUBSW. V8 11 has the instruction behind a flag and computes something else. */
const relaxedAnswers = ['65541,-502,-32759,-178', '-65531,-502,-32759,-178', '-65531,129546,32265,-946', '-65531,65540,32265,-946'];

function isRelaxedKnown(): boolean {
  if (!WebAssembly.validate(relaxedProbe)) return false;
  const { p } = new WebAssembly.Instance(new WebAssembly.Module(relaxedProbe)).exports;
  return relaxedAnswers.includes((p as () => number[])().join());
}

export function bestVariant(): Variant {
  if (!WebAssembly.validate(simdProbe)) return 'scalar';
  return isRelaxedKnown() ? 'relaxed' : 'simd';
}
