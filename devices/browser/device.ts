/** Device chromium: a headless Chromium on this machine, driven over the DevTools protocol. */
import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { DeviceError } from '../../compiler/errors.ts';
import { packageRoot } from '../../compiler/root.ts';
import type { Clock, Deployed, Deployment, Device, DeviceKind, DeviceOptions, StepTime } from '../device.ts';
import type { DeployTimes } from '../runner.ts';
import { webRuntime } from '../web-runtime.ts';
import { CdpBrowser } from './cdp.ts';
import { MemoryServer } from './server.ts';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** @throws DeviceError with the line that installs a browser. */
export function findChromium(): string {
  const candidates = process.env.WHITTLE_CHROMIUM
    ? [process.env.WHITTLE_CHROMIUM]
    : (process.env.PATH ?? '').split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  for (const path of candidates) {
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here.
    }
  }
  throw new DeviceError('no Chromium found; install it (Debian: apt-get install chromium) or set WHITTLE_CHROMIUM to its path');
}

/** A promise inside the page would die with the tab's first, blank document: the host asks again and again instead. */
async function loaded(evaluate: (expression: string) => Promise<unknown>): Promise<void> {
  for (const start = Date.now(); Date.now() - start < 30_000; ) {
    if (await evaluate("typeof whittle !== 'undefined'").catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new DeviceError('the page did not load within 30 s; is the machine overloaded?', 7);
}

/** Messages of at most this many input bytes: a few megabytes of base64 per round trip. */
const BATCH_BYTES = 4 << 20;

class ChromiumDevice implements Device {
  readonly name = 'chromium';

  private constructor(
    private readonly browser: CdpBrowser,
    private readonly server: MemoryServer,
    private readonly files: Map<string, string | Uint8Array>,
    private readonly evaluate: (expression: string) => Promise<unknown>,
    readonly environment: Device['environment'],
  ) {}

  static async open({ log }: DeviceOptions): Promise<ChromiumDevice> {
    const binary = findChromium();
    log?.(`chromium: ${binary}`);
    const files = new Map<string, string | Uint8Array>([
      ['/index.html', '<!doctype html><title>whittle</title><script type="module" src="/page.js"></script>'],
      ['/page.js', readFileSync(join(packageRoot, 'dist', 'page.js'))],
    ]);
    const server = await MemoryServer.start(files);
    const browser = CdpBrowser.launch(binary);
    try {
      const evaluate = await browser.openPage(`${server.origin}/index.html`);
      await loaded(evaluate);
      const environment = (await evaluate('whittle.environment()')) as Device['environment'];
      return new ChromiumDevice(browser, server, files, evaluate, environment);
    } catch (error) {
      await browser.close();
      await server.stop();
      throw error;
    }
  }

  async deploy(deployment: Deployment): Promise<Deployed> {
    const { wasm, facts } = await webRuntime(deployment);
    this.files.set('/model.whittle', deployment.model);
    this.files.set('/runtime.wasm', wasm);
    return { ...facts, ...((await this.evaluate('whittle.deploy()')) as DeployTimes) };
  }

  async infer(inputs: readonly Uint8Array[]): Promise<Uint8Array[]> {
    const outputs: Uint8Array[] = [];
    const perMessage = Math.max(1, Math.floor(BATCH_BYTES / (inputs[0]?.length || 1)));
    for (let from = 0; from < inputs.length; from += perMessage) {
      const batch = inputs.slice(from, from + perMessage).map((input) => Buffer.from(input).toString('base64'));
      const replies = (await this.evaluate(`whittle.infer(${JSON.stringify(batch)})`)) as string[];
      outputs.push(...replies.map((reply) => new Uint8Array(Buffer.from(reply, 'base64'))));
    }
    return outputs;
  }

  async clock(): Promise<Clock> {
    return (await this.evaluate('whittle.clock()')) as Clock;
  }

  async time(runs: number): Promise<number> {
    return (await this.evaluate(`whittle.time(${runs})`)) as number;
  }

  async profile(runs: number): Promise<readonly StepTime[]> {
    return (await this.evaluate(`whittle.profile(${runs})`)) as StepTime[];
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.stop();
  }
}

export const chromium: DeviceKind = { name: 'chromium', open: (options) => ChromiumDevice.open(options) };
