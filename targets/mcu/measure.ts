/** What a package costs on a core: its sources are compiled and linked by the user's own compiler. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type Core, compilerOf, type Fpu } from '../boards/cores.ts';
import { type CPackage, type Files, outputPorts, sourceFiles } from './c-package.ts';
import { deepestStack } from './stack.ts';

export interface Cost {
  readonly core: Core;
  readonly vocabulary: string;
  /** Machine code that one inference needs: kernels, their calls, and what these use of the compiler's library. */
  readonly textBytes: number;
  /** Machine code and constants. */
  readonly flashBytes: number;
  /** Arena, static variables and stack. */
  readonly ramBytes: number;
  readonly stackBytes: number;
  /** How it is known: linked here, or an upper bound from the sources. */
  readonly method: 'linked' | 'bound';
}

/** As firmware is usually built: for size, and without what nobody calls. */
const flags = ['-std=c99', '-Os', '-ffunction-sections', '-fdata-sections', '-fcallgraph-info=su'];

function probe(pkg: CPackage): string {
  const { symbol, library } = pkg.names;
  const output = outputPorts(pkg)[0];
  return `#include "${library}.h"
int probe(void);
int probe(void) {
  if (${symbol}_init(${symbol}_arena) != 0) return -1;
  ${symbol}_run(${symbol}_arena);
  return (int)${symbol}_${output?.symbol ?? 'output'}(${symbol}_arena)[0];
}
`;
}

/** As the linker script of a board, without the sizes of its memories. */
const linkerScript = `ENTRY(probe)
SECTIONS {
  .text : { *(.text .text.*) }
  .rodata : { *(.rodata .rodata.* .srodata .srodata.*) }
  .ARM.exidx : { *(.ARM.exidx .ARM.exidx.*) }
  .data : { *(.data .data.* .sdata .sdata.*) }
  .bss : { *(.bss .bss.* .sbss .sbss.* COMMON) }
}
`;

/** Bytes of each section by the System V listing of GNU size. */
function sectionSizes(listing: string): Map<string, number> {
  return new Map([...listing.matchAll(/^(\.\S+)\s+(\d+)\s+\d+/gm)].map((match) => [match[1] as string, Number(match[2])]));
}

/**
 * @param files of the package
 * @returns undefined where the compiler for the core is not installed
 */
export function measure(pkg: CPackage, files: Files, core: Core, fpu: Fpu): Omit<Cost, 'vocabulary'> | undefined {
  const compiler = compilerOf(core, fpu);
  if (!compiler || spawnSync(`${compiler.prefix}gcc`, ['--version']).status !== 0) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'whittle-measure-'));
  try {
    for (const [path, content] of Object.entries(files)) {
      if (path.startsWith('src/')) writeFileSync(join(folder, basename(path)), content);
    }
    writeFileSync(join(folder, 'probe.c'), probe(pkg));
    const sources = [...sourceFiles(pkg).map((path) => basename(path)), 'probe.c'];
    run(folder, `${compiler.prefix}gcc`, [...compiler.flags, ...flags, '-c', ...sources]);
    const objects = sources.map((source) => source.replace(/c$/, 'o'));
    writeFileSync(join(folder, 'probe.ld'), linkerScript);
    const link = ['-nostartfiles', '-Wl,--gc-sections', '-T', 'probe.ld', ...objects, '-o', 'probe.elf'];
    run(folder, `${compiler.prefix}gcc`, [...compiler.flags, ...link]);
    const sections = sectionSizes(run(folder, `${compiler.prefix}size`, ['-A', 'probe.elf']));
    const sum = (...names: string[]) => names.reduce((total, name) => total + (sections.get(name) ?? 0), 0);
    const graphs = readdirSync(folder).filter((name) => name.endsWith('.ci'));
    const stackBytes = deepestStack(
      graphs.map((name) => readFileSync(join(folder, name), 'utf8')),
      'probe',
    );
    return {
      core,
      textBytes: sum('.text'),
      flashBytes: sum('.text', '.rodata', '.ARM.exidx', '.data'),
      ramBytes: sum('.data', '.bss') + stackBytes,
      stackBytes,
      method: 'linked',
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(cwd: string, program: string, argv: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, argv, { cwd, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`the emitted C does not build: ${program} ${argv.join(' ')}\n${stderr}`);
  return stdout;
}
