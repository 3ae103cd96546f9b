/** The one list of devices. */
import { UsageError } from '../compiler/errors.ts';
import { chromium } from './browser/device.ts';
import type { Device, DeviceKind, DeviceOptions } from './device.ts';
import { node } from './node/device.ts';

export const deviceKinds: readonly DeviceKind[] = [chromium, node];

/** @throws UsageError for an unknown name; DeviceError when it cannot be opened. */
export async function openDevice(name: string, options: DeviceOptions = {}): Promise<Device> {
  const kind = deviceKinds.find((candidate) => candidate.name === name);
  if (!kind) throw new UsageError(`--on ${name}: unknown device; known are ${deviceKinds.map((candidate) => candidate.name).join(', ')}`);
  return kind.open(options);
}
