/** Issue 3, acceptance 5: every variant of the runtime gives equal bytes on every model, in Node, Chromium and Firefox. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPackedModel } from '../../compiler/packed/read.ts';
import { engineOf, relaxedProbe } from '../../compiler/relaxed-engine.ts';
import { fullRuntime, fullRuntimeBytes, type Variant } from '../../compiler/root.ts';
import { chromiumEngine } from '../../devices/browser/chromium.ts';
import type { BrowserEngine } from '../../devices/browser/engine.ts';
import { firefoxEngine } from '../../devices/browser/firefox.ts';
import { openServedPage } from '../../devices/browser/served-page.ts';
import { WebDevice } from '../../devices/browser/web-device.ts';
import type { Device } from '../../devices/device.ts';
import { openDevice } from '../../devices/index.ts';
import { Runner } from '../../devices/runner.ts';
import { ENGINE_EXACT, ENGINE_KNOWN, ENGINE_SIGNED } from '../../runtime-as/format.ts';
import { fitsRelaxed } from '../../targets/kernel-needs.ts';
import { bestVariant } from '../../targets/loader/variant.ts';
import { requireTool } from '../require-tool.ts';
import { relaxedEngines, relaxedRuntime } from '../runtime-as/relaxed-engine.ts';
import { describeWithSharedData } from '../shared-data.ts';
import { runOnArm64 } from './arm64-node.ts';
import type { OutputsAnswer, OutputsTask } from './arm64-outputs.ts';
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
  async function outputCrcs(run: Run, of = models): Promise<Record<string, number>> {
    const crcs: Record<string, number> = {};
    for (const model of of) crcs[model.name] = (await run(model)).reduce((crc, output) => crc32(output, crc), 0);
    return crcs;
  }

  async function inRuntime(runtime: WebAssembly.Module, of = models): Promise<Record<string, number>> {
    return outputCrcs(async ({ bytes, inputs }) => {
      const { runner } = await Runner.create(bytes, runtime);
      return inputs.map((input) => runner.infer(input));
    }, of);
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

  describe.skipIf(!requireTool('qemu-aarch64'))('V8 on an emulated ARM64, relaxed', () => {
    let task: string;
    let expectedOfNetworks: Record<string, number>;

    beforeAll(async () => {
      // An emulated processor is slow: the networks, on a real input and a random one.
      const isNetwork = ({ name }: RunnableModel) => name.includes('.onnx');
      const networks = models.filter(isNetwork).map((model) => ({ ...model, inputs: [0, -3].flatMap((i) => model.inputs.at(i) ?? []) }));
      expectedOfNetworks = await inRuntime(await fullRuntime('scalar'), networks);
      const folder = join(scratch, 'arm64');
      mkdirSync(folder);
      const put = (name: string, bytes: Uint8Array) => {
        writeFileSync(join(folder, name), bytes);
        return join(folder, name);
      };
      const outputsTask: OutputsTask = {
        runtime: put('runtime.wasm', fullRuntimeBytes('relaxed')),
        models: networks.map(({ name, bytes, inputs }, i) => ({
          name,
          model: put(`${i}.whittle`, bytes),
          inputs: inputs.map((input, k) => put(`${i}.${k}.bin`, input)),
        })),
      };
      task = put('task.json', Buffer.from(JSON.stringify(outputsTask)));
    });

    // The first compiler does not use the dot products that the second one does; a layer begins with one and goes on with the other.
    test.for([
      ['cortex-a72', 'no dot products', [], 0],
      ['cortex-a76', 'dot products, both compilers', ['--wasm-tiering-budget=100000'], 0],
      ['cortex-a76', 'dot products, the optimizing compiler alone', ['--no-liftoff', '--no-wasm-lazy-compilation'], ENGINE_EXACT],
    ] as const)('%s: %s', async ([cpu, , flags, exact]) => {
      const answer = JSON.parse(await runOnArm64(cpu, flags, 'test/acceptance/arm64-outputs.ts', scratch, task)) as OutputsAnswer;
      rows.push(`ARM64, ${cpu} ${flags}: relaxed dot products ${relaxedText(answer.engine)}`);
      expect(answer.crcs).toEqual(expectedOfNetworks);
      expect(answer.engine).toBe(ENGINE_KNOWN | ENGINE_SIGNED | exact);
    });
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

      test('what it chooses itself, and relaxed wherever its dot products are known', async () => {
        const plain: RunnableModel[] = [];
        const crcs = await outputCrcs(async (model) => {
          const { variant, outputs } = await runOn(device, model);
          expect(variant, model.name).toBe(bestVariant(fitsRelaxed(readPackedModel(model.bytes)), () => bits));
          if (variant !== 'relaxed') plain.push(model);
          return outputs;
        });
        expect(crcs).toEqual(expected);
        if (bits & ENGINE_KNOWN)
          expect(expected).toMatchObject(await outputCrcs(async (model) => (await runOn(device, model, 'relaxed')).outputs, plain));
      });
    });
});
