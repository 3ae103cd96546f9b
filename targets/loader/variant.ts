/** Which build of the runtime this engine runs best. */
import type { Variant } from '../../compiler/root.ts';
import { decodeBase64 } from './source.ts';

/** Validates only where there is WASM SIMD: (func (drop (v128.const 0…))). */
const simdProbe = 'AGFzbQEAAAABBAFgAAADAgEAChcBFQD9DAAAAAAAAAAAAAAAAAAAAAAaCw==';

/** Exports the four lanes of one i32x4.relaxed_dot_i8x16_i7x16_add_s, that of probeEngine in runtime-as/microkernels/relaxed-simd.ts. */
const relaxedProbe =
  'AGFzbQEAAAABCAFgAAR/f39/AwIBAAcFAQFwAAAKVQFTAQF7/QyAgICAf39/f3+Af4AB/gP8/QyAgICA//////9//3+Af0D//QwFAAAABgAAAAcAAAAIAAAA/ZMCIQAgAP0bACAA/RsBIAD9GwIgAP0bAws=';

/** Its lanes on processors with SDOT, SMULL, VPDPBUSD and PMADDUBSW. V8 11 has the instruction behind a flag and computes something else. */
const relaxedAnswers = ['65541,-502,-32759,-178', '-65531,-502,-32759,-178', '-65531,129546,32265,-946', '-65531,65540,32265,-946'];

function isRelaxedKnown(): boolean {
  const probe = decodeBase64(relaxedProbe) as BufferSource;
  if (!WebAssembly.validate(probe)) return false;
  const { p } = new WebAssembly.Instance(new WebAssembly.Module(probe)).exports;
  return relaxedAnswers.includes((p as () => number[])().join());
}

export function bestVariant(): Variant {
  if (!WebAssembly.validate(decodeBase64(simdProbe) as BufferSource)) return 'scalar';
  return isRelaxedKnown() ? 'relaxed' : 'simd';
}
