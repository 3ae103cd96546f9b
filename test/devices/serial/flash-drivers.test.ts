/**
 * The flash drivers of boards that no emulator has: compiled as they are for this workstation, against models of the controllers
 * by register (native/). With slots.c on top the power is cut at every write and every erasure of an update.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { packageRoot } from '../../../compiler/root.ts';
import { boardHeader, constantsHeader } from '../../../devices/serial/firmware-source.ts';
import * as protocol from '../../../devices/serial/protocol.ts';
import { type Wiring, wirings } from '../../../devices/serial/wiring.ts';
import { boardNamed } from '../../../targets/boards/index.ts';
import { requireTool } from '../../require-tool.ts';
import { sanitizers } from '../../targets/mcu/native-runner.ts';

const firmware = join(packageRoot, 'devices', 'serial', 'firmware');
const models = join(packageRoot, 'test', 'devices', 'serial', 'native');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whittle-power-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Mutation {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** Compiles slots.c, the board's driver and the model of its controller. */
function build(name: string, mutation?: Mutation): string {
  const board = boardNamed(name);
  const wiring = wirings[name] as Wiring;
  const { driver } = wiring.memory;
  // The models' registers.h and rom_rp2.h take the place of the firmware's.
  for (const source of [firmware, models]) cpSync(source, folder, { recursive: true });
  writeFileSync(join(folder, 'board.h'), boardHeader(board, wiring));
  writeFileSync(join(folder, 'protocol.h'), constantsHeader(protocol));
  if (mutation) {
    const text = readFileSync(join(folder, mutation.file), 'utf8');
    expect(text).toContain(mutation.from);
    writeFileSync(join(folder, mutation.file), text.replace(mutation.from, mutation.to));
  }
  const sizes = [`-DFLASH_ORIGIN=${board.flash.origin}u`, `-DFLASH_BYTES=${board.flash.bytes}u`];
  const flags = ['-std=gnu11', '-O1', '-Wall', '-Wextra', '-Werror', ...sanitizers, ...sizes];
  const sources = ['power-cut.c', 'crc32.c', `flash_${driver}.c`, `flash-${driver}.c`];
  const { stderr, status } = spawnSync('gcc', [...flags, ...sources, '-o', 'power-cut'], { cwd: folder, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return join(folder, 'power-cut');
}

function cutPower(program: string, old: number, updated: number, step: number) {
  const { stdout, stderr, status } = spawnSync(program, ['7', old, updated, step].map(String), { encoding: 'utf8', timeout: 60_000 });
  return { said: stdout + stderr, status };
}

/** One board of each kind of flash: pages of 1 to 8 KB, sectors of several sizes, two banks, words, double and quad words, 256 bits, halves of pages; chips of their own. */
const boards = [
  'microbit',
  'nrf52840dk',
  'feather-nrf52840',
  'nucleo-f446re',
  'nucleo-f429zi',
  'nucleo-l432kc',
  'nucleo-l476rg',
  'nucleo-l4r5zi',
  'nucleo-h743zi2',
  'nucleo-h723zg',
  'nucleo-u545re-q',
  'nucleo-u575zi-q',
  'pico',
  'pico2',
  'feather-m0',
  'feather-m4',
  'esp32-s3-devkitc-1',
];

describe.skipIf(!requireTool('gcc'))('two slots on', () => {
  test.for(boards)('%s: the power fails at every write, and the board has the old model or the new one', (name) => {
    const program = build(name);
    const small = cutPower(program, 900, 1003, 1);
    expect(small, small.said).toMatchObject({ status: 0 });
    // Into the second unit that is erased, and the third.
    const many = /-[fh]/.test(name) ? 140_001 : 17_001;
    const large = cutPower(program, 5000, name === 'feather-m0' ? 2001 : many, 997);
    expect(large, large.said).toMatchObject({ status: 0 });
  });

  test.for<[string, Mutation]>([
    ['nrf52840dk', { file: 'flash_nvmc.c', from: 'configure(ERASE_ENABLE);', to: '' }],
    ['nrf52840dk', { file: 'flash_nvmc.c', from: 'configure(WRITE_ENABLE);', to: '' }],
    [
      'nrf52840dk',
      { file: 'flash_nvmc.c', from: 'write_register(address + i, word);\n    wait();', to: 'write_register(address + i, word);' },
    ],
    ['nucleo-f446re', { file: 'flash_stm32.h', from: '0xcdef89abu', to: '0xcdef89aau' }],
    ['nucleo-f446re', { file: 'flash_stm32f4.c', from: '2u << 8', to: '1u << 8' }],
    ['nucleo-f446re', { file: 'flash_stm32f4.c', from: '4u + (offset >> 17)', to: '5u + (offset >> 17)' }],
    ['nucleo-f429zi', { file: 'flash_stm32f4.c', from: 'bank << 4', to: 'bank << 3' }],
    ['nucleo-f429zi', { file: 'flash_stm32_art.h', from: 'read_register(ACR) & ~CACHES_ENABLED', to: 'read_register(ACR)' }],
    ['nucleo-l476rg', { file: 'flash_stm32_art.h', from: 'write_register(ACR, off | CACHES_RESET);', to: '' }],
    ['nucleo-u575zi-q', { file: 'flash_stm32u5.c', from: 'write_register(ICACHE_CR, off | CACHE_INVALIDATE);', to: '' }],
    ['nucleo-u575zi-q', { file: 'flash_stm32u5.c', from: 'while (read_register(ICACHE_SR) & CACHE_BUSY) continue;', to: '' }],
    ['nucleo-l476rg', { file: 'flash_stm32_pages.h', from: '#define BANK_SHIFT 11', to: '#define BANK_SHIFT 12' }],
    ['nucleo-l432kc', { file: 'flash_stm32.h', from: 'i += 4) {', to: 'i += 8) {' }],
    ['nucleo-l432kc', { file: 'flash_stm32_pages.h', from: 'write_register(ECCR, TWO_BITS_WRONG);', to: '' }],
    ['nucleo-l4r5zi', { file: 'board.h', from: 'FLASH_ERASE_BYTES 4096u', to: 'FLASH_ERASE_BYTES 2048u' }],
    ['nucleo-u545re-q', { file: 'board.h', from: 'FLASH_BANK_BYTES 262144u', to: 'FLASH_BANK_BYTES 524288u' }],
    ['nucleo-u545re-q', { file: 'board.h', from: 'FLASH_WRITE_BYTES 16u', to: 'FLASH_WRITE_BYTES 8u' }],
    ['nucleo-u575zi-q', { file: 'flash_stm32u5.c', from: '3u << 16', to: '1u << 16' }],
    ['nucleo-u575zi-q', { file: 'flash_stm32u5.c', from: 'CR = 0x40022028', to: 'CR = 0x4002202c' }],
    ['nucleo-h743zi2', { file: 'flash_stm32h7.c', from: 'BANK_STRIDE 0x100u', to: 'BANK_STRIDE 0' }],
    ['nucleo-h743zi2', { file: 'flash_stm32h7.c', from: '3u << 4', to: '2u << 4' }],
    ['nucleo-h743zi2', { file: 'flash_stm32h7.c', from: 'PROGRAM);\n  write_barrier();', to: 'PROGRAM);' }],
    ['nucleo-h743zi2', { file: 'flash_stm32h7.c', from: '  forget_cached(address, FLASH_ERASE_BYTES);\n', to: '' }],
    ['nucleo-h743zi2', { file: 'flash_stm32h7.c', from: '  forget_cached(address, bytes);\n', to: '' }],
    ['nucleo-h723zg', { file: 'flash_stm32h7.c', from: '    write_barrier();\n', to: '' }],
    ['nucleo-h723zg', { file: 'flash_stm32h7.c', from: 'BUSY (1u << 0 | 1u << 2)', to: 'BUSY (1u << 0)' }],
    ['nucleo-h723zg', { file: 'flash_stm32h7.c', from: 'SECTOR_SHIFT 8', to: 'SECTOR_SHIFT 6' }],
    ['nucleo-h723zg', { file: 'flash_stm32h7.c', from: 'write_register(CLEAR, TWO_BITS_WRONG);', to: '' }],
    ['nucleo-h723zg', { file: 'flash_stm32h7.c', from: 'return !(read_register(SR) & TWO_BITS_WRONG);', to: 'return 1;' }],
    ['nucleo-h723zg', { file: 'slots.c', from: 'if (!flash_is_readable(slots[slot].address, RECORD_BYTES)) return NULL;', to: '' }],
    ['nucleo-h723zg', { file: 'slots.c', from: '!flash_is_readable((uintptr_t)image_of(slot), record[RECORD_IMAGE_BYTES])', to: '0' }],
    ['pico', { file: 'flash_rp2.c', from: 'rom->connect();', to: '' }],
    ['pico', { file: 'flash_rp2.c', from: 'rom->exit_xip();', to: '' }],
    ['pico', { file: 'flash_rp2.c', from: 'rom->flush_cache();', to: '' }],
    ['pico', { file: 'flash_rp2.c', from: 'memset(page, 0xff', to: 'memset(page, 0x00' }],
    ['pico', { file: 'flash_rp2.c', from: 'memcpy(page + before', to: 'memcpy(page' }],
    ['pico', { file: 'flash_rp2.c', from: '(uint32_t)(address - before) - ORIGIN', to: '(uint32_t)address - ORIGIN' }],
    ['feather-m0', { file: 'flash_samd21.c', from: 'address / 2', to: 'address' }],
    ['feather-m0', { file: 'flash_samd21.c', from: 'while (!(read_half(INTFLAG) & READY)) continue;', to: '' }],
    ['feather-m0', { file: 'flash_samd21.c', from: 'request(CLEAR_BUFFER, 0);', to: '' }],
    ['feather-m0', { file: 'flash_samd21.c', from: 'request(WRITE_PAGE, address + i)', to: 'request(WRITE_PAGE, address)' }],
    ['feather-m0', { file: 'flash_samd21.c', from: 'request(EMPTY_CACHE, 0);', to: '' }],
    ['feather-m0', { file: 'board.h', from: 'FLASH_WRITE_BYTES 32u', to: 'FLASH_WRITE_BYTES 16u' }],
    ['feather-m0', { file: 'board.h', from: 'FLASH_ERASE_BYTES 256u', to: 'FLASH_ERASE_BYTES 512u' }],
    ['feather-m4', { file: 'flash_samd51.c', from: 'cache_off();', to: '' }],
    ['feather-m4', { file: 'flash_samd51.c', from: 'while (read_register(CACHE_STATUS) & 1) continue;', to: '' }],
    ['feather-m4', { file: 'flash_samd51.c', from: 'write_register(CACHE_EMPTY, 1);', to: '' }],
    ['feather-m4', { file: 'flash_samd51.c', from: 'while (!(read_half(STATUS) & READY)) continue;', to: '' }],
    ['feather-m4', { file: 'flash_samd51.c', from: 'request(CLEAR_BUFFER);', to: '' }],
    ['feather-m4', { file: 'flash_samd51.c', from: 'write_register(ADDR, (uint32_t)(address + i));', to: '' }],
    ['feather-m4', { file: 'board.h', from: 'FLASH_WRITE_BYTES 16u', to: 'FLASH_WRITE_BYTES 8u' }],
    ['esp32-s3-devkitc-1', { file: 'flash_esp32s3.c', from: 'transfer(WRITE_ENABLE, 0);', to: '' }],
    ['esp32-s3-devkitc-1', { file: 'flash_esp32s3.c', from: '} while (read_register(BUFFER) & WRITE_IN_PROGRESS);', to: '} while (0);' }],
    ['esp32-s3-devkitc-1', { file: 'flash_esp32s3.c', from: 'while (read_register(COMMAND)) continue;', to: '' }],
    ['esp32-s3-devkitc-1', { file: 'flash_esp32s3.c', from: 'read_register(CONTROL) & ~WIDE', to: 'read_register(CONTROL)' }],
    ['esp32-s3-devkitc-1', { file: 'flash_esp32s3.c', from: '(read_register(USER) & CHIP_SELECT) | ', to: '' }],
    ['esp32-s3-devkitc-1', { file: 'flash_esp32s3.c', from: '8 * count - 1', to: '8 * count' }],
    ['esp32-s3-devkitc-1', { file: 'flash_esp32s3.c', from: '(uint32_t)address - BOARD_FLASH_ADDRESS', to: '(uint32_t)address' }],
    ['esp32-s3-devkitc-1', { file: 'flash_esp32s3.c', from: 'MMU_TABLE + 4 * page, page', to: 'MMU_TABLE + 4 * page, page + 4' }],
    ['esp32-s3-devkitc-1', { file: 'flash_esp32s3.c', from: 'while (!IDLE(read_register(CACHE_STATE))) continue;', to: '' }],
    ['esp32-s3-devkitc-1', { file: 'flash_esp32s3.c', from: 'while (!(read_register(SYNC) & SYNC_DONE)) continue;', to: '' }],
    ['esp32-s3-devkitc-1', { file: 'flash_esp32s3.c', from: '  forget(address, FLASH_ERASE_BYTES);\n', to: '' }],
    ['esp32-s3-devkitc-1', { file: 'flash_esp32s3.c', from: '  forget(address, (uint32_t)bytes);\n', to: '' }],
    ['esp32-s3-devkitc-1', { file: 'flash_esp32s3.c', from: 'first + line - 1', to: 'first' }],
    ['esp32-s3-devkitc-1', { file: 'flash_esp32s3.c', from: 'BUFFER_BYTES - (uint32_t)(address + i) % BUFFER_BYTES', to: 'BUFFER_BYTES' }],
    ['nucleo-l432kc', { file: 'slots.c', from: 'if (slot != slots_state.active) return slot;', to: 'return slot;' }],
    ['nucleo-f446re', { file: 'slots.c', from: 'erased = flash_erase(', to: 'erased = 4096; flash_erase(' }],
  ])('%s: %o does not pass', ([name, mutation]) => {
    expect(cutPower(build(name, mutation), 5000, 140_001, 9973)).toMatchObject({
      status: 1,
      said: expect.stringMatching(/after \d+ operations|use-after-poison|SEGV on unknown address 0x00003c/),
    });
  });
});
