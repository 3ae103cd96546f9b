/** An emitted package on disk, and the compilers that build it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type Core, type Standard, warnings } from './compilers.ts';

/** Runs a program and fails with all it said when it fails. @returns what it wrote on stdout */
export function run(program: string, argv: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(program, argv, { cwd, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${argv.join(' ')} ended with ${status}\n${stdout}${stderr}`);
  return stdout;
}

/** A scratch folder, removed when the scope ends. */
export class Project implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'whittle-project-'));

  write(path: string, content: string | Uint8Array): string {
    const file = join(this.path, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  }

  add(files: Readonly<Record<string, string | Uint8Array>>, folder = '.'): this {
    for (const [path, content] of Object.entries(files)) this.write(join(folder, path), content);
    return this;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export function cSources(folder: string): string[] {
  return readdirSync(join(folder, 'src'))
    .filter((name) => name.endsWith('.c'))
    .sort()
    .map((name) => join(folder, 'src', name));
}

/** Every source of the package alone, with all warnings as errors. @throws Error with what the compiler said */
export function compileSources(folder: string, core: Core, standard: Standard, flags: readonly string[]): void {
  const language = standard === 'c++17' ? ['-x', 'c++', '-fno-exceptions'] : [];
  const argv = [...core.flags, ...language, `-std=${standard}`, '-ffreestanding', ...warnings, '-Wcast-qual', ...flags];
  using objects = new Project();
  run(core.gcc, [...argv, '-c', ...cSources(folder)], objects.path);
}

const sanitizers = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-g'];

/** Compiles for this host, with sanitizers. @returns the object files, in `into` */
export function hostObjects(sources: readonly string[], into: string, flags: readonly string[] = []): string[] {
  mkdirSync(into, { recursive: true });
  run('gcc', ['-std=c99', '-O1', ...warnings, ...sanitizers, ...flags, '-c', ...sources], into);
  return sources.map((source) => join(into, basename(source).replace(/c$/, 'o')));
}

/**
 * Links a program for this host, with sanitizers, and runs it.
 * @param parts sources (C or C++) and objects
 * @returns what it printed
 */
export function runOnHost(parts: readonly string[], into: string, flags: readonly string[] = []): string {
  mkdirSync(into, { recursive: true });
  const program = join(into, 'program');
  run('g++', ['-x', 'none', ...warnings, ...sanitizers, ...flags, ...parts, '-o', program], into);
  return run(program, [], into);
}
