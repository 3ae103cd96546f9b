import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { compileModel } from '../../compiler/compile.ts';
import { Engine } from '../../compiler/engine.ts';
import { fullRuntime, packageRoot } from '../../compiler/root.ts';
import * as format from '../../runtime-as/format.ts';
import { randomTensor } from '../compiler/ops/op-case.ts';
import { expectSurvivesDamagedWords, randomIntegers, repairCrc, survives } from '../damage.ts';
import { smallModel } from '../small-model.ts';

/** The LeNet-5 that the repository ships, in int8. */
async function lenet(): Promise<Uint8Array> {
  const samples = [1, 2, 3].map((seed) => [randomTensor([784], seed, 0, 1).data as Float32Array]);
  return (await compileModel({ onnx: join(packageRoot, 'examples/mnist/lenet5.onnx'), name: 'lenet5', samples })).bytes;
}

const models: Readonly<Record<string, () => Promise<Uint8Array>>> = {
  'a small float32 model': async () => smallModel(),
  'LeNet-5 in int8': lenet,
};

describe.for(Object.keys(models))('%s', (name) => {
  let model: Uint8Array;
  beforeAll(async () => {
    model = await (models[name] as () => Promise<Uint8Array>)();
  });

  test('undamaged, it runs', async () => {
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

  test('2000 random byte flips in the structure, behind a repaired CRC: refused, or run to a normal end', async () => {
    const random = randomIntegers(2);
    const structure = new DataView(model.buffer).getUint32(format.HEADER_METADATA_OFFSET * 4, true);
    let refused = 0;
    for (let i = 0; i < 2000; i++) {
      const damaged = model.slice();
      const at = 16 + random(structure - 16);
      damaged[at] = (damaged[at] as number) ^ (1 + random(255));
      if (!(await survives(repairCrc(damaged)))) refused++;
    }
    expect(refused).toBeGreaterThan(1000);
  });

  test('flips in the constants behind a repaired CRC run to a normal end or are refused', async () => {
    const random = randomIntegers(4);
    const view = new DataView(model.buffer);
    const from = view.getUint32(format.HEADER_CONSTANTS_OFFSET * 4, true);
    for (let i = 0; i < 200; i++) {
      const damaged = model.slice();
      const at = from + random(view.getUint32(format.HEADER_CONSTANTS_BYTES * 4, true));
      damaged[at] = (damaged[at] as number) ^ (1 + random(255));
      await survives(repairCrc(damaged));
    }
  });

  test('oversized and off-by-one words behind a repaired CRC', () => expectSurvivesDamagedWords(model, 3, 1000));

  test('every truncation is refused', async () => {
    for (let length = 0; length < model.length; length += length < 100 ? 1 : 131) {
      expect(await survives(model.slice(0, length)), `${length} bytes`).toBe(false);
    }
  });
});

test.for([
  ['magic', format.HEADER_MAGIC, 1, /wrong magic number/],
  ['version', format.HEADER_VERSION, 99, /another format version; build and deploy it with its own runtime/],
  ['size', format.HEADER_FILE_BYTES, 1 << 20, /it is cut off; compile it again/],
  ['tensors beyond the file', format.HEADER_TENSOR_COUNT, 1 << 20, /a section is malformed/],
  ['steps beyond the file', format.HEADER_STEP_COUNT, 5000, /step 2 is malformed/],
  ['arena larger than 1 GiB', format.HEADER_ARENA_BYTES, 0x7fffffff, /a section is malformed/],
] as const)('names the damage: %s', async ([, word, value, message]) => {
  const damaged = smallModel();
  new DataView(damaged.buffer).setUint32(word * 4, value, true);
  await expect(Engine.create(await fullRuntime('simd'), repairCrc(damaged))).rejects.toThrow(message);
});
