/** The client of AN3155 against an emulated boot ROM behind a pseudo-terminal, which Debian's stm32flash accepts, too. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { flashStm32, sectorsOf } from '../../../devices/flash/stm32.ts';
import { openPort } from '../../../devices/serial/port.ts';
import type { Wire } from '../../../devices/serial/wire.ts';
import type { BootRom } from '../../../targets/boards/board.ts';
import { boardNamed } from '../../../targets/boards/index.ts';
import { requireTool } from '../../require-tool.ts';

import { canOpenPty, Pty } from './pty.ts';
import { randomBytes } from './random-bytes.ts';
import { type RomOptions, Stm32BootRom } from './stm32-boot-rom.ts';

const board = boardNamed('nucleo-l432kc');
const bootRom = board.flashers.find(({ kind }) => kind === 'stm32-uart') as unknown as BootRom;
const origin = board.flash.origin;
const romOptions: RomOptions = { productId: 0x435, origin, flashBytes: board.flash.bytes, sectorBytes: 2048 };
/** Neither whole blocks nor whole sectors. */
const program = randomBytes(5003, 1);
const segments = [{ address: origin, content: program }];

const wires: Wire[] = [];
afterEach(async () => {
  for (const wire of wires.splice(0)) await wire.close();
});

async function startRom(options: Partial<RomOptions> = {}): Promise<{ rom: Stm32BootRom; pty: Pty }> {
  const pty = await Pty.open();
  return { pty, rom: new Stm32BootRom(pty, { ...romOptions, ...options }) };
}

async function flash(pty: Pty, { signal, answerMs = 200 }: { signal?: AbortSignal; answerMs?: number } = {}) {
  const wire = await openPort(pty.path, { parity: 'even', timed: false });
  wires.push(wire);
  const options = { entry: 'pull BOOT0 high', start: true, answerMs, signal, progress: () => {} };
  return flashStm32(wire, board, bootRom, segments, options);
}

function content(rom: Stm32BootRom): Uint8Array {
  return rom.flash.subarray(0, program.length);
}

test('sectors are those in which a byte lies, also where they differ in size', () => {
  const f4 = [16, 16, 16, 16, 64, 128, 128, 128, 128, 128, 128, 128];
  const at = (address: number, bytes: number) => [{ address, content: new Uint8Array(bytes) }];
  expect(sectorsOf(at(0x08000000, 1), 0x08000000, f4)).toEqual([0]);
  expect(sectorsOf(at(0x0800ffff, 2), 0x08000000, f4)).toEqual([3, 4]);
  // The second bank of an STM32F429 begins with small sectors again.
  expect(sectorsOf(at(0x080fffff, 2), 0x08000000, f4)).toEqual([11, 12]);
  expect(sectorsOf([...at(0x08000000, 16384), ...at(0x08020000, 4)], 0x08000000, f4)).toEqual([0, 5]);
});

describe.skipIf(!canOpenPty)('AN3155', () => {
  test('flashes, verifies and starts, and erases no more than it needs', async () => {
    const { rom, pty } = await startRom();
    expect(await flash(pty)).toEqual({ verified: 'read back', started: true });
    expect(content(rom)).toEqual(program);
    expect(rom.flash[3 * 2048]).toBe(0xa5);
    expect(rom.erased).toEqual([0, 1, 2]);
    expect(rom.started).toBe(origin);
  });

  test('flashes again without a reset between', async () => {
    const { rom, pty } = await startRom();
    await flash(pty);
    await wires.pop()?.close();
    rom.flash.fill(0);
    await flash(pty);
    expect(content(rom)).toEqual(program);
  });

  test('another chip is refused before anything is erased', async () => {
    const { rom, pty } = await startRom({ productId: 0x415 });
    await expect(flash(pty)).rejects.toThrow(/product 0x415, but ST Nucleo-L432KC has a STM32L432KC, 0x435; nothing was written/);
    expect(rom.erased).toEqual([]);
  });

  test('a protected flash is named, with the line that removes the protection', async () => {
    const { pty } = await startRom({ readProtected: true });
    await expect(flash(pty)).rejects.toThrow(/protected against reading \(RDP\).*type: stm32flash -k \/dev\//);
  });

  test('a flash that is protected against writing is left alone', async () => {
    const { rom, pty } = await startRom({ writeProtected: true });
    await expect(flash(pty)).rejects.toThrow(/erasing sectors 0, 1, 2: the flash is protected .*stm32flash -u \/dev\//);
    expect(rom.flash.every((byte) => byte === 0xa5)).toBe(true);
  });

  test('silence says how to enter the boot ROM', async () => {
    const pty = await Pty.open();
    await expect(flash(pty, { answerMs: 20 })).rejects.toThrow(/does not answer; pull BOOT0 high, then run this again/);
  });

  test('an application that talks is no boot ROM', async () => {
    const pty = await Pty.open();
    pty.onData(() => pty.write(Buffer.from('hello\n')));
    await expect(flash(pty, { answerMs: 40 })).rejects.toThrow(/something talks, but it is not the boot ROM/);
  });

  test.for([
    ['lost on the way to the board', 'toBoard', () => undefined],
    ['damaged on the way to the board', 'toBoard', (byte: number) => byte ^ 0x10],
    ['lost on the way back', 'fromBoard', () => undefined],
    ['damaged on the way back', 'fromBoard', (byte: number) => byte ^ 0x10],
  ] as const)('recovers from bytes %s', async ([, direction, damage]) => {
    const { rom, pty } = await startRom();
    let damaged = 0;
    rom[direction] = (byte, index) => {
      if (index < 40 || index % 997 !== 0) return byte;
      damaged++;
      return damage(byte);
    };
    await flash(pty, { answerMs: 300 });
    expect(damaged).toBeGreaterThan(2);
    expect(content(rom)).toEqual(program);
  });

  test('a flash that does not keep a byte fails the verification, with its address', async () => {
    const { rom, pty } = await startRom();
    const keep = rom.flash.set.bind(rom.flash);
    rom.toBoard = (byte) => {
      // A bit that sticks.
      if (rom.flash[4100] !== 0xff) keep([(program[4100] as number) & 0x7f ? 0 : 1], 4100);
      return byte;
    };
    const expected = `0x08001004: expected ${program[4100]}, the flash holds ${(program[4100] as number) & 0x7f ? 0 : 1}`;
    await expect(flash(pty)).rejects.toThrow(expected);
    expect(rom.started).toBeUndefined();
  });

  test('a board that is unplugged in the middle is an error of its protocol', async () => {
    const { rom, pty } = await startRom();
    rom.toBoard = (byte, index) => {
      if (index === 3000) pty.unplug();
      return byte;
    };
    await expect(flash(pty)).rejects.toMatchObject({ exitCode: 7, message: expect.stringMatching(/plug/) });
  });

  test('Ctrl-C ends between two commands, says what the flash holds, and nothing half starts', async () => {
    const { rom, pty } = await startRom();
    const abort = new AbortController();
    rom.toBoard = (byte, index) => {
      if (index === 3000) abort.abort();
      return byte;
    };
    await expect(flash(pty, { signal: abort.signal })).rejects.toMatchObject({
      exitCode: 130,
      message: expect.stringMatching(/half written and nothing in it starts/),
    });
    expect(rom.flash.subarray(0, 256).every((byte) => byte === 0xff)).toBe(true);
    await wires.pop()?.close();
    await flash(pty);
    expect(content(rom)).toEqual(program);
  });
});

describe.skipIf(!canOpenPty || !requireTool('stm32flash'))("Debian's stm32flash", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'whittle-flash-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  // A pseudo-terminal knows no parity, and stm32flash insists on what it has set.
  const stm32flash = async (...args: readonly string[]) => {
    const { stdout } = await promisify(execFile)('stm32flash', ['-m', '8n1', ...args]);
    return stdout;
  };

  test('accepts the emulated boot ROM: writes, verifies, reads', async () => {
    const { rom, pty } = await startRom();
    writeFileSync(join(folder, 'program.bin'), program);
    const said = await stm32flash('-v', '-w', join(folder, 'program.bin'), pty.path);
    expect(said).toMatch(/Device ID\s+: 0x0435 \(STM32L43xxx\/44xxx\)/);
    expect(said).toMatch(/Wrote and verified address 0x0800138b \(100\.00%\) Done/);
    expect(content(rom)).toEqual(program);
  });

  test.for([
    ['nucleo-f401re', 'STM32F401xD(E)'],
    ['nucleo-f411re', 'STM32F411xx'],
    ['nucleo-f446re', 'STM32F446xx'],
    ['nucleo-f429zi', 'STM32F42xxx/43xxx'],
    ['nucleo-l476rg', 'STM32L47xxx/48xxx'],
    ['nucleo-l4r5zi', 'STM32L4Rxx/4Sxx'],
    ['nucleo-h743zi2', 'STM32H74xxx/75xxx'],
  ] as const)('knows the product identifier of %s as %s', async ([name, title]) => {
    const productId = boardNamed(name).flashers.flatMap((flasher) => (flasher.kind === 'stm32-uart' ? [flasher.productId] : []))[0];
    const { pty } = await startRom({ productId: productId as number });
    expect(await stm32flash(pty.path)).toContain(`(${title})`);
  });

  test('reads back what whittle wrote', async () => {
    const { pty } = await startRom();
    await flash(pty);
    await wires.pop()?.close();
    await stm32flash('-r', join(folder, 'read.bin'), '-S', '0x08000000:5003', pty.path);
    expect(new Uint8Array(readFileSync(join(folder, 'read.bin')))).toEqual(program);
  });
});
