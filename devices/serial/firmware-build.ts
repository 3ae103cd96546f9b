/** Builds the firmware monitor on the user's machine with a GNU compiler, cached by content. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../../compiler/errors.ts';
import { opcodeNames } from '../../compiler/packed/opcode-names.ts';
import { packageRoot, version } from '../../compiler/root.ts';
import * as boardImage from '../../runtime-as/board-image.ts';
import * as format from '../../runtime-as/format.ts';
import type { Board } from '../../targets/boards/board.ts';
import { type Compiler, compilerOf } from '../../targets/boards/cores.ts';
import { cacheFolder } from '../../targets/build-runtime.ts';
import { emitRuntime, type RuntimeC } from '../../targets/mcu/build-runtime-c.ts';
import { type Program, requireProgram } from '../child-process.ts';
import { espImage, espLinkerScript } from './firmware-esp.ts';
import { boardHeader, boardSources, constantsHeader, dispatchSource, linkerScript, monitorVocabulary } from './firmware-source.ts';
import * as protocol from './protocol.ts';
import { wiringOf } from './wiring.ts';

export interface Firmware {
  readonly elf: string;
  /** The same as the bytes of the flash, from its start. */
  readonly bin: string;
  /** Bytes of the kernels' code and constants. */
  readonly textBytes: number;
  /** RAM that the monitor leaves for arena and workspace. */
  readonly heapBytes: number;
}

const sourceFolder = join(packageRoot, 'devices', 'serial', 'firmware');
const commonSources = ['crc32.c', 'frame.c', 'memory.c', 'mlperf.c', 'model.c', 'monitor.c', 'slots.c', 'start.c', 'text.c'];
const runtimeSource = 'whittle_runtime.c';

const flags = ['-std=c11', '-O2', '-g', '-Wall', '-Wextra', '-Werror', '-ffreestanding', '-fno-strict-aliasing'];
const sectionFlags = ['-ffunction-sections', '-fdata-sections', '-fno-tree-loop-distribute-patterns', '-fno-common'];
const linkFlags = [
  '-nostdlib',
  '-nostartfiles',
  '-static',
  '-Wl,--gc-sections,--fatal-warnings,-z,max-page-size=4096,--no-warn-rwx-segments',
];

const debianPackages: Readonly<Record<string, string>> = {
  'arm-none-eabi-': 'gcc-arm-none-eabi libnewlib-arm-none-eabi',
  'riscv64-unknown-elf-': 'gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf',
  'xtensa-lx106-elf-': 'gcc-xtensa-lx106',
};

/**
 * The LX7 runs what Debian's compiler for the ESP8266 makes; of its missing library functions arithmetic_xtensa.c has those that
 * integers need.
 */
function monitorCompiler({ core, fpu }: Board): Compiler | undefined {
  return core === 'xtensa-lx7' ? { prefix: 'xtensa-lx106-elf-', flags: [] } : compilerOf(core, fpu);
}

/** @throws UsageError where kernels compute what the compiler of the core cannot */
function checkKernels({ core, name }: Board, opcodes: readonly number[]): void {
  if (core === 'xtensa-lx7' && !opcodes.every((opcode) => int8Opcodes.includes(opcode)))
    throw new UsageError(
      `${name}: its firmware monitor computes in int8 only, for want of a compiler that knows the FPU of its core; quantize the model (whittle compress), or build it into a program with ESP-IDF: whittle build MODEL --target mcu --board ${name}`,
    );
}

/** The compiler as a program on this machine. */
export function compilerProgram({ prefix }: Compiler): Program {
  const name = `${prefix}gcc`;
  const variable = `WHITTLE_${name.toUpperCase().replaceAll('-', '_')}`;
  return { title: name, names: [name], variable, fix: `Debian, Ubuntu: apt-get install ${debianPackages[prefix]}` };
}

function run(folder: string, program: string, args: readonly string[]): void {
  const result = spawnSync(program, args, { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (result.status !== 0)
    throw new Error(`the monitor does not compile: ${program} ${args.join(' ')}\n${result.error?.message ?? ''}${result.stderr}`);
}

/** Bytes that the linker took from one object, by its map file: what --gc-sections left of it. */
function linkedBytes(map: string, object: RegExp): number {
  const placed = map.slice(map.indexOf('Linker script and memory map'));
  let bytes = 0;
  // " .text.name\n                0x00001234       0x56 /tmp/whittle_runtime.o", on one line where the name is short.
  for (const [, size, file] of placed.matchAll(/^ \.(?:text|literal|rodata|srodata)\S*\s+0x[0-9a-f]+\s+(0x[0-9a-f]+) (\S+)$/gm))
    if (object.test(file as string)) bytes += Number(size);
  return bytes;
}

function readFirmware(folder: string): Firmware {
  const map = readFileSync(join(folder, 'monitor.map'), 'utf8');
  const address = (symbol: string) => Number(new RegExp(`(0x[0-9a-f]+) +${symbol} = `).exec(map)?.[1]);
  return {
    elf: join(folder, 'monitor.elf'),
    bin: join(folder, 'monitor.bin'),
    textBytes: linkedBytes(map, /whittle_runtime\.o$/),
    heapBytes: address('_heap_end') - address('_heap_start'),
  };
}

/** Everything that the firmware is made of, without making it: the translation of the kernels takes seconds. */
function firmwareKey(parts: readonly unknown[]): string {
  const hash = createHash('sha256').update(version).update(JSON.stringify(parts));
  const translator = fileURLToPath(new URL('../../targets/mcu', import.meta.url));
  for (const folder of [sourceFolder, translator, join(packageRoot, 'targets', 'mcu', 'c'), join(packageRoot, 'runtime-as')]) {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    for (const path of files.map((entry) => join(entry.parentPath, entry.name)).sort())
      hash.update(relative(folder, path)).update(readFileSync(path));
  }
  return hash.digest('hex').slice(0, 32);
}

/**
 * The monitor with the kernels of these opcodes.
 * @throws UsageError when there is no monitor for the board, or none with such kernels; DeviceError when the compiler is not installed.
 */
export async function buildFirmware(board: Board, opcodes: readonly number[], wiring = wiringOf(board)): Promise<Firmware> {
  const sources = boardSources(board, wiring);
  const compiler = monitorCompiler(board);
  if (!sources || !compiler) throw new Error(`${board.name}: wired, but there is no driver for its UART or no compiler for its core`);
  checkKernels(board, opcodes);
  const kernels = [...new Set(opcodes)].sort((a, b) => a - b);
  const generated: Readonly<Record<string, string>> = {
    'board.h': boardHeader(board, wiring),
    'board_image.h': constantsHeader(boardImage),
    'format.h': constantsHeader(format),
    'protocol.h': constantsHeader(protocol),
    'monitor.ld': wiring.esp ? espLinkerScript(board, wiring, wiring.esp) : linkerScript(board, wiring),
  };
  const args = [...compiler.flags.filter((flag) => !flag.startsWith('--specs')), ...flags, ...sectionFlags];
  const folder = join(cacheFolder(), `monitor-${board.name}-${firmwareKey([generated, kernels, sources, args, linkFlags])}`);
  try {
    return readFirmware(folder);
  } catch {
    // Not built yet.
  }
  const gcc = requireProgram(compilerProgram(compiler));
  const runtime = await emitRuntime(kernels, monitorVocabulary(board));
  mkdirSync(cacheFolder(), { recursive: true });
  const temporary = mkdtempSync(`${folder}.`);
  try {
    const files = { ...generated, 'dispatch.c': dispatchSource(runtime.functions), ...runtimeFiles(runtime) };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(temporary, name), text);
    cpSync(sourceFolder, temporary, { recursive: true });
    run(temporary, gcc, [...args, '-c', runtimeSource]);
    const inputs = [...commonSources, ...sources, 'dispatch.c', runtimeSource.replace(/c$/, 'o')];
    run(temporary, gcc, [...args, ...linkFlags, '-Wl,-Map=monitor.map', '-Tmonitor.ld', ...inputs, '-lgcc', '-o', 'monitor.elf']);
    if (wiring.esp)
      writeFileSync(join(temporary, 'monitor.bin'), espImage(readFileSync(join(temporary, 'monitor.elf')), board, wiring.esp));
    else run(temporary, gcc.replace(/gcc$/, 'objcopy'), ['-O', 'binary', 'monitor.elf', 'monitor.bin']);
    renameSync(temporary, folder);
  } catch (error) {
    // Another process may have built the same in the meantime.
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return readFirmware(folder);
}

function runtimeFiles({ source, header, portHeaders }: RuntimeC): Record<string, string> {
  return { [runtimeSource]: source, 'whittle_runtime.h': header, ...Object.fromEntries(portHeaders) };
}

/** Every opcode that computes in int8: the kernels of a monitor that is flashed once for all models. */
export const int8Opcodes: readonly number[] = [...opcodeNames].flatMap(([opcode, name]) => (name.endsWith('_FLOAT32') ? [] : [opcode]));
