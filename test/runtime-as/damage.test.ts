import { expect, test } from 'vitest';
import { Engine } from '../../compiler/engine.ts';
import { fullRuntime } from '../../compiler/root.ts';
import * as format from '../../runtime-as/format.ts';
import { expectSurvivesDamagedWords, randomIntegers, repairCrc, survives } from '../damage.ts';
import { smallModel } from '../small-model.ts';

const model = smallModel();

test('the undamaged model runs', async () => {
  expect(await survives(model)).toBe(true);
});

test('2000 random byte flips: every one is refused', async () => {
  const random = randomIntegers(1);
  for (let i = 0; i < 2000; i++) {
    const damaged = model.slice();
    const at = random(damaged.length);
    damaged[at] = (damaged[at] as number) ^ (1 + random(255));
    expect(await survives(damaged), `byte ${at}`).toBe(false);
  }
});

test('2000 random byte flips behind a repaired CRC: refused, or run to a normal end', async () => {
  const random = randomIntegers(2);
  let refused = 0;
  for (let i = 0; i < 2000; i++) {
    const damaged = model.slice();
    const at = 16 + random(damaged.length - 16);
    damaged[at] = (damaged[at] as number) ^ (1 + random(255));
    if (!(await survives(repairCrc(damaged)))) refused++;
  }
  expect(refused).toBeGreaterThan(200);
});

test('oversized and off-by-one words behind a repaired CRC', () => expectSurvivesDamagedWords(model, 3, 1000));

test('every truncation is refused', async () => {
  for (let length = 0; length < model.length; length += length < 100 ? 1 : 13) {
    expect(await survives(model.slice(0, length)), `${length} bytes`).toBe(false);
  }
});

test.for([
  ['magic', format.HEADER_MAGIC, 1, /wrong magic number/],
  ['version', format.HEADER_VERSION, 99, /another format version/],
  ['size', format.HEADER_FILE_BYTES, 1 << 20, /the file is cut off/],
  ['tensors beyond the file', format.HEADER_TENSOR_COUNT, 1 << 20, /a section lies outside the file/],
  ['steps beyond the file', format.HEADER_STEP_COUNT, 5000, /step 2 is malformed/],
  ['arena larger than 1 GiB', format.HEADER_ARENA_BYTES, 0x7fffffff, /a section lies outside/],
] as const)('names the damage: %s', async ([, word, value, message]) => {
  const damaged = model.slice();
  new DataView(damaged.buffer).setUint32(word * 4, value, true);
  await expect(Engine.create(await fullRuntime('simd'), repairCrc(damaged))).rejects.toThrow(message);
});
