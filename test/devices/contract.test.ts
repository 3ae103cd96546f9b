import { describe, expect, test } from 'vitest';
import type { DeviceOptions } from '../../devices/device.ts';
import { deviceKinds, openDevice } from '../../devices/index.ts';
import { requireTool } from '../require-tool.ts';
import { expectDeviceContract } from './contract.ts';

interface UnderContract {
  readonly name: string;
  /** The program it needs. */
  readonly tool?: string;
  readonly options?: DeviceOptions;
}

const devices: readonly UnderContract[] = [
  { name: 'node' },
  { name: 'browser:chromium', tool: 'chromium' },
  { name: 'chromium', tool: 'chromium', options: { worker: true } },
  { name: 'browser:firefox', tool: 'firefox-esr' },
  { name: 'browser:webkit', tool: 'WebKitWebDriver' },
  { name: 'qemu:mps2-an386', tool: 'qemu-system-arm' },
];

/** Kinds that need a counterpart, and the test that has it. */
const elsewhere: Readonly<Record<string, string>> = {
  webdriver: 'test/acceptance/web-devices.acceptance.ts',
  serial: 'test/devices/serial/device.test.ts',
  page: 'test/devices/page/page.test.ts',
  android: 'test/devices/android/android.test.ts',
};

for (const { name, tool, options } of devices)
  describe.skipIf(tool !== undefined && !requireTool(tool))(`device ${name}${options?.worker ? ', in a worker' : ''}`, () =>
    expectDeviceContract(() => openDevice(name, options)),
  );

test('every kind of device is under contract', () => {
  const kinds = new Set([...devices.map(({ name }) => name.split(':')[0]), ...Object.keys(elsewhere)]);
  expect(deviceKinds.map(({ name }) => name).filter((name) => !kinds.has(name))).toEqual([]);
});

test('an unknown browser is a mistake of usage that names the known ones', async () => {
  await expect(openDevice('browser:mosaic')).rejects.toThrow(/browser:mosaic: unknown browser; known are chromium, firefox, webkit/);
});

test('a worker needs a page', async () => {
  await expect(openDevice('node', { worker: true })).rejects.toThrow(/--worker and --no-isolation are for web pages/);
});
