/** Builds the firmware monitor on the user's machine with a GNU compiler, cached by content. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../compiler/errors.ts';
import { packageRoot } from '../../compiler/root.ts';
import * as boardImage from '../../runtime-as/board-image.ts';
import * as format from '../../runtime-as/format.ts';
import type { Board } from '../../targets/boards/board.ts';
import { compilerOf } from '../../targets/boards/cores.ts';
import { cacheFolder } from '../../targets/build-runtime.ts';
import { boardHeader, boardSources, constantsHeader, linkerScript } from './firmware-source.ts';
import * as protocol from './protocol.ts';
import { wirings } from './wiring.ts';

export interface Firmware {
  /** Folder of monitor.elf and monitor.bin. */
  readonly folder: string;
  readonly elf: string;
  /** Bytes in flash. */
  readonly flashBytes: number;
}

const sourceFolder = join(packageRoot, 'devices', 'serial', 'firmware');
const commonSources = ['crc32.c', 'frame.c', 'memory.c', 'mlperf.c', 'model.c', 'monitor.c', 'slots.c', 'text.c'];

const flags = ['-std=c11', '-O2', '-g', '-Wall', '-Wextra', '-Werror', '-ffreestanding', '-fno-strict-aliasing'];
const sectionFlags = ['-ffunction-sections', '-fdata-sections', '-fno-tree-loop-distribute-patterns', '-fno-common'];

const debianPackages: Readonly<Record<string, string>> = {
  'arm-none-eabi-': 'gcc-arm-none-eabi libnewlib-arm-none-eabi',
  'riscv64-unknown-elf-': 'gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf',
};

function run(folder: string, prefix: string, tool: string, args: readonly string[]): void {
  const result = spawnSync(`${prefix}${tool}`, args, { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (result.error)
    throw new UsageError(
      `${prefix}${tool} is missing: the monitor is compiled on this machine; install it (Debian, Ubuntu: apt-get install ${debianPackages[prefix]})`,
    );
  if (result.status !== 0) throw new Error(`the monitor does not compile: ${prefix}${tool} ${args.join(' ')}\n${result.stderr}`);
}

/** @throws UsageError when the monitor does not know the board, or the compiler is not installed. */
export async function buildFirmware(board: Board): Promise<Firmware> {
  const wiring = wirings[board.name];
  const sources = wiring && boardSources(board, wiring);
  const compiler = compilerOf(board.core, board.fpu);
  if (!sources || !compiler)
    throw new UsageError(`${board.name}: there is no firmware monitor for this board; it exists for ${Object.keys(wirings).join(', ')}`);
  const generated: Readonly<Record<string, string>> = {
    'board.h': boardHeader(board, wiring),
    'board_image.h': constantsHeader(boardImage),
    'format.h': constantsHeader(format),
    'protocol.h': constantsHeader(protocol),
    'monitor.ld': linkerScript(board, wiring),
  };
  const machine = compiler.flags.filter((flag) => !flag.startsWith('--specs'));
  const args = [...machine, ...flags, ...sectionFlags];
  const hash = createHash('sha256').update(JSON.stringify([generated, sources, args]));
  for (const file of readdirSync(sourceFolder).sort()) hash.update(file).update(readFileSync(join(sourceFolder, file)));
  const folder = join(cacheFolder(), `monitor-${board.name}-${hash.digest('hex').slice(0, 32)}`);
  const firmware = () => ({ folder, elf: join(folder, 'monitor.elf'), flashBytes: readFileSync(join(folder, 'monitor.bin')).length });
  try {
    return firmware();
  } catch {
    // Not built yet.
  }
  mkdirSync(cacheFolder(), { recursive: true });
  const temporary = mkdtempSync(`${folder}.`);
  try {
    for (const [name, text] of Object.entries(generated)) writeFileSync(join(temporary, name), text);
    cpSync(sourceFolder, temporary, { recursive: true });
    run(temporary, compiler.prefix, 'gcc', [
      ...args,
      '-nostdlib',
      '-nostartfiles',
      '-static',
      '-Wl,--gc-sections,--fatal-warnings,-z,max-page-size=4096,--no-warn-rwx-segments',
      '-Wl,-Map=monitor.map',
      '-Tmonitor.ld',
      ...[...commonSources, ...sources, 'runtime_none.c'],
      '-lgcc',
      '-o',
      'monitor.elf',
    ]);
    run(temporary, compiler.prefix, 'objcopy', ['-O', 'binary', 'monitor.elf', 'monitor.bin']);
    renameSync(temporary, folder);
  } catch (error) {
    // Another process may have built the same in the meantime.
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return firmware();
}
