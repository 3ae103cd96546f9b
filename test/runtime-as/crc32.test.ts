import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { loadModel } from '../../compiler/engine.ts';
import { writePackedModel } from '../../compiler/packed/write.ts';
import { planExecution } from '../../compiler/plan/plan.ts';
import { fullRuntime, type Variant } from '../../compiler/root.ts';
import * as format from '../../runtime-as/format.ts';
import { randomIntegers } from '../damage.ts';
import { smallGraph } from '../small-model.ts';

/** A packed model of at least this many bytes: its name is as long. */
function modelOf(bytes: number): Uint8Array {
  return writePackedModel(planExecution(smallGraph()), { name: 'n'.repeat(bytes), inputs: [], outputs: [], steps: [] });
}

/** Gives the model in parts of up to `largest` bytes. */
function inParts(model: Uint8Array, largest: number, random: (limit: number) => number) {
  return async (put: (part: Uint8Array) => void) => {
    for (let at = 0, size = 0; at < model.length; at += size) {
      size = 1 + random(largest);
      put(model.subarray(at, at + size));
    }
  };
}

// From far below to far above the bytes that are kept back, and what its history holds.
const sizes = [1, 15, 1500, 1960, 1968, 1969, 1984, 2500, 6200, 8192, 14_336, 50_001];

test.for(['scalar', 'simd'] satisfies Variant[])(
  '%s: models of any size, in parts of any size, and no damaged bit passes',
  async (variant) => {
    const wasm = await fullRuntime(variant);
    const random = randomIntegers(5);
    for (const size of sizes) {
      const model = modelOf(size + random(16));
      expect(new DataView(model.buffer).getUint32(format.HEADER_CRC32 * 4, true)).toBe(crc32(model.subarray(16)));
      for (const largest of [1, 20, 3000, model.length]) {
        await loadModel(wasm, inParts(model, largest, random));
        const damaged = model.slice();
        const at = 16 + random(model.length - 16);
        damaged[at] = (damaged[at] as number) ^ (1 << random(8));
        await expect(loadModel(wasm, inParts(damaged, largest, random)), `byte ${at}`).rejects.toThrow('the CRC-32 does not match');
      }
    }
  },
);
