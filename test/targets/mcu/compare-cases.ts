/** Recorded cases on kernels in C: every byte of the arena must be what the runtime in Node left there. */
import { expect } from 'vitest';
import { readPackedModel } from '../../../compiler/packed/read.ts';
import { writeBoardImage } from '../../../targets/mcu/image.ts';
import type { Vocabulary } from '../../../targets/mcu/vocabulary.ts';
import type { RecordedCase } from '../../recorded-case.ts';
import type { NativeCase, NativeRunner } from './native-runner.ts';

export interface ImageCase extends NativeCase {
  readonly name: string;
  readonly expected: Uint8Array;
}

export async function imageCases(cases: readonly RecordedCase[], vocabulary: Vocabulary): Promise<ImageCase[]> {
  const images: ImageCase[] = [];
  for (const { name, model, before, after } of cases) {
    const image = await writeBoardImage(readPackedModel(model), vocabulary);
    const [arena, expected] = [before, after].map((bytes) => {
      const padded = new Uint8Array(image.arenaBytes);
      padded.set(bytes);
      return padded;
    }) as [Uint8Array, Uint8Array];
    images.push({ name, image, arena, expected });
  }
  return images;
}

export function expectSameArenas(runner: NativeRunner, cases: readonly ImageCase[], label: string): void {
  const results = runner.runCases(cases);
  for (const [i, { name, expected }] of cases.entries()) {
    const actual = results[i] as Uint8Array;
    const at = expected.findIndex((byte, offset) => byte !== actual[offset] && !(isNaNAt(expected, offset) && isNaNAt(actual, offset)));
    if (at >= 0) expect.fail(`${label}: ${name}: byte ${at} of the arena is ${actual[at]}, in Node it is ${expected[at]}`);
  }
}

/** WASM leaves the bits of a NaN open: any float32 NaN equals any other. */
function isNaNAt(bytes: Uint8Array, offset: number): boolean {
  return Number.isNaN(new DataView(bytes.buffer, bytes.byteOffset).getFloat32(offset & ~3, true));
}
