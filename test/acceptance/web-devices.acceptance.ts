/** Issue 6, acceptance 1 and the contract of webdriver: one emitted package in three engines, in the page and in a worker. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileFile } from '../../compiler/compile-file.ts';
import { readPackedModel } from '../../compiler/packed/read.ts';
import { modelInputsOf, sampleReader } from '../../compiler/samples/layout.ts';
import { loadSamples } from '../../compiler/samples/load.ts';
import { browserEngines } from '../../devices/browser/device.ts';
import type { Browser } from '../../devices/browser/engine.ts';
import { MemoryServer } from '../../devices/browser/server.ts';
import { startWebKitDriver, type WebKitDriver } from '../../devices/browser/webkit.ts';
import { openDevice } from '../../devices/index.ts';
import { inputBytes } from '../../devices/port-bytes.ts';
import { browserTarget } from '../../targets/browser/target.ts';
import { nodeTarget } from '../../targets/node/target.ts';
import { expectDeviceContract } from '../devices/contract.ts';
import { requireTool } from '../require-tool.ts';
import { describeWithSharedData, sharedData } from '../shared-data.ts';

const tools: Readonly<Record<string, string>> = { chromium: 'chromium', firefox: 'firefox-esr', webkit: 'WebKitWebDriver' };

/** In the page: the real outputs of every sample, as the bytes of float32 in base64. */
const runAll = (entry: string, create: string) => `(async () => {
  const { ${create} } = await import('/model/${entry}');
  const session = await ${create}();
  const parts = [];
  const inputs = new Int8Array(await (await fetch('/inputs')).arrayBuffer());
  const [{ length }] = session.inputs;
  for (let at = 0; at < inputs.length; at += length) {
    const outputs = await session.run(inputs.slice(at, at + length));
    for (const { name } of session.outputs) parts.push(outputs[name]);
  }
  session.dispose();
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  let letters = '';
  for (const byte of bytes) letters += String.fromCharCode(byte);
  return btoa(letters);
})()`;

describeWithSharedData('the emitted package of ResNet-8', () => {
  const folder = mkdtempSync(join(tmpdir(), 'whittle-web-devices-'));
  const files = new Map<string, string | Uint8Array>([['/index.html', '<!doctype html><title>application</title>']]);
  let server: MemoryServer;
  let expected: number;

  beforeAll(async () => {
    const dataset = sharedData('ic-resnet8/dev.dataset.json');
    const { bytes } = await compileFile(sharedData('ic-resnet8/model_fp32_bn.onnx'), {
      name: 'resnet8',
      seed: 0,
      samples: sharedData('ic-resnet8/calibration.dataset.json'),
      limit: 50,
    });
    const model = readPackedModel(bytes);
    const samples = loadSamples(dataset, { inputs: modelInputsOf(model.metadata.inputs) });
    const read = sampleReader(samples, model.metadata.inputs);
    const raw = Array.from({ length: samples.count }, (_, i) => inputBytes(model.metadata, read(i)));
    files.set('/inputs', Buffer.concat(raw));

    await browserTarget.package(model, join(folder, 'browser'), { name: 'resnet8' });
    for (const name of readdirSync(join(folder, 'browser'))) files.set(`/model/${name}`, readFileSync(join(folder, 'browser', name)));
    server = await MemoryServer.start(files);

    // The host's answer: the package for Node.
    await nodeTarget.package(model, join(folder, 'node'), { name: 'resnet8' });
    const { createSession } = await import(join(folder, 'node', 'index.js'));
    const session = await createSession();
    let crc = 0;
    for (const sample of raw) {
      const outputs = await session.run(new Int8Array(sample.buffer, sample.byteOffset, sample.length));
      for (const { name } of session.outputs) {
        const values = outputs[name] as Float32Array;
        crc = crc32(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), crc);
      }
    }
    expected = crc;
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const engine of browserEngines)
    describe.skipIf(!requireTool(tools[engine.name] as string))(engine.name, () => {
      let browser: Browser;
      beforeAll(async () => {
        browser = await engine.launch();
      });
      afterAll(() => browser?.close());

      test.for([
        ['page', 'index.js', 'createSession'],
        ['worker', 'worker-session.js', 'createWorkerSession'],
      ] as const)("gives the host's CRC over the whole dev set, in the %s", async ([, entry, create]) => {
        const evaluate = await browser.openPage(`${server.origin}/index.html`);
        while (!(await evaluate("document.title === 'application' && document.readyState === 'complete'").catch(() => false)))
          await new Promise((resolve) => setTimeout(resolve, 20));
        const outputs = Buffer.from((await evaluate(runAll(entry, create))) as string, 'base64');
        expect(outputs.length).toBe(5000 * 10 * 4);
        expect(crc32(outputs)).toBe(expected);
      });
    });
});

describe.skipIf(!requireTool('WebKitWebDriver'))('device webdriver:URL', () => {
  let driver: WebKitDriver;
  beforeAll(async () => {
    driver = await startWebKitDriver();
  });
  afterAll(() => driver?.close());

  describe('a driver that runs already', () =>
    expectDeviceContract(() => {
      const query = Object.entries(driver.capabilities).map(([name, value]) => `${name}=${encodeURIComponent(JSON.stringify(value))}`);
      return openDevice(`webdriver:${driver.address}?${query.join('&')}`);
    }));
});
