/** Which build of the runtime this engine runs best. */
import { relaxedEngine } from '../../compiler/relaxed-engine.ts';
import type { Variant } from '../../compiler/root.ts';
import { decodeBase64 } from './source.ts';

/** Validates only where there is WASM SIMD: (func (drop (v128.const 0…))). */
const simdProbe = 'AGFzbQEAAAABBAFgAAADAgEAChcBFQD9DAAAAAAAAAAAAAAAAAAAAAAaCw==';

export function bestVariant(): Variant {
  if (!WebAssembly.validate(decodeBase64(simdProbe) as BufferSource)) return 'scalar';
  return relaxedEngine() ? 'relaxed' : 'simd';
}
