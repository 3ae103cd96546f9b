import { createRandom } from '../serial/random.ts';

/** Seeded random bytes. */
export function randomBytes(count: number, seed: number): Uint8Array {
  const random = createRandom(seed);
  return Uint8Array.from({ length: count }, () => Math.floor(random() * 256));
}
