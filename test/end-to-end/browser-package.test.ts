/** The browser package as applications use it: each entry, served well and badly, in a real Chromium. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserTarget } from '../../targets/browser/target.ts';
import { requireTool } from '../require-tool.ts';
import { Application, expectedOutput, pixels } from './application.ts';

const WASM_POLICY = "default-src 'none'; connect-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:";
const sent = `Uint8Array.from([${pixels}])`;

describe.skipIf(!requireTool('chromium'))('the browser package', () => {
  let application: Application;
  let expected: number[];

  beforeAll(async () => {
    application = await Application.create(browserTarget);
    expected = await expectedOutput();
  });
  afterAll(() => application?.close());

  test.for([
    ['as it should be', {}],
    ['under a Content-Security-Policy', { policy: WASM_POLICY }],
    ['with the wrong MIME type', { wasmType: 'application/octet-stream' }],
  ] as const)('index.js served %s', async ([, serving]) => {
    const evaluate = await application.open(serving);
    const [y, variant, best, progress] = (await evaluate(`(async () => {
      const { createSession } = await import('/model/index.js');
      const progress = [];
      const session = await createSession(undefined, { onProgress: (loaded) => progress.push(loaded) });
      const { y, labels } = await session.run({ x: ${sent} });
      return [Array.from(y), session.info.variant, labels, progress];
    })()`)) as [number[], string, { label: string; index: number; value: number }[], number[]];
    expect(y).toEqual(expected);
    expect(variant).not.toBe('scalar');
    const index = expected.indexOf(Math.max(...expected));
    expect(best[0]).toEqual({ label: `class ${index}`, index, value: expected[index] });
    expect(best).toHaveLength(5);
    expect(progress.at(-1)).toBe(readFileSync(join(application.packageFolder, 'model.whittle')).length);
  });

  test('says what is missing when only a part of the folder is served', async () => {
    const evaluate = await application.open();
    const message = await evaluate(`(async () => {
      const { createSession } = await import('/model/index.js');
      return createSession('/nowhere.whittle').catch((error) => error.message);
    })()`);
    expect(message).toMatch(/nowhere\.whittle: HTTP 404; serve the whole package folder/);
  });

  test('a page that forbids wasm gets the engine’s own reason', async () => {
    const evaluate = await application.open({ policy: "script-src 'self'" });
    const message = await evaluate(`(async () => {
      const { createSession } = await import('/model/index.js');
      return createSession().catch((error) => error.message);
    })()`);
    expect(message).toMatch(/Content Security Policy/i);
  });

  test('pictures of every kind are resized, stripped of alpha and give the same as their pixels', async () => {
    const evaluate = await application.open();
    const results = (await evaluate(`(async () => {
      const { createSession } = await import('/model/index.js');
      const session = await createSession();
      const rgb = ${sent};
      const image = new ImageData(6, 6);
      for (let i = 0; i < 36; i++) image.data.set([rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2], 255], 4 * i);
      const canvas = new OffscreenCanvas(6, 6);
      canvas.getContext('2d').putImageData(image, 0, 0);
      const twice = new ImageData(12, 12);
      for (let y = 0; y < 12; y++) for (let x = 0; x < 12; x++)
        twice.data.set(image.data.subarray(4 * (6 * (y >> 1) + (x >> 1)), 4 * (6 * (y >> 1) + (x >> 1)) + 4), 4 * (12 * y + x));
      const frame = new VideoFrame(canvas, { timestamp: 0 });
      const sources = [rgb, image, canvas, await createImageBitmap(image), frame, twice];
      const outputs = [];
      for (const source of sources) outputs.push(Array.from((await session.run(source)).y));
      return [...outputs, await session.run(new Uint8Array(5)).catch((error) => error.message)];
    })()`)) as unknown[];
    for (const output of results.slice(0, 6)) expect(output).toEqual(expected);
    expect(results[6]).toContain('has 5 values, expected 108 values [1, 6, 6, 3]');
  });

  test('a worker session queues, aborts, moves arrays, reports errors and ends', async () => {
    const evaluate = await application.open({ policy: WASM_POLICY });
    const result = (await evaluate(`(async () => {
      const { createWorkerSession } = await import('/model/worker-session.js');
      const session = await createWorkerSession();
      const settled = (promise) => promise.then((value) => Array.from(value.y), (error) => error.name + ': ' + error.message);
      const abort = new AbortController();
      const moved = ${sent};
      const waiting = [session.run(${sent}), session.run(${sent}, { signal: abort.signal }), session.run({ x: moved }, { transfer: true })].map(settled);
      abort.abort();
      const runs = await Promise.all(waiting);
      const picture = new ImageData(6, 6);
      for (let i = 0; i < 36; i++) for (let c = 0; c < 4; c++) picture.data[4 * i + c] = c < 3 ? ${sent}[3 * i + c] : 255;
      runs.push(await settled(session.run(picture)));
      const wrong = await settled(session.run(new Uint8Array(5)));
      const left = settled(session.run(${sent}));
      session.dispose();
      return { runs, left: moved.length, wrong, disposed: await left, variant: session.info.variant, port: session.inputs[0].name };
    })()`)) as Record<string, unknown>;
    expect(result.runs).toEqual([expected, expect.stringMatching(/^AbortError/), expected, expected]);
    expect(result).toMatchObject({ left: 0, port: 'x', disposed: expect.stringContaining('the session is disposed') });
    expect(result.wrong).toBe('WhittleError: input "x" has 5 values, expected 108 values [1, 6, 6, 3]');
  });

  test('the script runs from file://, in the page and in a worker made of itself', async () => {
    application.write('file.html', '<!doctype html><title>application</title><script src="model/small.iife.js"></script>');
    const evaluate = await application.openFile('file.html');
    const outputs = await evaluate(`(async () => {
      const page = await small.createSession();
      const worker = await small.createWorkerSession();
      return [Array.from((await page.run(${sent})).y), Array.from((await worker.run(${sent})).y)];
    })()`);
    expect(outputs).toEqual([expected, expected]);
  });

  test('the inline module needs no fetch', async () => {
    const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:";
    const evaluate = await application.open({ policy });
    const outputs = await evaluate(`(async () => {
      const { createSession, createWorkerSession } = await import('/model/inline.js');
      const outputs = [];
      for (const session of [await createSession(), await createWorkerSession()]) outputs.push(Array.from((await session.run(${sent})).y));
      return outputs;
    })()`);
    expect(outputs).toEqual([expected, expected]);
  });

  test('the cached model survives its server, and is checked', async () => {
    const evaluate = await application.open();
    const first = await evaluate(`(async () => {
      const { createSession } = await import('/model/index.js');
      const { cachedModel } = await import('/model/cached-model.js');
      const fetched = globalThis.fetch;
      await cachedModel();
      globalThis.fetch = () => { throw new TypeError('offline'); };
      const kept = await cachedModel();
      globalThis.fetch = fetched;
      return Array.from((await (await createSession(kept)).run(${sent})).y);
    })()`);
    expect(first).toEqual(expected);
    const [wrong, names] = (await evaluate(`(async () => {
      const { cachedBytes } = await import('/model/cache.js');
      const wrong = await cachedBytes('/model/model.whittle', { sha256: '0'.repeat(64), cacheName: 'other' }).catch((error) => error.message);
      for (const file of ['loader.js', 'index.js', 'worker.js']) await cachedBytes('/model/' + file, { cacheName: 'small', maxBytes: 500 });
      const names = (await (await caches.open('small')).keys()).map(({ url }) => url.split('/').at(-1));
      return [wrong, names];
    })()`)) as [string, string[]];
    expect(wrong).toMatch(/has SHA-256 [0-9a-f]{64}, expected 0{64}/);
    expect(names).toEqual(['worker.js']);
  });
});
