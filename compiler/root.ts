/** Where the package lies on disk: the same for sources (vitest) and for the compiled dist/. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function findRoot(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json')) && existsSync(join(folder, 'runtime-as'))) return folder;
    if (folder === dirname(folder)) throw new Error('the whittle package is not complete: package.json not found');
  }
}

export const packageRoot = findRoot();

export const version: string = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')).version;

/** Builds of the runtime for hosts with a WASM engine; board-… compute what a microcontroller's build of that name computes. */
export type Variant = 'scalar' | 'simd' | 'relaxed' | 'board-scalar' | 'board-dsp' | 'board-mve';

/** The bytes of the runtime with every kernel, as `npm run build` made it. */
export function fullRuntimeBytes(variant: Variant): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(join(packageRoot, 'dist', 'runtime-as', `${variant}.wasm`)));
}

const runtimes = new Map<Variant, Promise<WebAssembly.Module>>();

/** The same as a module, compiled once per process. */
export function fullRuntime(variant: Variant): Promise<WebAssembly.Module> {
  let runtime = runtimes.get(variant);
  if (!runtime) {
    runtime = WebAssembly.compile(fullRuntimeBytes(variant));
    runtimes.set(variant, runtime);
  }
  return runtime;
}

/** The bytes of the compiler's linear algebra. */
export function linalgBytes(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(join(packageRoot, 'dist', 'runtime-as', 'linalg.wasm')));
}
