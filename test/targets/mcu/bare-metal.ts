/** The self-test of an emitted package on an emulated board, without any other firmware: reset, one call, the result as QEMU's exit code. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Board } from '../../../targets/boards/board.ts';
import { compilerOf } from '../../../targets/boards/cores.ts';
import { cSources, Project, run } from './c-project.ts';

const armStartup = `
extern uint32_t stack_top;
static void stop(uint32_t code) {
  const uint32_t block[2] = {0x20026u, code};
  register uint32_t operation __asm__("r0") = 0x20u; /* SYS_EXIT_EXTENDED */
  register const uint32_t *argument __asm__("r1") = block;
  __asm__ volatile("bkpt 0xab" : : "r"(operation), "r"(argument) : "memory");
  for (;;) {
  }
}
static void fault(void) { stop(99u); }
void reset(void);
void reset(void) {
#if defined(__ARM_FP)
  *(volatile uint32_t *)0xe000ed88u |= 0xfu << 20; /* CPACR: the FPU, and Helium with it */
  __asm__ volatile("dsb\\nisb");
#endif
  test();
}
__attribute__((section(".vectors"), used)) static void *const vectors[16] = {&stack_top, (void *)reset, (void *)fault, (void *)fault, (void *)fault, (void *)fault, (void *)fault};
`;

const riscvStartup = `
static void stop(uint32_t code) {
  /* The virt machine's test device ends QEMU with a code. */
  *(volatile uint32_t *)0x100000u = code == 0u ? 0x5555u : code << 16 | 0x3333u;
  for (;;) {
  }
}
void reset(void);
void reset(void) { test(); }
__asm__(".section .vectors,\\"ax\\"\\n.globl start\\nstart:\\n  la sp, stack_top\\n  j reset\\n");
`;

function linkerScript({ flash, ram }: Board): string {
  return `ENTRY(reset)
MEMORY {
  FLASH (rx) : ORIGIN = ${flash.origin}, LENGTH = ${flash.bytes}
  RAM (rwx) : ORIGIN = ${ram.origin}, LENGTH = ${ram.bytes}
}
SECTIONS {
  .text : { KEEP(*(.vectors)) *(.text .text.* .rodata .rodata.* .srodata .srodata.*) } > FLASH
  .ARM.exidx : { *(.ARM.exidx .ARM.exidx.*) } > FLASH
  .data : { *(.data .data.* .sdata .sdata.*) } > RAM
  .bss (NOLOAD) : { *(.bss .bss.* .sbss .sbss.* COMMON) } > RAM
  stack_top = ORIGIN(RAM) + LENGTH(RAM);
  ASSERT(SIZEOF(.data) == 0, "the package has initialized variables")
}
`;
}

/**
 * @param folder of the package
 * @returns 0 when the self-test passes, its result modulo 256 when it fails, 99 after a fault
 */
export function selftestOnBoard(folder: string, name: string, board: Board): number {
  const compiler = compilerOf(board.core, board.fpu);
  if (!compiler || !board.qemu) throw new Error(`${board.name} is not emulated`);
  using project = new Project();
  const isArm = compiler.prefix.startsWith('arm');
  const main = `#include "${name}.h"\nstatic void stop(uint32_t code);\nstatic void test(void) { stop((uint32_t)${name}_selftest(${name}_arena) & 0xffu); }\n`;
  project.write('main.c', main + (isArm ? armStartup : riscvStartup));
  project.write('board.ld', linkerScript(board));
  const flags = [...compiler.flags, '-std=gnu11', '-Os', '-ffunction-sections', '-fdata-sections', `-I${join(folder, 'src')}`];
  const link = ['-nostartfiles', '-Wl,--gc-sections', '-Wl,--no-warn-rwx-segments', '-T', 'board.ld', '-o', 'selftest.elf'];
  run(`${compiler.prefix}gcc`, [...flags, ...link, 'main.c', ...cSources(folder)], project.path);
  const bios = isArm ? ['-semihosting-config', 'enable=on,target=native'] : ['-bios', 'none'];
  const argv = ['-M', board.qemu.machine, '-display', 'none', '-monitor', 'none', '-serial', 'none', ...bios, '-kernel', 'selftest.elf'];
  const { status, error, stderr } = spawnSync(board.qemu.system, argv, { cwd: project.path, encoding: 'utf8', timeout: 120_000 });
  if (error) throw error;
  if (status === null) throw new Error(`${board.qemu.system} was killed\n${stderr}`);
  return status;
}
