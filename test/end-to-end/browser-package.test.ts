/** The browser package as an application uses it: served, imported as a module, run in a real Chromium. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Executor } from '../../compiler/execute.ts';
import { readPackedModel } from '../../compiler/packed/read.ts';
import { CdpBrowser } from '../../devices/browser/cdp.ts';
import { findChromium } from '../../devices/browser/device.ts';
import { MemoryServer } from '../../devices/browser/server.ts';
import { browserTarget } from '../../targets/browser/target.ts';
import { requireTool } from '../require-tool.ts';
import { smallGraph, smallModel } from '../small-model.ts';

test.skipIf(!requireTool('chromium'))('createSession and run give what the compiler computes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'whittle-browser-'));
  await browserTarget.package(readPackedModel(smallModel()), join(folder, 'model'), {});
  const files = new Map<string, string | Uint8Array>([['/index.html', '<!doctype html><title>application</title>']]);
  for (const name of readdirSync(join(folder, 'model'))) files.set(`/model/${name}`, readFileSync(join(folder, 'model', name)));
  const server = await MemoryServer.start(files);
  const browser = CdpBrowser.launch(findChromium());
  try {
    const evaluate = await browser.openPage(`${server.origin}/index.html`);
    while (!(await evaluate("document.title === 'application'").catch(() => false)))
      await new Promise((resolve) => setTimeout(resolve, 20));
    const [values, variant] = (await evaluate(`(async () => {
      const { createSession } = await import('/model/index.js');
      const session = await createSession();
      const { y } = await session.run({ x: Uint8Array.from({ length: 108 }, (_, i) => (i * 37) % 256) });
      return [Array.from(y), session.info.variant];
    })()`)) as [number[], string];
    const executor = await Executor.create(smallGraph());
    const real = Float32Array.from({ length: 108 }, (_, i) => (((i * 37) % 256) - 128) / 64);
    expect(values).toEqual(Array.from(executor.run([real])[0]?.data as Float32Array));
    expect(variant).toBe('simd');
  } finally {
    await browser.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
