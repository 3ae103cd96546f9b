/** Damaged packed models: the runtime must refuse them by name or run them to a normal end; never a trap, never a hang. */
import { crc32 } from 'node:zlib';
import { expect } from 'vitest';
import { Engine } from '../compiler/engine.ts';
import { InvalidPackedModelError } from '../compiler/errors.ts';
import { fullRuntime, type Variant } from '../compiler/root.ts';
import * as format from '../runtime-as/format.ts';

/** Deterministic integers below `limit` (mulberry32). */
export function randomIntegers(seed: number): (limit: number) => number {
  let state = seed | 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

/** The same file with a CRC that matches its content, so that the checks behind the CRC are judged. */
export function repairCrc(model: Uint8Array): Uint8Array {
  const covered = model.subarray((format.HEADER_CRC32 + 1) * 4);
  new DataView(model.buffer, model.byteOffset).setUint32(format.HEADER_CRC32 * 4, crc32(covered), true);
  return model;
}

/** Whether the file ran; false when it was refused. @throws when the runtime traps. */
export async function survives(model: Uint8Array, runtime: Variant | WebAssembly.Module = 'simd'): Promise<boolean> {
  let engine: Engine;
  try {
    engine = await Engine.create(runtime instanceof WebAssembly.Module ? runtime : await fullRuntime(runtime), model);
  } catch (error) {
    if (error instanceof InvalidPackedModelError) return false;
    throw error;
  }
  engine.run();
  return true;
}

const words = [0, 1, 2, 3, 7, 127, 255, 256, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

/** Overwrites words of the header, the tensor records and the steps (not the text and the weights) and repairs the CRC. */
export async function expectSurvivesDamagedWords(
  model: Uint8Array,
  seed: number,
  count: number,
  runtime: Variant | WebAssembly.Module = 'simd',
): Promise<void> {
  const random = randomIntegers(seed);
  const original = new DataView(model.buffer, model.byteOffset, model.byteLength);
  const structureWords = original.getUint32(format.HEADER_METADATA_OFFSET * 4, true) / 4;
  for (let i = 0; i < count; i++) {
    const damaged = model.slice();
    const view = new DataView(damaged.buffer);
    const index = (format.HEADER_CRC32 + 1 + random(structureWords - format.HEADER_CRC32 - 1)) * 4;
    const old = view.getUint32(index, true);
    const choices = [words[random(words.length)] as number, old + 1, old - 1, old * 2, old ^ (1 << random(32))];
    const value = (choices[random(choices.length)] as number) >>> 0;
    view.setUint32(index, value, true);
    try {
      await survives(repairCrc(damaged), runtime);
    } catch (error) {
      expect.fail(`word ${index / 4} ${old} → ${value}: ${error}`);
    }
  }
}
