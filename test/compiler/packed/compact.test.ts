/** Compact files expand to the very bytes they were made from; damaged ones are refused or harmless. */
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { compileModel } from '../../../compiler/compile.ts';
import { compactPacked } from '../../../compiler/packed/compact.ts';
import { ByteDecoder, ByteEncoder, byteModel } from '../../../compiler/packed/entropy-coder.ts';
import { expandPacked, isCompact } from '../../../compiler/packed/expand.ts';
import { readPackedModel } from '../../../compiler/packed/read.ts';
import { packageRoot } from '../../../compiler/root.ts';
import { HEADER_WEIGHTS_BYTES, HEADER_WEIGHTS_OFFSET } from '../../../runtime-as/format.ts';
import { randomIntegers, survives } from '../../damage.ts';
import { smallModel } from '../../small-model.ts';
import { randomTensor } from '../ops/op-case.ts';

async function lenet(): Promise<Uint8Array> {
  const samples = [1, 2, 3].map((seed) => [randomTensor([784], seed, 0, 1).data as Float32Array]);
  return (await compileModel({ onnx: join(packageRoot, 'examples/mnist/lenet5.onnx'), name: 'lenet5', samples })).bytes;
}

describe('the coder', () => {
  const streams: Record<string, number[]> = {
    nothing: [],
    'one byte': [200],
    zeros: new Array(5000).fill(0),
    // Many 0xff in a row are what carries run through.
    ones: new Array(5000).fill(255),
    noise: Array.from(randomTensor([20000], 3, 0, 256).data, Math.floor),
    skewed: Array.from(randomTensor([20000], 4, 0, 1).data, (x) => Math.floor(256 * x ** 8)),
  };

  test.for(Object.keys(streams))('gives back %s', (name) => {
    const bytes = streams[name] as number[];
    const encoder = new ByteEncoder();
    const model = byteModel(5);
    for (const byte of bytes) encoder.encode(model, byte);
    const coded = encoder.finish();
    const decoder = new ByteDecoder(coded);
    const fresh = byteModel(5);
    expect(bytes.map(() => decoder.decode(fresh))).toEqual(bytes);
    const counts = new Map<number, number>();
    for (const byte of bytes) counts.set(byte, (counts.get(byte) ?? 0) + 1);
    const entropy = [...counts.values()].reduce((sum, n) => sum - n * Math.log2(n / bytes.length), 0) / 8;
    // Learning costs something; without it the code would be as long as the entropy says.
    expect(coded.length).toBeLessThan(1.08 * entropy + 80);
  });
});

describe.for([
  ['a small float32 model', async () => smallModel()],
  ['LeNet-5 in int8', lenet],
] as const)('%s', ([, build]) => {
  let model: Uint8Array;
  let compact: Uint8Array;
  beforeAll(async () => {
    model = await build();
    compact = compactPacked(model);
  });

  test('is smaller, and expands to the same bytes', () => {
    expect(compact.length).toBeLessThan(0.95 * model.length);
    expect(isCompact(compact)).toBe(true);
    expect(Buffer.compare(expandPacked(compact), model)).toBe(0);
    expect(expandPacked(model)).toBe(model);
    expect(readPackedModel(compact).file).toBe(compact);
    expect(readPackedModel(compact).metadata).toEqual(readPackedModel(model).metadata);
  });

  test('damaged anywhere, is refused, or is what it was', async () => {
    const random = randomIntegers(1);
    for (let i = 0; i < 150; i++) {
      const damaged = compact.slice();
      const at = random(damaged.length);
      damaged[at] = (damaged[at] as number) ^ (1 + random(255));
      if (!(await survives(damaged))) continue;
      expect(Buffer.compare(expandPacked(damaged), model), `byte ${at}`).toBe(0);
    }
    for (let i = 0; i < 30; i++) expect(await survives(compact.slice(0, 8 + random(compact.length - 16)))).toBe(false);
  });
});

test('a file that claims to be endless is refused', () => {
  const compact = compactPacked(smallModel());
  new DataView(compact.buffer).setUint32(4, 0xffffffff, true);
  expect(() => expandPacked(compact)).toThrow(/says it holds 4294967295 bytes/);
});

test('a file whose weights lie before its constants expands to what it was', () => {
  const model = smallModel();
  const header = new Uint32Array(model.buffer);
  header[HEADER_WEIGHTS_OFFSET] = 0;
  header[HEADER_WEIGHTS_BYTES] = 0;
  expect(Buffer.compare(expandPacked(compactPacked(model)), model)).toBe(0);
});
