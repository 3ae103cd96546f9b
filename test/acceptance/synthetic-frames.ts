/** Inputs for the AD autoencoder, whose real ones were withdrawn. */
import { writeFileSync } from 'node:fs';
import { randomTensor } from '../compiler/ops/op-case.ts';
import { floatNpy } from '../compiler/samples/npy-bytes.ts';

const FRAME = 640;

/** Writes frames like those of machine sounds: 5 × 128 log-mel levels in dB, a smooth falling spectrum with noise. */
export function syntheticFrames(path: string, count: number, seed: number): void {
  const frames = new Float32Array(count * FRAME);
  for (let i = 0; i < count; i++) {
    const [level, slope, ...noise] = randomTensor([FRAME + 2], seed * 100_003 + i).data as Float32Array;
    noise.forEach((x, k) => {
      frames[i * FRAME + k] = -20 + 8 * (level as number) - (20 + 6 * (slope as number)) * ((k % 128) / 128) + 6 * x;
    });
  }
  writeFileSync(path, floatNpy([count, FRAME], frames));
}
