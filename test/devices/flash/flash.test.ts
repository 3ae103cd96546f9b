/** `whittle flash` as a whole: which way it takes, what it refuses, and that what it flashed runs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readPackedModel } from '../../../compiler/packed/read.ts';
import { packageRoot } from '../../../compiler/root.ts';
import { type FlashRequest, flash } from '../../../devices/flash/flash.ts';
import { readIntelHex } from '../../../devices/flash/intel-hex.ts';
import { loadProgram } from '../../../devices/flash/program.ts';
import { readUf2 } from '../../../devices/flash/uf2.ts';
import { Machine } from '../../../devices/qemu/machine.ts';
import { buildFirmware } from '../../../devices/serial/firmware-build.ts';
import { Monitor } from '../../../devices/serial/monitor.ts';
import { openPort } from '../../../devices/serial/port.ts';
import { slotContent } from '../../../devices/serial/record.ts';
import { wirings } from '../../../devices/serial/wiring.ts';
import type { Flasher } from '../../../targets/boards/board.ts';
import { boardNamed } from '../../../targets/boards/index.ts';
import { writeBoardImage } from '../../../targets/mcu/image.ts';
import { requireTool } from '../../require-tool.ts';
import { denseModel } from '../serial/dense-model.ts';
import { canEmulate, type EmulatedBoard, startBoard } from '../serial/emulated.ts';
import { canOpenPty, Pty } from './pty.ts';
import { randomBytes } from './random-bytes.ts';
import { Stm32BootRom } from './stm32-boot-rom.ts';

const model = denseModel({ inputs: 40, outputs: 12, seed: 5 });
const program = randomBytes(3000, 6);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whittle-flash-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

function flashTo(board: string, path: string, options: Partial<FlashRequest> = {}) {
  return flash({ path, board: boardNamed(board), start: true, stub: true, progress: () => {}, log: () => {}, ...options });
}

function startRom(pty: Pty): Stm32BootRom {
  return new Stm32BootRom(pty, { productId: 0x435, origin: 0x08000000, flashBytes: 256 * 1024, sectorBytes: 2048 });
}

function ended(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const said = { stdout: '', stderr: '' };
  child.stdout?.on('data', (data) => (said.stdout += data));
  child.stderr?.on('data', (data) => (said.stderr += data));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...said })));
}

const whittle = (...args: readonly string[]) => spawn(process.execPath, [join(packageRoot, 'dist', 'whittle.js'), 'flash', ...args]);

describe.skipIf(!canOpenPty)('the verb', () => {
  test('flashes a program through the boot ROM and prints one document', async () => {
    const pty = await Pty.open();
    const rom = startRom(pty);
    const path = file('program.bin', program);
    const { code, stdout } = await ended(whittle(path, '--port', pty.path, '--board', 'nucleo-l432kc', '--json'));
    expect(JSON.parse(stdout)).toEqual({
      board: 'nucleo-l432kc',
      path,
      via: 'stm32-uart',
      to: pty.path,
      verified: 'read back',
      started: true,
      bytes: 3000,
      segments: [{ address: '0x08000000', bytes: 3000 }],
    });
    expect(code).toBe(0);
    expect(rom.flash.subarray(0, 3000)).toEqual(program);
  });

  test('Ctrl-C says what the board holds, with exit code 130', async () => {
    const pty = await Pty.open();
    const rom = startRom(pty);
    const path = file('program.bin', randomBytes(100_000, 7));
    const child = whittle(path, '--port', pty.path, '--board', 'nucleo-l432kc', '--json');
    rom.toBoard = (byte, index) => {
      if (index === 10_000) child.kill('SIGINT');
      return byte;
    };
    const { code, stdout } = await ended(child);
    expect(JSON.parse(stdout).error).toEqual({
      code: 'interrupted',
      message: expect.stringMatching(/half written and nothing in it starts/),
    });
    expect(code).toBe(130);
  });
});

test.skipIf(!canOpenPty)('a port that another program has is busy, and the line that finds it is told', async () => {
  const pty = await Pty.open();
  const wire = await openPort(pty.path);
  const flashed = flashTo('nucleo-l432kc', file('program.bin', program), { port: pty.path });
  await expect(flashed).rejects.toMatchObject({
    exitCode: 6,
    message: expect.stringMatching(/another program has the port open.*fuser \/dev/),
  });
  await wire.close();
});

describe('the way that is taken', () => {
  test('a board without a monitor takes no bare model, and the error says what to give', async () => {
    const path = file('model.whittle', model);
    const unknown = (like: string) => ({ board: { ...boardNamed(like), name: 'another' }, port: '/dev/ttyNONE' });
    const program = /no firmware monitor for another.*whittle flash PROGRAM\.elf --board another/;
    await expect(flashTo('nucleo-l432kc', path, unknown('nucleo-l432kc'))).rejects.toThrow(program);
    const esp = /no firmware monitor for another.*whittle flash PROJECT\/build --board another/;
    await expect(flashTo('esp32-s3-devkitc-1', path, unknown('esp32-s3-devkitc-1'))).rejects.toThrow(esp);
    await expect(flashTo('nucleo-l432kc', folder, unknown('nucleo-l432kc'))).rejects.toMatchObject({ exitCode: 2 });
  });

  test('what does not fit is refused before a port is opened', async () => {
    const path = file('program.bin', new Uint8Array(257 * 1024));
    await expect(flashTo('nucleo-l432kc', path, { port: '/dev/ttyNONE' })).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(/ends at 0x08040400, 1024 bytes behind/),
    });
  });

  test('a port that is missing, and ways that the board does not have', async () => {
    const path = file('program.bin', program);
    await expect(flashTo('nucleo-l432kc', path, { port: '/dev/ttyNONE' })).rejects.toMatchObject({
      exitCode: 6,
      message: expect.stringMatching(/no such port/),
    });
    await expect(flashTo('pico', path, { port: '/dev/ttyNONE' })).rejects.toThrow(/--port: no boot loader of it listens.*by uf2, probe/);
    await expect(flashTo('pico', path, { via: 'esp' })).rejects.toThrow(/--via esp is no way to flash it/);
    await expect(flashTo('nucleo-l432kc', path, { via: 'stm32-uart' })).rejects.toThrow(/needs --port/);
    await expect(flashTo('mps2-an386', path)).rejects.toThrow(/exists in emulation: whittle bench --on qemu/);
  });

  test('a folder without a program says what it looked for', async () => {
    await expect(flashTo('pico', folder, { output: join(folder, 'x.uf2') })).rejects.toThrow(/neither model\.whittle .* nor a program/);
    file('a.bin', program);
    await flashTo('pico', folder, { output: join(folder, 'out', 'x.uf2') });
    file('b.elf', program);
    await expect(flashTo('pico', folder, { output: join(folder, 'out', 'x.uf2') })).rejects.toThrow(/several programs \(a\.bin, b\.elf\)/);
  });
});

describe('drives', () => {
  const information = 'UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: RPI-RP2\r\n';
  const onceWritten = (name: string, act: () => void) => {
    const watcher = watch(folder, () => {
      if (!existsSync(join(folder, name))) return;
      watcher.close();
      setTimeout(act, 100);
    });
  };

  test('a boot loader takes the UF2 file and restarts', async () => {
    file('INFO_UF2.TXT', information);
    onceWritten('WHITTLE.UF2', () => rmSync(join(folder, 'INFO_UF2.TXT')));
    const path = file('program.bin', program);
    expect(await flashTo('pico', path, { drive: folder })).toMatchObject({ via: 'uf2', to: folder, verified: 'restarted', started: true });
    const { segments, familyIds } = readUf2(new Uint8Array(readFileSync(join(folder, 'WHITTLE.UF2'))), 'x');
    expect(familyIds).toEqual([0xe48bff56]);
    expect(segments[0]?.address).toBe(0x10000000);
    expect(segments[0]?.content.subarray(0, 3000)).toEqual(program);
  });

  test("another board's drive and a UF2 file for another chip are refused", async () => {
    file('INFO_UF2.TXT', information);
    const path = file('program.bin', program);
    await expect(flashTo('pico2', path, { drive: folder })).rejects.toThrow(/drive of a RPI-RP2, pico2 would say RP2350/);
    await flashTo('pico2', path, { output: join(folder, 'x.uf2') });
    await expect(flashTo('pico', join(folder, 'x.uf2'), { drive: folder })).rejects.toThrow(/family 0xe48bff59, pico is 0xe48bff56/);
    rmSync(join(folder, 'INFO_UF2.TXT'));
    await expect(flashTo('pico', path, { drive: folder })).rejects.toThrow(/no drive of a UF2 boot loader.*hold BOOTSEL/);
  });

  test.runIf(existsSync('/dev/full'))('a drive that takes no more says how far the copy came', async () => {
    file('INFO_UF2.TXT', information);
    symlinkSync('/dev/full', join(folder, 'WHITTLE.UF2'));
    await expect(flashTo('pico', file('program.bin', program), { drive: folder })).rejects.toMatchObject({
      exitCode: 7,
      message: expect.stringMatching(/the copy broke off after 0 of 8192 bytes \(ENOSPC.*plug the board in again/),
    });
  });

  test('a debug probe that fails is quoted', async () => {
    file('DETAILS.TXT', '# DAPLink Firmware');
    onceWritten('WHITTLE.HEX', () => file('FAIL.TXT', 'The hex file cannot be decoded.'));
    const path = file('program.bin', program);
    await expect(flashTo('microbit-v2', path, { drive: folder })).rejects.toThrow(/its drive says: The hex file cannot be decoded/);
  });
});

describe.skipIf(!canOpenPty || !requireTool('arm-none-eabi-gcc'))('a model for a board with a monitor', () => {
  const packed = readPackedModel(model);

  test('the boot ROM gets monitor and model, and no record of an earlier one is left', async () => {
    const board = boardNamed('nucleo-f446re');
    const sectorBytes = [16, 16, 16, 16, 64, 128, 128, 128].map((size) => size * 1024);
    const pty = await Pty.open();
    const rom = new Stm32BootRom(pty, { productId: 0x421, origin: 0x08000000, flashBytes: board.flash.bytes, sectorBytes });
    const [slot, other] = [64 * 1024, 256 * 1024];
    rom.flash.set(slotContent(randomBytes(100, 1), 7), other);
    const report = await flashTo('nucleo-f446re', file('model.whittle', model), { port: pty.path });
    const { bin } = await buildFirmware(board, packed.opcodes);
    const firmware = new Uint8Array(readFileSync(bin));
    const content = slotContent((await writeBoardImage(packed, 'dsp')).bytes, 1);
    expect(report).toMatchObject({ via: 'stm32-uart', verified: 'read back', started: true });
    expect(rom.flash.subarray(0, firmware.length)).toEqual(firmware);
    expect(rom.flash.subarray(slot, slot + content.length)).toEqual(content);
    expect(rom.flash.subarray(other, other + 32).every((byte) => byte === 0xff)).toBe(true);
    expect(rom.erased).toEqual([0, 4, 6]);
    expect(rom.started).toBe(0x08000000);
  });

  test('where no boot ROM answers, the error also names the way through the monitor', async () => {
    const pty = await Pty.open();
    const program = flashTo('nucleo-f446re', file('program.bin', randomBytes(100, 1)), { port: pty.path });
    await expect(program).rejects.toThrow(/boot ROM does not answer; connect the port/);
    const flashed = flashTo('nucleo-f446re', file('model.whittle', model), { port: pty.path });
    await expect(flashed).rejects.toThrow(/boot ROM does not answer; if its firmware monitor .* --via monitor; else connect the port/);
  });

  test("a UF2 file begins behind the SoftDevice, a probe's .hex at the start", async () => {
    const path = file('model.whittle', model);
    const content = slotContent((await writeBoardImage(packed, 'dsp')).bytes, 1);
    for (const [name, first, slot] of [
      ['feather-nrf52840', 0x26000, 0x36000],
      ['microbit-v2', 0, 0x10000],
    ] as const) {
      const output = join(folder, `${name}.out`);
      await flashTo(name, path, { output });
      const { bin } = await buildFirmware(boardNamed(name), packed.opcodes);
      const bytes = new Uint8Array(readFileSync(output));
      const segments = name === 'microbit-v2' ? readIntelHex(new TextDecoder().decode(bytes), output) : readUf2(bytes, output).segments;
      const at = (address: number) => segments.find((segment) => segment.address === address)?.content;
      expect(at(first)?.subarray(0, 4096), name).toEqual(new Uint8Array(readFileSync(bin)).subarray(0, 4096));
      expect(at(slot)?.subarray(0, content.length), name).toEqual(content);
      expect(segments).toHaveLength(3);
    }
  });
});

describe.skipIf(!canEmulate('microbit'))('a folder with a model', () => {
  test('becomes monitor and model in one program, and the board answers with the model', async () => {
    const board = boardNamed('microbit') as EmulatedBoard;
    file('model.whittle', model);
    const segments = await loadProgram(folder, board, board.flashers[0] as Flasher);
    const flashContent = new Uint8Array(board.flash.bytes).fill(0xff);
    // A newer model, which the board had before it was flashed.
    const before = await writeBoardImage(readPackedModel(denseModel({ inputs: 40, outputs: 12, seed: 6 })), 'scalar');
    flashContent.set(slotContent(before.bytes, 7), wirings.microbit?.memory.slots[1]?.origin);
    for (const { address, content } of segments) flashContent.set(content, address - board.flash.origin);
    const machine = await Machine.start(board, { elf: file('flash.bin', flashContent) });
    try {
      const wire = await openPort(machine.port, { timed: false });
      const { info } = await Monitor.open(wire);
      await wire.close();
      const image = await writeBoardImage(readPackedModel(model), 'scalar');
      const { heapBytes } = await buildFirmware(board, readPackedModel(model).opcodes);
      expect(info.arenaLimitBytes).toBe(heapBytes);
      expect(info.model).toMatchObject({ generation: 1, bytes: image.bytes.length, crc32: crc32(image.bytes) });
    } finally {
      await machine.kill();
    }
  });

  test('that does not fit beside the monitor is refused', async () => {
    const path = file('model.whittle', denseModel({ inputs: 500, outputs: 400, seed: 1 }));
    const error = { exitCode: 4, message: expect.stringMatching(/bytes of flash beside the monitor, microbit has 98304/) };
    await expect(flashTo('microbit', path, { output: join(folder, 'x.hex') })).rejects.toMatchObject(error);
    const wide = file('wide.whittle', denseModel({ inputs: 17_000, outputs: 1, seed: 1 }));
    const tooWide = {
      exitCode: 4,
      message: expect.stringMatching(/bytes of RAM for arena and workspace, the monitor of microbit leaves \d+;/),
    };
    await expect(flashTo('microbit', wide, { output: join(folder, 'x.hex') })).rejects.toMatchObject(tooWide);
  });
});

describe.skipIf(!canEmulate('mps2-an386'))('a board that has the monitor', () => {
  test('takes the model over its port, without a new firmware', async () => {
    file('model.whittle', model);
    const { wire, machine } = await startBoard('mps2-an386', readPackedModel(model).opcodes);
    await wire.close();
    const report = await flashTo('mps2-an386', folder, { port: machine.port });
    const image = await writeBoardImage(readPackedModel(model), 'dsp');
    expect(report).toMatchObject({ via: 'monitor', verified: 'checksum', bytes: image.bytes.length });
    await expect(flashTo('mps2-an385', folder, { port: machine.port })).rejects.toThrow(
      /is a mps2-an386, not a mps2-an385; nothing was written/,
    );
  });
});
