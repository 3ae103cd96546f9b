/** Devices browser:NAME and chromium: a browser on this machine, started for the purpose. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeviceError, UsageError } from '../../compiler/errors.ts';
import { packageRoot } from '../../compiler/root.ts';
import type { Device, DeviceKind, DeviceOptions } from '../device.ts';
import { machineConditions, machineFacts } from '../machine.ts';
import { chromiumEngine } from './chromium.ts';
import type { BrowserEngine, Evaluate } from './engine.ts';
import { firefoxEngine } from './firefox.ts';
import { MemoryServer } from './server.ts';
import { type Call, WebDevice } from './web-device.ts';

export const browserEngines: readonly BrowserEngine[] = [chromiumEngine, firefoxEngine];

/** A promise inside the page would die with the tab's first, blank document: the host asks again and again instead. */
async function loaded(evaluate: Evaluate): Promise<void> {
  for (const start = Date.now(); Date.now() - start < 30_000; ) {
    if (await evaluate("typeof whittle !== 'undefined'").catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new DeviceError('the page did not load within 30 s; is the machine overloaded?', 7);
}

/** Calls `whittle(name, …)` of page.ts. */
function callBy(evaluate: Evaluate): Call {
  return (name, ...parameters) => evaluate(`whittle(${[name, ...parameters].map((value) => JSON.stringify(value)).join(', ')})`);
}

async function open(name: string, engine: BrowserEngine, { log }: DeviceOptions): Promise<Device> {
  const files = new Map<string, string | Uint8Array>([
    ['/index.html', '<!doctype html><title>whittle</title><script type="module" src="/page.js"></script>'],
    ['/page.js', readFileSync(join(packageRoot, 'dist', 'page.js'))],
  ]);
  const browser = await engine.launch(log);
  const server = await MemoryServer.start(files);
  const close = async () => {
    await browser.close();
    await server.stop();
  };
  try {
    const evaluate = await browser.openPage(`${server.origin}/index.html`);
    await loaded(evaluate);
    const serve = (file: string, content: Uint8Array) => {
      files.set(`/${file}`, content);
      return `/${file}`;
    };
    return await WebDevice.open({ name, call: callBy(evaluate), serve, close, facts: machineFacts(), conditions: machineConditions });
  } catch (error) {
    await close();
    throw error;
  }
}

export const chromium: DeviceKind = { name: 'chromium', open: (options) => open('chromium', chromiumEngine, options) };

export const browser: DeviceKind = {
  name: 'browser',
  argument: browserEngines.map(({ name }) => name).join('|'),
  open: async (options, argument) => {
    const engine = browserEngines.find(({ name }) => name === argument);
    if (!engine)
      throw new UsageError(`browser:${argument}: unknown browser; known are ${browserEngines.map(({ name }) => name).join(', ')}`);
    return open(`browser:${engine.name}`, engine, options);
  },
};
