/** The serial ports of this machine, and which boards may be behind them. */
import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { SerialPort } from 'serialport';
import type { Board } from '../../targets/boards/board.ts';
import { boards } from '../../targets/boards/index.ts';

export interface Port {
  readonly path: string;
  /** What the USB device calls itself. */
  readonly title?: string;
  readonly vendorId?: number;
  readonly productId?: number;
  readonly serialNumber?: string;
  /** A name that stays when the board is plugged in elsewhere (Linux). */
  readonly byId?: string;
  /** Boards of targets/boards whose USB identity this is. */
  readonly boards: readonly string[];
}

function knownBoards(vendorId: number | undefined, productId: number | undefined): string[] {
  const isIt = ({ usb = [] }: Board) => usb.some((id) => id.vendorId === vendorId && id.productId === productId);
  return vendorId === undefined ? [] : boards.filter(isIt).map(({ name }) => name);
}

function hexadecimal(text: string | undefined): number | undefined {
  const value = Number.parseInt(text ?? '', 16);
  return Number.isNaN(value) ? undefined : value;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** The USB device above a device of sysfs: the next folder upwards that has an idVendor. */
function usbFacts(device: string, root: string): Omit<Port, 'path' | 'boards' | 'byId'> {
  for (let folder = device; folder.startsWith(root) && folder !== root; folder = dirname(folder)) {
    const vendorId = hexadecimal(readText(join(folder, 'idVendor')));
    if (vendorId === undefined) continue;
    const productId = hexadecimal(readText(join(folder, 'idProduct')));
    const title = readText(join(folder, 'product'));
    const serialNumber = readText(join(folder, 'serial'));
    return { vendorId, ...(productId !== undefined && { productId }), ...(title && { title }), ...(serialNumber && { serialNumber }) };
  }
  return {};
}

/** Name of /dev/ttyX in /dev/serial/by-id. */
function stableNames(root: string): Map<string, string> {
  const folder = join(root, 'dev', 'serial', 'by-id');
  return new Map(
    list(folder).flatMap((name) => {
      try {
        return [[basename(readlinkSync(join(folder, name))), `/dev/serial/by-id/${name}`]];
      } catch {
        return [];
      }
    }),
  );
}

/**
 * The serial ports as Linux's sysfs tells of them, without udev: containers have none.
 * @param root `/`, or a copy of the folders sys/ and dev/ for tests
 */
export function portsOfSysfs(root = '/'): Port[] {
  const folder = join(root, 'sys', 'class', 'tty');
  const byId = stableNames(root);
  return list(folder).flatMap((name) => {
    let device: string;
    try {
      device = realpathSync(join(folder, name, 'device'));
      // The kernel lists four ports of PCs whether they exist or not.
      if (basename(realpathSync(join(folder, name, 'device', 'driver'))) === 'serial8250') return [];
    } catch {
      return [];
    }
    const facts = usbFacts(device, realpathSync(root));
    const stable = byId.get(name);
    return [{ path: `/dev/${name}`, ...facts, ...(stable && { byId: stable }), boards: knownBoards(facts.vendorId, facts.productId) }];
  });
}

/** Serial ports with hardware behind them. */
export async function listPorts(): Promise<Port[]> {
  try {
    const found = await SerialPort.list();
    return found
      .filter(({ vendorId, pnpId }) => process.platform !== 'linux' || vendorId !== undefined || pnpId !== undefined)
      .map(({ path, manufacturer, serialNumber, vendorId, productId, pnpId }): Port => {
        const vendor = hexadecimal(vendorId);
        const product = hexadecimal(productId);
        return {
          path,
          ...(manufacturer && { title: manufacturer }),
          ...(vendor !== undefined && { vendorId: vendor }),
          ...(product !== undefined && { productId: product }),
          ...(serialNumber && { serialNumber }),
          ...(process.platform === 'linux' && pnpId && { byId: `/dev/serial/by-id/${pnpId}` }),
          boards: knownBoards(vendor, product),
        };
      });
  } catch {
    // serialport asks udevadm, which containers do not have.
    return portsOfSysfs();
  }
}
