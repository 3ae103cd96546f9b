/** Flashes an ESP32 through its boot ROM with Espressif's esptool-js, an optional dependency that is loaded when it is needed. */
import { createHash } from 'node:crypto';
import { DeviceError, WhittleError } from '../../compiler/errors.ts';
import type { Board } from '../../targets/boards/board.ts';
import type { PortWire } from '../serial/port.ts';
import { DEFAULT_BAUD } from '../serial/port.ts';
import { listPorts } from '../serial/ports.ts';
import { type FlashStep, stopIfAsked } from './flash-step.ts';
import { blocksOf, byteCount, firstDifference, hexAddress, joinSegments, type Segment } from './segments.ts';
import { WebSerialPort } from './web-serial-port.ts';

/** What the flash erases at once. */
const SECTOR_BYTES = 4096;
/** Block that the boot ROM takes; the stub takes esptool-js's own default. */
const ROM_BLOCK_BYTES = 0x400;
const SPI_SET_PARAMS = 0x0b;
/** EN low for a tenth of a second with IO0 released: the application starts. */
const RESET = 'D0|R1|W100|R0';

/** The part of esptool-js that is used; its own declarations need those of Web Serial. */
interface Loader {
  readonly chip: { readonly CHIP_NAME: string };
  readonly IS_STUB: boolean;
  readonly secureDownloadMode: boolean;
  FLASH_WRITE_SIZE: number;
  detectChip(): Promise<void>;
  runStub(): Promise<unknown>;
  changeBaud(): Promise<void>;
  flashSpiAttach(pins: number): Promise<void>;
  checkCommand(what: string, command: number, data: Uint8Array): Promise<unknown>;
  writeFlash(options: {
    readonly fileArray: readonly { readonly data: Uint8Array; readonly address: number }[];
    readonly flashMode: 'keep';
    readonly flashFreq: 'keep';
    readonly flashSize: 'keep';
    readonly eraseAll: boolean;
    readonly compress: boolean;
    readonly reportProgress: (file: number, written: number, total: number) => void;
  }): Promise<void>;
  flashMd5sum(address: number, bytes: number): Promise<string>;
  readFlash(address: number, bytes: number): Promise<Uint8Array>;
  after(mode: 'custom_reset', usbOtg: undefined, sequence: string): Promise<void>;
}

interface Esptool {
  readonly Transport: new (port: WebSerialPort) => { trace(message: string): void };
  readonly ESPLoader: new (options: {
    readonly transport: unknown;
    readonly baudrate: number;
    readonly romBaudrate: number;
    readonly terminal: { clean(): void; write(text: string): void; writeLine(text: string): void };
  }) => Loader;
}

async function loadEsptool(): Promise<Esptool> {
  // Not a literal: the declarations of an optional dependency are not needed to compile whittle.
  const name = 'esptool-js';
  try {
    return (await import(name)) as Esptool;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new DeviceError('ESP32 boards are flashed with esptool-js, which is not installed; type: npm install esptool-js');
  }
}

export interface EspOptions extends FlashStep {
  readonly entry: string;
  readonly log: (message: string) => void;
  /** Whether Espressif's faster stub is run in the chip's RAM. */
  readonly stub: boolean;
  readonly start: boolean;
  /** For the data; the ROM is greeted at 115200. */
  readonly baud?: number;
}

function words(...values: number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}

/** Tells the ROM of the flash what the stub finds out itself. */
async function prepareRom(loader: Loader, { flash }: Board): Promise<void> {
  loader.FLASH_WRITE_SIZE = ROM_BLOCK_BYTES;
  await loader.flashSpiAttach(0);
  // Identity, bytes of flash, block, sector and page, mask of the status register.
  await loader.checkCommand('set flash parameters', SPI_SET_PARAMS, words(0, flash.bytes, 0x10000, SECTOR_BYTES, 256, 0xffff));
}

/** The chip computes MD5; where it differs, the stub reads back what is there. */
async function verify(loader: Loader, name: string, { address, content }: Segment): Promise<void> {
  const expected = createHash('md5').update(content).digest('hex');
  // The ROM answers with the text of it.
  const answer = await loader.flashMd5sum(address, content.length);
  const actual = loader.IS_STUB ? answer : Buffer.from(answer, 'hex').toString('latin1');
  if (actual === expected) return;
  const range = `${hexAddress(address)} to ${hexAddress(address + content.length)}`;
  let what = `MD5 of ${range}: expected ${expected}, the flash has ${actual}`;
  if (loader.IS_STUB) {
    const held = await loader.readFlash(address, content.length);
    const at = firstDifference(content, held);
    if (at !== undefined) what = `${hexAddress(address + at)}: expected ${content[at]}, the flash holds ${held[at]}`;
  }
  throw new DeviceError(`${name}: verification failed at ${what}; run this again, at a lower --baud if it stays`, 7);
}

const HALF = 'the flash is half written, and its checksums keep it from starting; the chip waits in its boot loader, run this again';

async function write(loader: Loader, files: readonly Segment[], options: EspOptions): Promise<void> {
  const total = byteCount(files);
  const before = files.map((_, i) => byteCount(files.slice(0, i)));
  await loader.writeFlash({
    fileArray: files.map(({ address, content }) => ({ address, data: content })),
    flashMode: 'keep',
    flashFreq: 'keep',
    flashSize: 'keep',
    eraseAll: false,
    compress: true,
    reportProgress: (file, written, compressed) => {
      // What goes over the line is compressed.
      const share = Math.round((written / compressed) * (files[file]?.content.length ?? 0));
      options.progress('writing', (before[file] ?? 0) + share, total);
      stopIfAsked(options, HALF);
    },
  });
}

async function writeAndVerify(loader: Loader, name: string, board: Board, files: readonly Segment[], options: EspOptions) {
  const { progress, stub, start, baud = DEFAULT_BAUD } = options;
  if (stub) await loader.runStub();
  if (!loader.IS_STUB) await prepareRom(loader, board);
  if (baud !== DEFAULT_BAUD) await loader.changeBaud();
  stopIfAsked(options, 'the flash is as it was; the chip waits in its boot loader, reset the board to start what it held');
  await write(loader, files, options);
  // A chip in secure download mode tells nothing of its flash.
  const isTold = !loader.secureDownloadMode;
  for (const [at, file] of isTold ? files.entries() : []) {
    progress('verifying', at, files.length);
    await verify(loader, name, file);
  }
  if (start) await loader.after('custom_reset', undefined, RESET);
  return { verified: isTold ? ('checksum' as const) : (false as const), started: start };
}

/**
 * @throws DeviceError for another chip, a ROM that does not answer, bytes that differ, or without esptool-js
 */
export async function flashEsp(wire: PortWire, board: Board, chip: string, segments: readonly Segment[], options: EspOptions) {
  const { log, entry, baud = DEFAULT_BAUD } = options;
  const { Transport, ESPLoader } = await loadEsptool();
  const port = new WebSerialPort(
    wire,
    (await listPorts()).find(({ path }) => path === wire.name),
  );
  const transport = new Transport(port);
  // It would print to stdout.
  transport.trace = log;
  const terminal = { clean() {}, write: log, writeLine: log };
  const loader = new ESPLoader({ transport, baudrate: baud, romBaudrate: DEFAULT_BAUD, terminal });
  const attempt = async <T>(work: Promise<T>, failure: string, remedy: string): Promise<T> => {
    try {
      return await Promise.race([work, port.lost]);
    } catch (error) {
      if (error instanceof WhittleError) throw error;
      throw new DeviceError(`${wire.name}: ${failure} (${(error as Error).message}); ${entry}, then run this again${remedy}`, 7);
    }
  };
  await attempt(loader.detectChip(), 'the boot ROM does not answer', '');
  const found = loader.chip.CHIP_NAME;
  if (found.replaceAll('-', '').toLowerCase() !== chip)
    throw new DeviceError(
      `${wire.name}: the chip is an ${found}, but ${board.title} has an ${board.chip}; nothing was written; choose the --board that it is`,
    );
  // Whole sectors, as a part of one cannot be erased.
  const files = joinSegments(blocksOf(segments, SECTOR_BYTES), wire.name);
  const work = writeAndVerify(loader, wire.name, board, files, options);
  return attempt(work, 'flashing broke off', '; a lower --baud or a shorter cable may help');
}
