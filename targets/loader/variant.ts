/** Which build of the runtime this engine runs best. */
import { relaxedEngine } from '../../compiler/relaxed-engine.ts';
import type { Variant } from '../../compiler/root.ts';
import { ENGINE_EXACT, ENGINE_KNOWN, ENGINE_SIGNED } from '../../runtime-as/format.ts';
import { decodeBase64 } from './source.ts';

/** Validates only where there is WASM SIMD: (func (drop (v128.const 0…))). */
const simdProbe = 'AGFzbQEAAAABBAFgAAADAgEAChcBFQD9DAAAAAAAAAAAAAAAAAAAAAAaCw==';

/**
 * @param fits whether the weights of the model fit relaxed dot products on every engine (targets/kernel-needs.ts: fitsRelaxed); where sums
 *   may saturate, others are as quick without them, or quicker
 * @param engine ENGINE_… bits
 */
export function bestVariant(fits: boolean, engine = relaxedEngine): Variant {
  if (!WebAssembly.validate(decodeBase64(simdProbe) as BufferSource)) return 'scalar';
  return engine() & (fits ? ENGINE_KNOWN : ENGINE_EXACT | ENGINE_SIGNED) ? 'relaxed' : 'simd';
}
