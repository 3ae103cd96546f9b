/** esptool-js over npm serialport against a simulated boot ROM behind a pseudo-terminal. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readPackedModel } from '../../../compiler/packed/read.ts';
import { packageRoot } from '../../../compiler/root.ts';
import { type FlashRequest, flash } from '../../../devices/flash/flash.ts';
import { buildFirmware } from '../../../devices/serial/firmware-build.ts';
import { Monitor } from '../../../devices/serial/monitor.ts';
import { MB } from '../../../targets/boards/board.ts';
import { boardNamed } from '../../../targets/boards/index.ts';
import { writeBoardImage } from '../../../targets/mcu/image.ts';
import { requireTool } from '../../require-tool.ts';
import { Esp32c3 } from '../esp/esp32c3.ts';
import { denseModel } from '../serial/dense-model.ts';
import { EspBootRom, type EspRomOptions } from './esp-boot-rom.ts';
import { canOpenPty, Pty } from './pty.ts';
import { randomBytes } from './random-bytes.ts';

const chips = {
  'esp32-c3-devkitm-1': { chipId: 5, flashBytes: 4 * MB, spi: 0x60002000 },
  'esp32-s3-devkitc-1': { chipId: 9, flashBytes: 8 * MB, spi: 0x60002000 },
} satisfies Record<string, EspRomOptions>;

/** Half of it compresses well, as programs do. */
const application = new Uint8Array(50_001);
application.set(randomBytes(25_000, 8));
const bootloader = randomBytes(5000, 9);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whittle-flash-'));
  // As idf.py build leaves it.
  mkdirSync(join(folder, 'build', 'bootloader'), { recursive: true });
  writeFileSync(join(folder, 'build', 'bootloader', 'bootloader.bin'), bootloader);
  writeFileSync(join(folder, 'build', 'app.bin'), application);
  const flash_files = { '0x0': 'bootloader/bootloader.bin', '0x10000': 'app.bin' };
  writeFileSync(join(folder, 'build', 'flasher_args.json'), JSON.stringify({ write_flash_args: ['--flash_mode', 'dio'], flash_files }));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function startRom(board: keyof typeof chips, options: Partial<EspRomOptions> = {}): Promise<{ rom: EspBootRom; pty: Pty }> {
  const pty = await Pty.open();
  return { pty, rom: new EspBootRom(pty, { ...chips[board], ...options }) };
}

function flashFolder(board: string, pty: Pty, options: Partial<FlashRequest> = {}) {
  const request = { path: folder, port: pty.path, start: true, stub: true, progress: () => {}, log: () => {} };
  return flash({ ...request, board: boardNamed(board), ...options });
}

function expectFlashed({ flash: held }: EspBootRom): void {
  expect(Buffer.compare(held.subarray(0, bootloader.length), bootloader)).toBe(0);
  expect(Buffer.compare(held.subarray(0x10000, 0x10000 + application.length), application)).toBe(0);
  // Between and behind them nothing was touched.
  expect([held[0x2000], held[0xffff], held[0x10000 + 13 * 4096]]).toEqual([0xa5, 0xa5, 0xa5]);
}

describe.skipIf(!canOpenPty)('esptool-js', () => {
  describe.for(Object.keys(chips) as (keyof typeof chips)[])('%s', (board) => {
    test('is flashed by the stub, and the chip computes MD5', async () => {
      const { rom, pty } = await startRom(board);
      expect(await flashFolder(board, pty)).toMatchObject({ via: 'esp', verified: 'checksum', started: true, bytes: 55_001 });
      expect(rom.isStub).toBe(true);
      expectFlashed(rom);
    });

    test('is flashed by the ROM alone', async () => {
      const { rom, pty } = await startRom(board);
      expect(await flashFolder(board, pty, { stub: false })).toMatchObject({ verified: 'checksum' });
      expect(rom.isStub).toBe(false);
      expectFlashed(rom);
    });
  });

  const board = 'esp32-c3-devkitm-1';

  test.skipIf(!requireTool('riscv64-unknown-elf-gcc'))(
    'a model is flashed with the monitor around it: the image where the ROM looks for it, the model in a slot',
    async () => {
      const { rom, pty } = await startRom(board);
      const model = denseModel({ inputs: 30, outputs: 20, seed: 3 });
      const path = join(folder, 'model.whittle');
      writeFileSync(path, model);
      expect(await flashFolder(board, pty, { path })).toMatchObject({ via: 'esp', verified: 'checksum', started: true });
      const { bin } = await buildFirmware(boardNamed(board), readPackedModel(model).opcodes);
      expect(Buffer.from(rom.flash).indexOf(readFileSync(bin))).toBe(0);
      // As the chip starts it.
      const chip = new Esp32c3(rom.flash);
      chip.powerOn();
      while (!chip.uart.isIdle) await Promise.race([chip.failure, setImmediate()]);
      const { info } = await Monitor.open(chip.uart);
      chip.powerOff();
      expect(info.model).toMatchObject({
        slot: 0,
        generation: 1,
        crc32: crc32((await writeBoardImage(readPackedModel(model), 'scalar')).bytes),
      });
    },
  );

  test('a chip in secure download mode is flashed, and said to be not verified', async () => {
    const { rom, pty } = await startRom(board, { secureDownload: true });
    expect(await flashFolder(board, pty)).toMatchObject({ verified: false });
    expectFlashed(rom);
  });

  test('the verb prints one document, whatever esptool-js says', async () => {
    const { rom, pty } = await startRom(board);
    const whittle = join(packageRoot, 'dist', 'whittle.js');
    const args = [whittle, 'flash', folder, '--port', pty.path, '--board', board, '--json'];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
    expect(JSON.parse(stdout)).toMatchObject({ via: 'esp', verified: 'checksum', bytes: 55_001 });
    expect(stderr).not.toMatch(/Writing at|trace/i);
    expectFlashed(rom);
  });

  test('the line runs faster when asked', async () => {
    const { rom, pty } = await startRom(board);
    await flashFolder(board, pty, { baud: 460_800 });
    expect(rom.commands).toContain(0x0f);
    expectFlashed(rom);
  });

  test('another chip is refused before the flash is touched', async () => {
    const { rom, pty } = await startRom('esp32-s3-devkitc-1');
    await expect(flashFolder(board, pty)).rejects.toThrow(/the chip is an ESP32-S3, but .* has an ESP32-C3; nothing was written/);
    expect(rom.flash.every((byte) => byte === 0xa5)).toBe(true);
  });

  test('a block that is refused once is sent again', async () => {
    const { rom, pty } = await startRom(board);
    rom.fault = (command, count) => (command === 0x11 && count === 2 ? 0x07 : 0);
    await flashFolder(board, pty);
    expectFlashed(rom);
  });

  test('what the flash does not keep is named with its address', async () => {
    const { rom, pty } = await startRom(board);
    rom.damage = (block) => block.map((byte, i) => (i === 4321 ? byte ^ 1 : byte));
    const held = (bootloader[4321] as number) ^ 1;
    await expect(flashFolder(board, pty)).rejects.toThrow(`0x000010e1: expected ${bootloader[4321]}, the flash holds ${held}`);
  });

  test('silence says how to enter the boot ROM', async () => {
    const pty = await Pty.open();
    await expect(flashFolder(board, pty)).rejects.toMatchObject({
      exitCode: 7,
      message: expect.stringMatching(/does not answer .*hold BOOT of the Espressif ESP32-C3-DevKitM-1, press and release RESET/),
    });
  });

  test('Ctrl-C ends between two blocks and says what the flash holds', async () => {
    const { rom, pty } = await startRom(board);
    const abort = new AbortController();
    rom.fault = (command) => {
      if (command === 0x11) abort.abort();
      return 0;
    };
    await expect(flashFolder(board, pty, { signal: abort.signal })).rejects.toMatchObject({
      exitCode: 130,
      message: expect.stringMatching(/half written/),
    });
  });

  test('a board that is unplugged in the middle is an error of its protocol', async () => {
    const { rom, pty } = await startRom(board);
    rom.fault = (command, count) => {
      if (command === 0x11 && count === 2) pty.unplug();
      return 0;
    };
    await expect(flashFolder(board, pty)).rejects.toMatchObject({ exitCode: 7, message: expect.stringMatching(/plug/) });
  });

  test('a raw file needs its address, an ELF file its build folder', async () => {
    const pty = await Pty.open();
    await expect(flashFolder(board, pty, { path: join(folder, 'build', 'app.bin') })).rejects.toThrow(
      /--address 0x10000 for an application/,
    );
    writeFileSync(join(folder, 'app.elf'), `\x7fELF${'\0'.repeat(60)}`);
    await expect(flashFolder(board, pty, { path: join(folder, 'app.elf') })).rejects.toThrow(/takes no ELF file.*flasher_args\.json/);
  });
});
