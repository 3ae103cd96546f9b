/**
 * The firmware monitor of an ESP32-S3: its image as the boot ROM takes it, its start and its crashes on QEMU's Xtensa, and the
 * arithmetic that its compiler leaves out. The flash: test/devices/serial/flash-drivers.test.ts.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readPackedModel } from '../../../compiler/packed/read.ts';
import { packageRoot } from '../../../compiler/root.ts';
import { buildFirmware, int8Opcodes } from '../../../devices/serial/firmware-build.ts';
import { boardHeader } from '../../../devices/serial/firmware-source.ts';
import { type Wiring, wirings } from '../../../devices/serial/wiring.ts';
import { boardNamed } from '../../../targets/boards/index.ts';
import { requireTool } from '../../require-tool.ts';
import { smallModel } from '../../small-model.ts';
import { Project, run } from '../../targets/mcu/c-project.ts';
import { sanitizers } from '../../targets/mcu/native-runner.ts';
import { loadEspImage } from './image.ts';

const board = boardNamed('esp32-s3-devkitc-1');
const wiring = wirings[board.name] as Required<Wiring>;
const firmware = join(packageRoot, 'devices', 'serial', 'firmware');
const compiler = 'xtensa-lx106-elf-gcc';

/** The ROM's stack and variables, which it needs while it loads (ESP-IDF's bootloader.ld). */
const ROM_RAM = 0x3fcd8000;

describe.skipIf(!requireTool(compiler))('the monitor on an ESP32-S3', () => {
  test('with every int8 kernel it is what the boot ROM wants: header, RAM, checksum and digest', async () => {
    const { bin, heapBytes, textBytes } = await buildFirmware(board, int8Opcodes);
    const image = readFileSync(bin);
    const { entry, flashMode, flashSize, segments, bytes } = loadEspImage(image, 9);
    expect([bytes, flashMode, flashSize]).toEqual([image.length, 2, board.flash.bytes]);
    expect(bytes).toBeLessThanOrEqual(wiring.firmware.bytes);
    const [data, code] = segments as [(typeof segments)[0], (typeof segments)[0]];
    // SRAM1 by its two addresses: the vectors are aligned, on the data bus one segment begins where the other ends.
    expect(code.address).toBe(0x40378000);
    expect(data.address - 0x3fc88000).toBe(code.content.length);
    expect(data.address + data.content.length).toBeLessThan(ROM_RAM);
    expect(entry - code.address).toBeGreaterThanOrEqual(1024);
    expect(entry - code.address).toBeLessThan(code.content.length);
    expect(textBytes).toBeLessThan(code.content.length);
    // The heap may reach into what was the ROM's, up to the data cache.
    expect(heapBytes).toBeGreaterThan(360 * 1024);
    expect(() => loadEspImage(image, 5)).toThrow(/for chip 9/);
  });

  test('starts watchdogs off, on the crystal, with the registers of the S3', () => {
    // ESP-IDF's soc/esp32s3: rtc_cntl_reg.h, timer_group_reg.h, system_reg.h; keys before what they unlock.
    const written = wiring.start.map(({ address, value }) => [address, value]);
    expect(written.slice(0, 9)).toEqual([
      [0x600080b0, 0x50d83aa1],
      [0x60008098, 0],
      [0x600080b0, 0],
      [0x600080b8, 0x8f1d312a],
      [0x600080b4, 0x80000000],
      [0x600080b8, 0],
      [0x6001f064, 0x50d83aa1],
      [0x6001f048, 0],
      [0x6001f064, 0],
    ]);
    expect(wiring.start.filter(({ address }) => address === 0x600c0060).map(({ mask, value }) => [mask, value])).toEqual([
      [0x3ff, 0],
      [0xc00, 0],
    ]);
  });

  test('float32 kernels are refused before anything is built', async () => {
    const { opcodes } = readPackedModel(smallModel());
    await expect(buildFirmware(board, opcodes)).rejects.toThrow(/esp32-s3-devkitc-1: its firmware monitor computes in int8 only.*quantize/);
  });

  test.skipIf(!requireTool('qemu-system-xtensa'))('starts from code with windows, clears its variables, tells of a crash', () => {
    using project = new Project();
    // What would restart the chip restarts the program.
    const header = boardHeader(board, wiring).replace(/#define BOARD_RESET_ADDRESS .*/, restartHeader);
    project.add({ 'board.h': header, 'main.c': startMain, 'sim.ld': startScript });
    const flags = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', '-ffreestanding', '-fno-tree-loop-distribute-patterns'];
    const sources = ['main.c', ...['cpu_xtensa.c', 'memory.c', 'start.c'].map((name) => join(firmware, name))];
    const link = ['-nostdlib', '-Wl,--no-warn-rwx-segments', '-T', 'sim.ld', '-o', 'start.elf'];
    run(compiler, [...flags, '-I.', `-I${firmware}`, ...link, ...sources], project.path);
    const silent = ['-display', 'none', '-monitor', 'none', '-serial', 'none', '-semihosting'];
    const argv = ['-M', 'sim', '-cpu', 'dc233c', ...silent, '-kernel', 'start.elf'];
    expect(spawnSync('qemu-system-xtensa', argv, { cwd: project.path, timeout: 60_000 }).status).toBe(42);
  });
});

const restartHeader = `extern uint32_t reset_register;
void restarted(void);
#define BOARD_RESET_ADDRESS (restarted(), &reset_register)`;

/** Crashes once, and ends with 42 where all is as it should be after that, else with the number of what is not. */
const startMain = String.raw`
#include "platform.h"
int main(void);
extern const uint8_t crash_here[];
uint32_t reset_register;
static uint32_t cleared[100], set = 7;
static void stop(uint32_t code) {
  register uint32_t call __asm__("a2") = 1u;
  register uint32_t argument __asm__("a3") = code;
  __asm__ volatile("simcall" : "+r"(call), "+r"(argument) : : "memory");
  for (;;) continue;
}
void restarted(void) { __asm__ volatile("movi a2, start\n jx a2"); }
__asm__(".text\ncrash_here: ill\n"
        // The boot ROM's PS: windows on, no interrupt masked.
        ".section .reset, \"ax\"\n j 2f\n .balign 4\n 1: .word 0x00040020, _start\n"
        "start:\n2: l32r a2, 1b\n wsr.ps a2\n rsync\n l32r a2, 1b + 4\n jx a2\n.text\n");
int main(void) {
  uint32_t ps;
  __asm__ volatile("rsr.ps %0" : "=r"(ps));
  if (ps != 0x2f) stop(1);
  for (uint32_t i = 0; i < 100; i++)
    if (cleared[i]++) stop(2);
  if (set != 7) stop(3);
  if (cpu_stack_pointer() > (uintptr_t)_stack_top || cpu_stack_pointer() < (uintptr_t)_stack_top - 256) stop(4);
  if (crash_address) stop(crash_address == (uint32_t)crash_here ? 42 : 5);
  ((void (*)(void))crash_here)();
  return 0;
}
`;

/** RAM of QEMU's dc233c, and where its reset comes to. */
const startScript = `ENTRY(start)
SECTIONS {
  .reset 0xfe000000 : { *(.reset) }
  .text 0x00010000 : { *(.vectors) *(.literal* .text*) *(.rodata*) }
  .data : { *(.data*) }
  _data_start = .; _data_end = .; _data_load = .;
  .bss (NOLOAD) : { _bss_start = .; *(.bss* COMMON) _bss_end = .; }
  .noinit (NOLOAD) : { *(.noinit*) }
  _stack_top = ALIGN(16) + 0x1000;
}
`;

describe.skipIf(!requireTool('gcc'))('the arithmetic that the compiler for Xtensa does not bring', () => {
  const integers = ['__udivsi3', '__umodsi3', '__divsi3', '__modsi3', '__udivdi3', '__umoddi3', '__muldi3'];
  const floats = ['__addsf3', '__subsf3', '__mulsf3', '__floatsisf', '__floatunsisf', '__fixunssfsi'];
  // Under names that this machine's library does not have.
  const renamed = [...integers, ...floats].map((name) => `-D${name}=whittle${name}`);
  const program = join(packageRoot, 'test', 'devices', 'serial', 'native', 'arithmetic-xtensa.c');

  /** @returns the name of the function that computes something else than this machine; '': all are right */
  function wrongFunction(from?: string, to?: string): string {
    using project = new Project();
    const sources = ['arithmetic_xtensa.c', 'float_xtensa.c'].map((name) => {
      const text = readFileSync(join(firmware, name), 'utf8');
      return project.write(name, from && to ? text.replace(from, to) : text);
    });
    project.write('board.h', boardHeader(board, wiring));
    const flags = ['-std=gnu11', '-O1', '-Wall', '-Wextra', '-Werror', '-I.', `-I${firmware}`, ...sanitizers, ...renamed];
    run('gcc', [...flags, program, ...sources, '-o', 'arithmetic'], project.path);
    const { status, stdout, stderr } = spawnSync(join(project.path, 'arithmetic'), { encoding: 'utf8' });
    return status === 0 ? '' : stdout.trim() + stderr;
  }

  test('is what a processor computes with instructions', () => {
    expect(wrongFunction()).toBe('');
  });

  test.for([
    ['(mantissa + 64) >> 7', '(mantissa + 63) >> 7', '__floatsisf'],
    ['a_high * b_high + (middle >> 16)', 'a_high * b_high', '__umoddi3'],
    ['dividend < 0 ? -rest : rest', 'rest', '__modsi3'],
  ])('%s is not %s', ([from, to, name]) => {
    expect(wrongFunction(from, to)).toBe(name);
  });
});
