/** Linux's sysfs as it looks with three boards, an on-board port, and a port of a PC that is not there. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { listPorts, portsOfSysfs } from '../../../devices/serial/ports.ts';

const root = mkdtempSync(join(tmpdir(), 'whittle-sysfs-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function link(path: string, target: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  mkdirSync(join(root, target), { recursive: true });
  symlinkSync(join(root, target), join(root, path));
}

/** A USB device with one serial interface. */
function usb(name: string, device: string, driver: string, facts: Readonly<Record<string, string>>): void {
  for (const [fact, text] of Object.entries(facts)) write(`sys/devices/pci0/usb1/${device}/${fact}`, `${text}\n`);
  link(`sys/class/tty/${name}/device`, `sys/devices/pci0/usb1/${device}/${device}:1.0`);
  link(`sys/devices/pci0/usb1/${device}/${device}:1.0/driver`, `sys/bus/usb/drivers/${driver}`);
}

test('ports are found without udev, with their USB identity and the boards that have it', () => {
  usb('ttyACM0', '1-1', 'cdc_acm', { idVendor: '0483', idProduct: '374b', product: 'STM32 STLink', serial: '066CFF' });
  usb('ttyUSB0', '1-2', 'cp210x', { idVendor: '10c4', idProduct: 'ea60', product: 'CP2102N USB to UART' });
  usb('ttyACM1', '1-3', 'cdc_acm', { idVendor: 'ffff', idProduct: '0001' });
  link('sys/class/tty/ttyAMA0/device', 'sys/devices/platform/soc/serial');
  link('sys/devices/platform/soc/serial/driver', 'sys/bus/amba/drivers/uart-pl011');
  link('sys/class/tty/ttyS0/device', 'sys/devices/platform/serial8250');
  link('sys/devices/platform/serial8250/driver', 'sys/bus/platform/drivers/serial8250');
  mkdirSync(join(root, 'sys/class/tty/tty0'), { recursive: true });
  mkdirSync(join(root, 'dev/serial/by-id'), { recursive: true });
  symlinkSync('../../ttyACM0', join(root, 'dev/serial/by-id/usb-STMicroelectronics_STM32_STLink_066CFF-if02'));

  const ports = portsOfSysfs(root);
  expect(ports.map(({ path }) => path)).toEqual(['/dev/ttyACM0', '/dev/ttyACM1', '/dev/ttyAMA0', '/dev/ttyUSB0']);
  const [nucleo, stranger, onBoard, bridge] = ports;
  expect(nucleo).toMatchObject({
    title: 'STM32 STLink',
    vendorId: 0x0483,
    productId: 0x374b,
    serialNumber: '066CFF',
    byId: '/dev/serial/by-id/usb-STMicroelectronics_STM32_STLink_066CFF-if02',
  });
  expect(nucleo?.boards).toContain('nucleo-f446re');
  expect(stranger).toEqual({ path: '/dev/ttyACM1', vendorId: 0xffff, productId: 1, boards: [] });
  expect(onBoard).toEqual({ path: '/dev/ttyAMA0', boards: [] });
  expect(bridge?.boards).toContain('esp32-c3-devkitm-1');
});

test('a machine without ports, or without sysfs, has an empty list', async () => {
  expect(portsOfSysfs(join(root, 'nothing'))).toEqual([]);
  // Whatever this machine has: no exception, also where udevadm is missing.
  expect(Array.isArray(await listPorts())).toBe(true);
});
