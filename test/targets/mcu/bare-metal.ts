/** The self-test of an emitted package on an emulated board, without any other firmware: reset, one call, the result as QEMU's exit code. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../../compiler/root.ts';
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
 * The `sim` machine of QEMU's Xtensa: it starts at the core's reset vector, its "simcall" 1 ends it. There is no C library; what
 * Debian leaves out of the compiler's own is the firmware monitor's.
 */
const xtensaStartup = `
static void stop(uint32_t code) {
  register uint32_t call __asm__("a2") = 1u;
  register uint32_t argument __asm__("a3") = code;
  __asm__ volatile("simcall" : "+r"(call), "+r"(argument) : : "memory");
  for (;;) {
  }
}
void *memmove(void *target, const void *source, unsigned bytes) {
  uint8_t *to = target;
  const uint8_t *from = source;
  for (unsigned i = 0; i < bytes; i++) {
    const unsigned at = to < from ? i : bytes - 1u - i;
    to[at] = from[at];
  }
  return target;
}
void *memset(void *target, int value, unsigned bytes) {
  for (uint8_t *to = target; bytes--;) *to++ = (uint8_t)value;
  return target;
}
void reset(void);
void reset(void) { test(); }
__asm__(".section .vectors,\\"ax\\"\\n.globl start\\nstart: j 3f\\n.align 4\\n1: .word stack_top\\n2: .word reset\\n"
        "3: l32r a1, 1b\\n l32r a0, 2b\\n callx0 a0\\n.text\\n");
`;

/** Reset vector and RAM of QEMU's cores. */
const xtensaMemory = { lx106: [0x50000000, 0x60000000], dc233c: [0xfe000000, 0x00010000] } as const;

/**
 * The same as selftestOnBoard, on a core without a board: the ESP8266's, whose instructions those of Debian's compiler are, or
 * a larger one that has windows, loops and a floating-point unit beside them, as the LX7 of an ESP32-S3.
 */
export function selftestOnXtensa(folder: string, name: string, cpu: keyof typeof xtensaMemory): number {
  const [vector, ram] = xtensaMemory[cpu];
  using project = new Project();
  const main = `#include "${name}.h"\nstatic void stop(uint32_t code);\nstatic void test(void) { stop((uint32_t)${name}_selftest(${name}_arena) & 0xffu); }\n`;
  project.write('main.c', main + xtensaStartup);
  project.write(
    'board.ld',
    `ENTRY(start)
SECTIONS {
  .vectors ${vector} : { *(.vectors) }
  .text ${ram} : { *(.literal .literal.* .text .text.*) *(.rodata .rodata.*) }
  .data : { *(.data .data.*) }
  .bss (NOLOAD) : { *(.bss .bss.* COMMON) }
  stack_top = ALIGN(16) + 0x10000;
}
`,
  );
  const flags = [
    '-std=gnu11',
    '-Os',
    '-ffreestanding',
    '-fno-tree-loop-distribute-patterns',
    '-ffunction-sections',
    `-I${join(folder, 'src')}`,
  ];
  const link = ['-nostdlib', '-Wl,--no-warn-rwx-segments', '-T', 'board.ld', '-o', 'selftest.elf'];
  const arithmetic = join(packageRoot, 'devices', 'serial', 'firmware', 'arithmetic_xtensa.c');
  run('xtensa-lx106-elf-gcc', [...flags, ...link, 'main.c', arithmetic, ...cSources(folder), '-lgcc'], project.path);
  return runQemu('qemu-system-xtensa', ['-M', 'sim', '-cpu', cpu, '-semihosting'], project.path);
}

/** @returns the code that the program ended with */
function runQemu(system: string, argv: readonly string[], cwd: string): number {
  const silent = ['-display', 'none', '-monitor', 'none', '-serial', 'none'];
  const { status, error, stderr } = spawnSync(system, [...argv, ...silent, '-kernel', 'selftest.elf'], {
    cwd,
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (error) throw error;
  if (status === null) throw new Error(`${system} was killed\n${stderr}`);
  return status;
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
  return runQemu(board.qemu.system, ['-M', board.qemu.machine, ...bios], project.path);
}
