/** Builds the runtime for one model: only the kernels of its opcodes, one binary per variant, cached by content. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { opcodeNames } from '../compiler/packed/opcode-names.ts';
import { packageRoot, type Variant, version } from '../compiler/root.ts';
import type { KernelNeeds, KernelPart } from './kernel-needs.ts';
import { numberFunctions, packaged } from './number-functions.ts';

export const sourceFolder = join(packageRoot, 'runtime-as');

/** Where what is built once is kept: WHITTLE_CACHE, or the user's cache folder. */
export function cacheFolder(): string {
  return process.env.WHITTLE_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'whittle');
}

/** What only one variant can do without. */
const only: Readonly<Partial<Record<KernelPart, Variant>>> = { PAIRS: 'relaxed', QUADS: 'relaxed', ROWS: 'simd' };

/** The flags of runtime-as/variant.ts. */
function kernelFlags({ opcodes, without = [] }: KernelNeeds, variant: Variant): string[] {
  const names = [...new Set(opcodes)].sort((a, b) => a - b).map((opcode) => opcodeNames.get(opcode) as string);
  const absent = without.filter((part) => only[part] === undefined || only[part] === variant);
  return [...names.map((name) => `KERNEL_${name}`), ...absent.map((part) => `WITHOUT_${part}`)];
}

/** Everything else stands in runtime-as/asconfig.json, which asc reads from the base folder. */
function compilerArguments(needs: KernelNeeds, variant: Variant, entries: readonly string[]): string[] {
  const kernels = kernelFlags(needs, variant).flatMap((flag) => ['--use', `${flag}=1`]);
  return [...entries, '--baseDir', sourceFolder, '--outFile', 'runtime.wasm', ...kernels, ...variantArguments[variant]];
}

const variantArguments: Readonly<Record<Variant, readonly string[]>> = {
  scalar: ['--disable', 'simd'],
  simd: ['--enable', 'simd'],
  relaxed: ['--enable', 'simd', '--enable', 'relaxed-simd'],
  'board-scalar': ['--disable', 'simd', '--use', 'VARIANT_BOARD=1', '--use', 'VARIANT_HOST=1'],
  'board-dsp': ['--disable', 'simd', '--use', 'VARIANT_BOARD=1', '--use', 'VARIANT_DSP=1', '--use', 'VARIANT_HOST=1'],
  'board-mve': ['--enable', 'simd', '--use', 'VARIANT_BOARD=1', '--use', 'VARIANT_MVE=1', '--use', 'VARIANT_HOST=1'],
};

function cacheKey(argv: readonly string[], finished: string): string {
  const hash = createHash('sha256')
    .update(version)
    .update(finished)
    .update(argv.filter((argument) => argument !== sourceFolder).join(' '));
  const files = readdirSync(sourceFolder, { recursive: true }).map(String);
  for (const file of files.filter((name) => /\.(ts|json)$/.test(name)).sort())
    hash.update(file).update(readFileSync(join(sourceFolder, file)));
  return hash.digest('hex').slice(0, 32);
}

/** As a package carries it. @returns the bytes of the WASM module */
export async function buildRuntime(needs: KernelNeeds, variant: Variant): Promise<Uint8Array> {
  return buildCached(compilerArguments(needs, variant, []), { name: `numbered ${JSON.stringify(packaged)}`, change: numberFunctions });
}

/** As buildRuntime, with the exports of inspect.ts; nobody downloads it. */
export async function buildInspectedRuntime(needs: KernelNeeds, variant: Variant): Promise<Uint8Array> {
  return buildCached(compilerArguments(needs, variant, ['inspect.ts']));
}

/** Threads share one memory, which the host makes. */
const threadArguments = ['--enable', 'threads', '--importMemory', '--sharedMemory', '--zeroFilledMemory', '--maximumMemory', '65536'];

/** As buildRuntime, with the exports of runtime-as/threads.ts, and of inspect.ts for profiles. */
export function buildThreadsRuntime(needs: KernelNeeds, variant: Variant): Promise<Uint8Array> {
  return buildCached([...compilerArguments(needs, variant, ['threads.ts', 'inspect.ts']), ...threadArguments]);
}

/** The loops of runtime-as/roofline.ts for one variant. */
export function buildRoofline(variant: Variant): Promise<Uint8Array> {
  return buildCached([...compilerArguments({ opcodes: [] }, variant, []), '--config', 'roofline.json']);
}

interface Finish {
  readonly name: string;
  readonly change: (wasm: Uint8Array) => Uint8Array;
}

/**
 * @param argv asc's command line, its base folder `--baseDir sourceFolder`; whatever the output's name, it is kept by content
 * @param finish what is done with asc's module, which is kept under that name, too
 */
export async function buildCached(argv: readonly string[], finish?: Finish): Promise<Uint8Array> {
  const cached = join(cacheFolder(), `${cacheKey(argv, finish?.name ?? '')}.wasm`);
  try {
    return readFileSync(cached);
  } catch {
    // Not built yet.
  }
  const compiled = await compileRuntime(argv);
  const wasm = finish ? finish.change(compiled) : compiled;
  mkdirSync(cacheFolder(), { recursive: true });
  // Two builds may run at once: each writes its own file and renames it.
  const temporary = `${cached}.${process.pid}`;
  writeFileSync(temporary, wasm);
  renameSync(temporary, cached);
  return wasm;
}

async function compileRuntime(argv: readonly string[]): Promise<Uint8Array> {
  // 100 MB of compiler: only loaded where a runtime is really built.
  const { default: asc } = await import('assemblyscript/asc');
  let wasm: Uint8Array | undefined;
  const { error, stderr } = await asc.main([...argv], {
    writeFile(_name: string, contents: Uint8Array | string) {
      if (typeof contents !== 'string') wasm = contents;
    },
  });
  if (error || !wasm) throw new Error(`the runtime does not compile: ${error?.message ?? ''}\n${stderr.toString()}`);
  return wasm;
}
