/** Sessions of several threads: in Node, in a real Chromium, as packages and as devices; the bytes are those of one thread. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileModel } from '../../compiler/compile.ts';
import { openDevice } from '../../devices/index.ts';
import { browserTarget } from '../../targets/browser/target.ts';
import { nodeTarget } from '../../targets/node/target.ts';
import { encodeOnnx, type OnnxModel, onnxNode } from '../compiler/ops/onnx-case.ts';
import { randomTensor } from '../compiler/ops/op-case.ts';
import { requireTool } from '../require-tool.ts';
import { Application } from './application.ts';

const shape = [1, 3, 40, 36];

function random(extents: readonly number[], seed: number) {
  return { type: 'float32' as const, shape: extents, data: randomTensor(extents, seed).data };
}

/** Layers that are worth dividing: by rows, by pixels, by channels, by elements. */
const onnx: OnnxModel = {
  nodes: [
    onnxNode('Conv', ['x', 'w1', 'b1'], 'a', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
    onnxNode('Relu', ['a'], 'b'),
    onnxNode('Conv', ['b', 'w2', 'b2'], 'c', { kernel_shape: [3, 3], pads: [1, 1, 1, 1], group: 24 }),
    onnxNode('Add', ['b', 'c'], 'd'),
    onnxNode('Conv', ['d', 'w3', 'b3'], 'e', { kernel_shape: [1, 1] }),
    onnxNode('MaxPool', ['e'], 'f', { kernel_shape: [4, 4], strides: [4, 4] }),
    onnxNode('Flatten', ['f'], 'g'),
    onnxNode('Gemm', ['g', 'w4', 'b4'], 'y', { transB: 1 }),
  ],
  inputs: { x: { type: 'float32', shape, data: [] } },
  constants: {
    w1: random([24, 3, 3, 3], 1),
    b1: random([24], 2),
    w2: random([24, 1, 3, 3], 3),
    b2: random([24], 4),
    w3: random([40, 24, 1, 1], 5),
    b3: random([40], 6),
    w4: random([70, 3600], 7),
    b4: random([70], 8),
  },
  outputs: { y: 'float32' },
};

const samples = Array.from({ length: 3 }, (_, i) => [randomTensor(shape, 50 + i).data as Float32Array]);
const inputs = Array.from({ length: 6 }, (_, i) => Uint8Array.from(randomTensor([4320], i, 0, 256).data, Math.floor));
let model: Uint8Array;

beforeAll(async () => {
  model = (await compileModel({ onnx: encodeOnnx(onnx), name: 'threads', samples, preprocess: { offset: -128, scale: 1 / 128 } })).bytes;
});

describe.for(['node', 'chromium'])('device %s', (name) => {
  test.skipIf(name === 'chromium' && !requireTool('chromium'))('gives the same bytes on 1, 2 and 3 threads, again and again', async () => {
    const device = await openDevice(name);
    try {
      await device.deploy({ model, variant: 'simd' });
      const expected = await device.infer(inputs);
      expect(new Set(expected.map(String)).size).toBe(inputs.length);
      for (const threads of [2, 3]) {
        expect((await device.deploy({ model, variant: 'simd', threads })).threads).toBe(threads);
        for (let round = 0; round < 20; round++) expect(await device.infer(inputs)).toEqual(expected);
      }
      await expect(device.deploy({ model, variant: 'scalar', threads: 2 })).rejects.toThrow('--threads 2: not with --variant scalar');
    } finally {
      await device.close();
    }
  });
});

describe('the node package', () => {
  let application: Application;
  beforeAll(async () => {
    application = await Application.create(nodeTarget, model, { threads: true });
  });
  afterAll(() => application?.close());

  function runInNode(body: string) {
    const script = join(application.folder, 'use.mjs');
    const index = pathToFileURL(join(application.packageFolder, 'index.js')).href;
    writeFileSync(script, `import { createSession } from ${JSON.stringify(index)};\n${body}`);
    const { stdout, stderr, status } = spawnSync('node', [script], { encoding: 'utf8', timeout: 60_000 });
    expect(`${status} ${stderr}`).toBe('0 ');
    return JSON.parse(stdout);
  }

  test('runs on two threads, and ends although nobody disposed of the session', () => {
    const [one, two, threads] = runInNode(`const pixels = Uint8Array.from({ length: 4320 }, (_, i) => (i * 37) % 256);
const outputs = [];
for (const threads of [1, 2]) outputs.push(Array.from((await (await createSession(undefined, { threads })).run(pixels)).y));
console.log(JSON.stringify([...outputs, (await createSession(undefined, { threads: 2 })).info.threads]));`);
    expect(two).toEqual(one);
    expect(new Set(one).size).toBeGreaterThan(1);
    expect(threads).toBe(2);
  });

  test('names what is wrong with a number of threads', () => {
    const messages = runInNode(`const message = (threads) => createSession(undefined, { threads }).catch((error) => error.message);
console.log(JSON.stringify([await message(0), await message(1.5), await message(1000)]));`);
    expect(messages).toEqual([0, 1.5, 1000].map((threads) => `threads: ${threads}; give a whole number from 1 to 64`));
  });

  test('a package without threads says how to get them', async () => {
    const plain = await Application.create(nodeTarget, model);
    try {
      const { createSession } = await import(/* @vite-ignore */ pathToFileURL(join(plain.packageFolder, 'index.js')).href);
      await expect(createSession(undefined, { threads: 2 })).rejects.toThrow('build it with whittle build --threads');
      expect(plain.packageFiles.filter((file) => file.includes('thread'))).toEqual([]);
    } finally {
      await plain.close();
    }
  });
});

describe.skipIf(!requireTool('chromium'))('the browser package', () => {
  let application: Application;
  beforeAll(async () => {
    application = await Application.create(browserTarget, model, { threads: true });
  });
  afterAll(() => application?.close());

  const body = (threads: number) => `(async () => {
    const { createSession } = await import('/model/index.js');
    const session = await createSession(undefined, { threads: ${threads} }).catch((error) => error.message);
    if (typeof session === 'string') return session;
    const { y } = await session.run(Uint8Array.from({ length: 4320 }, (_, i) => (i * 37) % 256));
    session.dispose();
    return Array.from(y);
  })()`;

  test('runs on two threads in a page that is isolated', async () => {
    const evaluate = await application.open({ isolated: true });
    expect(await evaluate(body(2))).toEqual(await evaluate(body(1)));
  });

  test('says what a page that is not isolated needs; one thread needs nothing', async () => {
    const evaluate = await application.open();
    expect(await evaluate(body(2))).toContain('Cross-Origin-Opener-Policy: same-origin');
    expect(await evaluate(body(1))).toHaveLength(70);
  });
});
