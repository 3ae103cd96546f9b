/**
 * Keeps every model and arena that an engine runs in this test file, for runners outside this process (recorded-case.ts): the
 * cases are written once, and the C kernels are judged by them, too.
 */
import { expect } from 'vitest';
import { Engine } from '../compiler/engine.ts';
import { readPackedModel } from '../compiler/packed/read.ts';
import { readRecords } from '../compiler/packed/records.ts';
import * as format from '../runtime-as/format.ts';
import { recordCase } from './recorded-case.ts';

const folder = process.env.WHITTLE_RECORD_CASES;
if (!folder) throw new Error('WHITTLE_RECORD_CASES is not set: record-cases.ts belongs to test/acceptance/native-kernels');

/** Larger arenas only take longer. */
const LARGEST_ARENA_BYTES = 1 << 18;

const models = new WeakMap<Engine, Uint8Array>();
const { create } = Engine;
Engine.create = async (wasm, model) => {
  // Damaged models may do anything that harms nobody: operands may overlap, and then the order of a kernel's loops shows.
  const isDamaged = new Error('who calls').stack?.includes('damage.ts');
  // As it arrives: where it lies, weights are prepared over it.
  const parts: Uint8Array[] = [];
  const engine = await create.call(Engine, wasm, async (put) => {
    const keep = (part: Uint8Array) => {
      parts.push(part.slice());
      put(part);
    };
    if (model instanceof Uint8Array) keep(model);
    else await model(keep);
  });
  if (!isDamaged) models.set(engine, Buffer.concat(parts));
  return engine;
};

/** The whole arena of the engine; undefined when the model has none at offset 0. */
function arenaOf(engine: Engine, model: Uint8Array): Uint8Array | undefined {
  const packed = readPackedModel(model);
  const index = readRecords(packed).tensors.findIndex(({ region, offset }) => region === format.REGION_ARENA && offset === 0);
  return index < 0 || packed.arenaBytes > LARGEST_ARENA_BYTES ? undefined : engine.tensor(index, packed.arenaBytes);
}

const { run } = Engine.prototype;
Engine.prototype.run = function () {
  const model = models.get(this);
  const arena = model && arenaOf(this, model);
  const before = arena?.slice();
  run.call(this);
  if (model && arena && before) recordCase(folder, { name: expect.getState().currentTestName ?? 'set-up', model, before, after: arena });
};
