/** Issue 3, acceptance 5: every variant of the runtime gives equal bytes on every model, in Node, Chromium and Firefox. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engineOf, relaxedProbe } from '../../compiler/relaxed-engine.ts';
import { fullRuntime, type Variant } from '../../compiler/root.ts';
import { chromiumEngine } from '../../devices/browser/chromium.ts';
import type { BrowserEngine } from '../../devices/browser/engine.ts';
import { firefoxEngine } from '../../devices/browser/firefox.ts';
import { openServedPage } from '../../devices/browser/served-page.ts';
import { WebDevice } from '../../devices/browser/web-device.ts';
import type { Device } from '../../devices/device.ts';
import { openDevice } from '../../devices/index.ts';
import { Runner } from '../../devices/runner.ts';
import { requireTool } from '../require-tool.ts';
import { relaxedEngines, relaxedRuntime } from '../runtime-as/relaxed-engine.ts';
import { describeWithSharedData } from '../shared-data.ts';
import { everyModel, type RunnableModel } from './every-model.ts';

type Run = (model: RunnableModel) => Promise<readonly Uint8Array[]>;

/** In the page: what the probe answers; nothing where there are no relaxed dot products. */
const probeLanes = `(() => {
  const wasm = Uint8Array.from(atob('${relaxedProbe}'), (character) => character.charCodeAt(0));
  return WebAssembly.validate(wasm) ? new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports.p() : [];
})()`;

function relaxedText(bits: number): string {
  if (!(bits & 1)) return 'none that the runtime knows';
  return `${bits & 2 ? 'signed' : 'unsigned'}, ${bits & 4 ? 'exact' : 'sums of two limited to int16'}`;
}

/** Outputs on a device, and the variant that ran; without one, the device chooses. */
async function runOn(device: Device, { bytes, inputs }: RunnableModel, variant?: Variant) {
  const deployed = await device.deploy({ model: bytes, kernels: 'all', ...(variant && { variant }) });
  return { variant: deployed.variant, outputs: await device.infer(inputs) };
}

describeWithSharedData('equal bytes', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'whittle-same-bits-'));
  let models: RunnableModel[];
  let expected: Record<string, number>;
  const rows: string[] = [];

  /** CRC-32 over the outputs of every model, by its name. */
  async function outputCrcs(run: Run): Promise<Record<string, number>> {
    const crcs: Record<string, number> = {};
    for (const model of models) crcs[model.name] = (await run(model)).reduce((crc, output) => crc32(output, crc), 0);
    return crcs;
  }

  async function inRuntime(runtime: WebAssembly.Module): Promise<Record<string, number>> {
    return outputCrcs(async ({ bytes, inputs }) => {
      const { runner } = await Runner.create(bytes, runtime);
      return inputs.map((input) => runner.infer(input));
    });
  }

  beforeAll(async () => {
    models = await everyModel(scratch);
    expected = await inRuntime(await fullRuntime('scalar'));
    rows.push(`${models.length} models, ${models.reduce((sum, { inputs }) => sum + inputs.length, 0)} inputs`);
  });
  afterAll(() => {
    rmSync(scratch, { recursive: true, force: true });
    console.log(['', ...rows, ''].join('\n'));
  });

  test('Node: what it chooses itself, which is never relaxed in Node 20', async () => {
    const node = await openDevice('node');
    const chosen = new Set<string>();
    const crcs = await outputCrcs(async (model) => {
      const { variant, outputs } = await runOn(node, model);
      chosen.add(variant);
      return outputs;
    });
    rows.push(`Node ${process.version}: ${[...chosen]}`);
    expect(crcs).toEqual(expected);
    if (process.version.startsWith('v20.')) expect([...chosen]).toEqual(['simd']);
  });

  test.for(relaxedEngines)('relaxed dot products as %s computes them', async (engine) => {
    expect(await inRuntime(await relaxedRuntime(engine))).toEqual(expected);
  });

  const browsers: readonly (readonly [BrowserEngine, tool: string])[] = [
    [chromiumEngine, 'chromium'],
    [firefoxEngine, 'firefox-esr'],
  ];
  for (const [engine, tool] of browsers)
    describe.skipIf(!requireTool(tool))(engine.title, () => {
      let device: Device;
      let bits: number;

      beforeAll(async () => {
        const browser = await engine.launch();
        const host = await openServedPage(browser, { name: engine.name }, {});
        device = await WebDevice.open(host);
        const evaluate = await browser.openPage(`${host.origin}/index.html`);
        while (!(await evaluate("document.readyState === 'complete' && location.protocol === 'http:'").catch(() => false)))
          await new Promise((resolve) => setTimeout(resolve, 20));
        bits = engineOf((await evaluate(probeLanes)) as number[]);
        rows.push(`${await browser.version()}: relaxed dot products ${relaxedText(bits)}`);
      });
      afterAll(() => device?.close());

      test.for(['scalar', 'simd'] as const)('%s', async (variant) => {
        expect(await outputCrcs(async (model) => (await runOn(device, model, variant)).outputs)).toEqual(expected);
      });

      test('what it chooses itself: relaxed where its dot products are known', async () => {
        const chosen = new Set<string>();
        const crcs = await outputCrcs(async (model) => {
          const { variant, outputs } = await runOn(device, model);
          chosen.add(variant);
          return outputs;
        });
        expect(crcs).toEqual(expected);
        expect([...chosen]).toEqual([bits & 1 ? 'relaxed' : 'simd']);
      });
    });
});
