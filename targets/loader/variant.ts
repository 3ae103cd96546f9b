/** Which build of the runtime this engine runs best. */
import type { Variant } from '../../compiler/root.ts';

/** 35 bytes that only validate where WASM SIMD exists: (func (drop (v128.const 0…))). */
const simdProbe = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 23, 1, 21, 0, 253, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 26,
  11,
]);

export function bestVariant(): Variant {
  return WebAssembly.validate(simdProbe) ? 'simd' : 'scalar';
}
