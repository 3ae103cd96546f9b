/** What the packages for Node, browsers and webviews share: model, runtimes, loader, types, manifest. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isCompact } from '../compiler/packed/expand.ts';
import type { PackedPort } from '../compiler/packed/metadata.ts';
import type { PackedModel } from '../compiler/packed/read.ts';
import { packageRoot, type Variant, version } from '../compiler/root.ts';
import { buildRuntime, buildThreadsRuntime } from './build-runtime.ts';
import { fitsRelaxed, kernelNeeds } from './kernel-needs.ts';
import type { Package } from './target.ts';
import { writeFolder } from './write-folder.ts';

/** The builds that a web package carries, best first; the loader takes the best that the engine runs. */
export const webVariants: readonly Variant[] = ['relaxed', 'simd', 'scalar'];

/** Those that come with threads, too, where they are asked for. */
export const threadVariants: readonly Variant[] = webVariants.filter((variant) => variant !== 'scalar');

export type Runtimes = Readonly<Record<string, Uint8Array>>;

/** Every runtime of the model, by variant. */
export async function buildRuntimes(model: PackedModel): Promise<Runtimes> {
  const needs = kernelNeeds(model);
  const built = await Promise.all(webVariants.map(async (variant) => [variant, await buildRuntime(needs, variant)] as const));
  return Object.fromEntries(built);
}

/** Files for sessions of several threads. @param script the bundle that a thread runs */
export async function threadFiles(model: PackedModel, script: string): Promise<Record<string, string | Uint8Array>> {
  const needs = kernelNeeds(model);
  const built = await Promise.all(
    threadVariants.map(async (variant) => [`runtime-${variant}-threads.wasm`, await buildThreadsRuntime(needs, variant)] as const),
  );
  return { ...Object.fromEntries(built), 'thread.js': bundle(script) };
}

/** What an index.js fetches or reads: the loader, with what only some models and builds need, the model and the runtimes. */
export function sessionFiles(model: PackedModel, runtimes: Runtimes, withThreads: boolean): Record<string, string | Uint8Array> {
  return {
    'loader.js': bundle(withThreads ? 'threads-loader.js' : 'loader.js'),
    'image.js': bundle('image.js'),
    ...(isCompact(model.file) && { 'expand.js': bundle('expand.js') }),
    'model.whittle': model.file,
    ...Object.fromEntries(Object.entries(runtimes).map(([variant, wasm]) => [`runtime-${variant}.wasm`, wasm])),
  };
}

/** What an index.js takes from the loader: `names`, and what only some models and builds need. */
export function loaderImports(names: readonly string[], model: PackedModel, withThreads: boolean): string {
  const loader = `import { ${[...names, ...(withThreads ? ['threadedEngines'] : [])].join(', ')} } from './loader.js';\n`;
  return isCompact(model.file) ? `import { expandModel as expand } from './expand.js';\n${loader}` : loader;
}

/** What an index.js gives Session.create. */
export function sessionSources(model: PackedModel, withThreads: boolean): string {
  return [
    'model',
    'runtime',
    "image: () => import('./image.js')",
    ...(isCompact(model.file) ? ['expand'] : []),
    ...(fitsRelaxed(model) ? ['fits: true'] : []),
    ...(withThreads ? ['threads'] : []),
  ].join(', ');
}

/** A bundle that `npm run build` made. */
export function bundle(name: string): string {
  return readFileSync(join(packageRoot, 'dist', name), 'utf8');
}

/** package.json: one entry per key of `entries`, each a module with its declarations. */
export function manifest(name: string, entries: Readonly<Record<string, string>>): string {
  const modules = Object.entries(entries).map(([entry, file]) => [entry, { types: `./${file}.d.ts`, default: `./${file}.js` }]);
  const exports = { ...Object.fromEntries(modules), './*': './*' };
  return `${JSON.stringify({ name, version: '1.0.0', type: 'module', exports, sideEffects: false }, null, 2)}\n`;
}

/** README.md of a package. @param usage Markdown that shows how to use it */
export function readme(model: PackedModel, name: string, usage: string): string {
  const { inputs, outputs } = model.metadata;
  const row = (port: PackedPort) => `| ${port.name} | ${port.dtype} | ${port.shape.join(' x ')} |`;
  return `# ${name}

Made by whittle ${version}. No dependencies.

${usage}

| tensor | dtype | shape |
|---|---|---|
${[...inputs, ...outputs].map(row).join('\n')}

Model ${model.file.length} bytes, arena ${model.arenaBytes} bytes.
`;
}

/** Writes the folder and says what a device must store: the model and the runtime that it will use. */
export function writeWebPackage(
  folder: string,
  model: PackedModel,
  runtimes: Runtimes,
  files: Readonly<Record<string, string | Uint8Array>>,
): Package {
  writeFolder(folder, files);
  const runtimeBytes = Math.max(...Object.values(runtimes).map((wasm) => wasm.length));
  return { folder, files: Object.keys(files), flashBytes: model.file.length + runtimeBytes, ramBytes: model.arenaBytes };
}

/** A package name that npm accepts, from any model name. */
export function packageName(name: string): string {
  return (
    name
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'model'
  );
}
