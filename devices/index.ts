/** The one list of devices. */
import { UsageError } from '../compiler/errors.ts';
import { android } from './android/device.ts';
import { browser, chromium } from './browser/device.ts';
import { isWebDeviceKind, type WebHost } from './browser/web-host.ts';
import { webdriver } from './browser/webdriver-device.ts';
import type { Device, DeviceKind, DeviceOptions } from './device.ts';
import { node } from './node/device.ts';
import { page } from './page/device.ts';
import { qemu } from './qemu/device.ts';
import { serial } from './serial/device.ts';

export const deviceKinds: readonly DeviceKind[] = [node, chromium, browser, webdriver, page, android, serial, qemu];

/** For help and errors: `node`, `qemu:BOARD` … */
export const deviceNames: readonly string[] = deviceKinds.map(({ name, argument }) =>
  argument?.startsWith('[') ? `${name}[:${argument.slice(1)}` : argument ? `${name}:${argument}` : name,
);

/** @throws UsageError for an unknown name. @param option as the user wrote it: --on, --to */
function findKind(name: string, option: string): { kind: DeviceKind; argument: string | undefined } {
  const colon = name.indexOf(':');
  const kindName = colon < 0 ? name : name.slice(0, colon);
  const argument = colon < 0 ? undefined : name.slice(colon + 1);
  const kind = deviceKinds.find((candidate) => candidate.name === kindName);
  if (!kind) throw new UsageError(`${option} ${name}: unknown device; known are ${deviceNames.join(', ')}`);
  if (argument !== undefined && !kind.argument)
    throw new UsageError(`${option} ${name}: ${kindName} takes nothing behind a colon; write ${option} ${kindName}`);
  if (argument === undefined && kind.argument && !kind.argument.startsWith('['))
    throw new UsageError(`${option} ${name}: say which one: ${kindName}:${kind.argument}`);
  return { kind, argument };
}

/**
 * @param name the kind, or kind:argument
 * @throws UsageError for an unknown name; DeviceError when it cannot be opened.
 */
export async function openDevice(name: string, options: DeviceOptions = {}): Promise<Device> {
  const { kind, argument } = findKind(name, '--on');
  if (!isWebDeviceKind(kind) && (options.worker || options.isolated === false))
    throw new UsageError(`--on ${name}: --worker and --no-isolation are for web pages; leave them out`);
  if (kind !== serial && options.board !== undefined)
    throw new UsageError(`--on ${name}: --board is for boards on a serial port; leave it out`);
  return kind.open(options, argument);
}

/**
 * The page of a device, for what is no packed model.
 * @throws UsageError when the device has none; DeviceError when it cannot be opened.
 */
export async function openWebHost(name: string, options: DeviceOptions = {}): Promise<WebHost> {
  const { kind, argument } = findKind(name, '--to');
  if (isWebDeviceKind(kind)) return kind.openHost(options, argument);
  const web = deviceKinds.filter(isWebDeviceKind).map((candidate) => candidate.name);
  throw new UsageError(`--to ${name}: has no web page; packages go to ${web.join(', ')}`);
}
