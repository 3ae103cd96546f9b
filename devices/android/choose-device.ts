/** Which of the devices that adb sees is meant, and what to do about those that are not ready. */
import { DeviceError } from '../../compiler/errors.ts';
import type { AdbEntry } from './adb.ts';

const fixes: Readonly<Record<string, string>> = {
  unauthorized: 'look at its screen and allow USB debugging for this computer',
  authorizing: 'wait, or look at its screen and allow USB debugging for this computer',
  offline: 'unplug it and plug it in again, or adb reconnect',
  connecting: 'wait a moment, then try again',
  'no permissions':
    'add yourself to the group plugdev, or install the udev rules (Debian: apt-get install android-sdk-platform-tools-common), then plug it in again',
  recovery: 'it is in recovery: restart it',
  sideload: 'it is in recovery: restart it',
  bootloader: 'it is in the bootloader: restart it',
};

function entryText({ serial, state, model }: AdbEntry): string {
  return `${serial}${model ? ` (${model})` : ''}${state === 'device' ? '' : ` is ${state}: ${fixes[state] ?? 'restart it'}`}`;
}

/** Text for lists: what it is, and what hinders its use. */
export function hindranceOf({ state }: AdbEntry): string | undefined {
  return state === 'device' ? undefined : `${state}: ${fixes[state] ?? 'restart it'}`;
}

/** @throws DeviceError that says what to do, when it is not exactly one that is ready. */
export function chooseDevice(entries: readonly AdbEntry[], serial: string | undefined): AdbEntry {
  const list = entries.map((entry) => `\n  ${entryText(entry)}`).join('');
  if (!entries.length)
    throw new DeviceError(
      'adb sees no device; plug the phone in, switch on USB debugging (Settings, About phone, tap Build number seven times, then Developer options), and choose file transfer if it only charges',
    );
  if (serial !== undefined) {
    const entry = entries.find((candidate) => candidate.serial === serial);
    if (!entry) throw new DeviceError(`android:${serial}: adb does not see it; it sees${list}`);
    if (entry.state !== 'device') throw new DeviceError(`android:${entryText(entry)}`);
    return entry;
  }
  const ready = entries.filter(({ state }) => state === 'device');
  if (ready.length > 1) throw new DeviceError(`several devices are ready; say which one, as android:SERIAL:${list}`);
  if (!ready[0]) throw new DeviceError(`no device is ready:${list}`);
  return ready[0];
}
