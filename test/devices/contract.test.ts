import { describe, expect, test } from 'vitest';
import { deviceKinds, openDevice } from '../../devices/index.ts';
import { requireTool } from '../require-tool.ts';
import { expectDeviceContract } from './contract.ts';

/** Device → the program it needs. */
const devices: Readonly<Record<string, string | undefined>> = {
  node: undefined,
  chromium: 'chromium',
  'browser:chromium': 'chromium',
  'browser:firefox': 'firefox-esr',
};

for (const [name, tool] of Object.entries(devices))
  describe.skipIf(tool !== undefined && !requireTool(tool))(`device ${name}`, () => expectDeviceContract(() => openDevice(name)));

test('every kind of device is under contract', () => {
  const kinds = new Set(Object.keys(devices).map((name) => name.split(':')[0]));
  expect(deviceKinds.map(({ name }) => name).filter((name) => !kinds.has(name))).toEqual([]);
});

test('an unknown browser is a mistake of usage that names the known ones', async () => {
  await expect(openDevice('browser:mosaic')).rejects.toThrow(/browser:mosaic: unknown browser; known are chromium, firefox/);
});
