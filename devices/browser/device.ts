/** Devices browser:NAME and chromium: a browser on this machine, started for the purpose. */
import { UsageError } from '../../compiler/errors.ts';
import type { DeviceOptions, FoundDevice } from '../device.ts';
import { machineConditions, machineFacts } from '../machine.ts';
import { chromiumEngine } from './chromium.ts';
import type { BrowserEngine } from './engine.ts';
import { firefoxEngine } from './firefox.ts';
import { openServedPage } from './served-page.ts';
import { type WebHost, webDeviceKind } from './web-host.ts';
import { webkitEngine } from './webkit.ts';

export const browserEngines: readonly BrowserEngine[] = [chromiumEngine, firefoxEngine, webkitEngine];

const engineNames = browserEngines.map(({ name }) => name);

async function openEngine(name: string, engine: BrowserEngine, options: DeviceOptions): Promise<WebHost> {
  const browser = await engine.launch(options.log);
  return openServedPage(browser, { name, facts: machineFacts(), conditions: machineConditions }, options);
}

export const chromium = webDeviceKind('chromium', undefined, (options) => openEngine('chromium', chromiumEngine, options));

async function listEngines(): Promise<FoundDevice[]> {
  return browserEngines.map(({ name, title, fix, find }): FoundDevice => {
    const path = find();
    return {
      name: `browser:${name}`,
      title: path ? `${title}, ${path}` : title,
      ready: path !== undefined,
      ...(!path && { note: `not installed; ${fix}` }),
    };
  });
}

async function openByName(options: DeviceOptions, argument?: string): Promise<WebHost> {
  const engine = browserEngines.find(({ name }) => name === argument);
  if (!engine) throw new UsageError(`browser:${argument}: unknown browser; known are ${engineNames.join(', ')}`);
  return openEngine(`browser:${engine.name}`, engine, options);
}

export const browser = webDeviceKind('browser', engineNames.join('|'), openByName, listEngines);
