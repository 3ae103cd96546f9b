/** What the packages for Node and for browsers share: model, runtimes, loader, types; they differ in how index.js reads its files. */
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { InputFileError } from '../compiler/errors.ts';
import { elementCount } from '../compiler/graph.ts';
import type { PackedPort } from '../compiler/packed/metadata.ts';
import type { PackedModel } from '../compiler/packed/read.ts';
import { packageRoot, version } from '../compiler/root.ts';
import { buildRuntime } from './build-runtime.ts';
import type { Package } from './target.ts';

export interface WebPackageOptions {
  readonly name: string;
  /** Source of index.js. */
  readonly index: string;
  /** Five lines of use for README.md. */
  readonly usage: string;
}

function inputType(port: PackedPort): string {
  return `  /** ${elementCount(port.shape)} values [${port.shape.join(', ')}]: Float32Array of real values, Uint8Array of stored values (pixels), or Int8Array already quantized. */
  readonly ${JSON.stringify(port.name)}: Float32Array | Uint8Array | Uint8ClampedArray | Int8Array;`;
}

/** Declarations for exactly this model: names, lengths, labels. */
function declarations(model: PackedModel): string {
  const { inputs, outputs, labels } = model.metadata;
  const single = inputs.length === 1 ? ` | ModelInputs[${JSON.stringify(inputs[0]?.name)}]` : '';
  const lengths = (ports: readonly PackedPort[]) =>
    ports.map((port) => `  readonly ${JSON.stringify(port.name)}: ${elementCount(port.shape)};`).join('\n');
  return `/** Made by whittle ${version} for the model "${model.metadata.name}". */
export interface ModelInputs {
${inputs.map(inputType).join('\n')}
}

export interface ModelOutputs {
${outputs.map((port) => `  /** [${port.shape.join(', ')}] */\n  readonly ${JSON.stringify(port.name)}: Float32Array;`).join('\n')}
}

export interface InputLengths {
${lengths(inputs)}
}

export interface OutputLengths {
${lengths(outputs)}
}
${labels ? `\nexport type Label = ${labels.map((label) => JSON.stringify(label)).join(' | ')};\n` : ''}
export interface PortInfo {
  readonly name: keyof ModelInputs | keyof ModelOutputs;
  readonly dtype: 'float32' | 'int8' | 'int32';
  readonly shape: readonly number[];
  readonly length: number;
  readonly scale?: number;
  readonly zeroPoint?: number;
  readonly permutation?: readonly number[];
  readonly labels?: readonly ${labels ? 'Label' : 'string'}[];
  readonly preprocess?: { readonly offset: number | readonly number[]; readonly scale: number | readonly number[] };
}

export interface Session {
  readonly inputs: readonly PortInfo[];
  readonly outputs: readonly PortInfo[];
  readonly info: { readonly name: string; readonly variant: 'simd' | 'scalar'; readonly modelBytes: number; readonly arenaBytes: number; readonly memoryBytes: number };
  /** Runs once; real values by output name. */
  run(inputs: ModelInputs${single}): Promise<ModelOutputs>;
  /** As run, without copies: raw outputs, valid until the next run. */
  runSync(inputs: ModelInputs${single}): { readonly [name in keyof ModelOutputs]: Int8Array | Float32Array | Int32Array };
  dispose(): void;
  [Symbol.dispose](): void;
}

/** @param source another packed model for this runtime: its bytes or its URL; default: model.whittle beside this file. */
export function createSession(source?: Uint8Array | URL | string): Promise<Session>;
`;
}

function readme(model: PackedModel, options: WebPackageOptions): string {
  const { inputs, outputs } = model.metadata;
  const row = (port: PackedPort) => `| ${port.name} | ${port.dtype} | ${port.shape.join(' x ')} |`;
  return `# ${options.name}

Made by whittle ${version}. No dependencies.

\`\`\`js
${options.usage}
\`\`\`

| tensor | dtype | shape |
|---|---|---|
${[...inputs, ...outputs].map(row).join('\n')}

Model ${model.bytes.length} bytes, arena ${model.arenaBytes} bytes.
`;
}

/** Writes the package beside its final place first: either all of it exists, or none. */
export async function writeWebPackage(model: PackedModel, folder: string, options: WebPackageOptions): Promise<Package> {
  const [simd, scalar] = await Promise.all([buildRuntime(model.opcodes, 'simd'), buildRuntime(model.opcodes, 'scalar')]);
  const files: Record<string, string | Uint8Array> = {
    'index.js': options.index,
    'index.d.ts': declarations(model),
    'loader.js': readFileSync(join(packageRoot, 'dist', 'loader.js')),
    'model.whittle': model.bytes,
    'runtime-simd.wasm': simd,
    'runtime-scalar.wasm': scalar,
    'package.json': `${JSON.stringify({ name: options.name, version: '1.0.0', type: 'module', exports: { '.': { types: './index.d.ts', default: './index.js' } }, sideEffects: false }, null, 2)}\n`,
    'README.md': readme(model, options),
  };
  const target = resolve(folder);
  mkdirSync(dirname(target), { recursive: true });
  const temporary = mkdtempSync(join(dirname(target), `.${basename(target)}-`));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(temporary, name), content);
    mkdirSync(target, { recursive: true });
    for (const name of Object.keys(files)) renameSync(join(temporary, name), join(target, name));
  } catch (error) {
    throw new InputFileError(`${folder}: cannot be written (${(error as Error).message}); choose another folder with -o`, { cause: error });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return { folder, files: Object.keys(files), flashBytes: model.bytes.length + simd.length, ramBytes: model.arenaBytes };
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
