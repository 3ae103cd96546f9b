/**
 * The relaxed build as four kinds of engines would run it: its relaxed instructions become calls of functions that
 * compute what the processors compute (runtime-as/microkernels/relaxed-simd.ts), in ordinary SIMD, and whoever loads a model
 * loads it for the engine that the probe, emulated alike, takes it for. Everything else is the very module that ships. Runs
 * everywhere, also where there are no relaxed instructions (Node 20).
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import binaryen from 'binaryen';
import { engineOf, relaxedProbe } from '../../compiler/relaxed-engine.ts';
import { fullRuntimeBytes } from '../../compiler/root.ts';
import { cacheFolder } from '../../targets/build-runtime.ts';

export const relaxedEngines = ['SDOT', 'SMULL', 'VPDPBUSD', 'PMADDUBSW', 'unknown'] as const;
export type RelaxedEngine = (typeof relaxedEngines)[number];

export function isRelaxedEngine(name: string): name is RelaxedEngine {
  return (relaxedEngines as readonly string[]).includes(name);
}

const low = (operand: string, sign: 's' | 'u') => `(i16x8.extend_low_i8x16_${sign} (local.get ${operand}))`;
const high = (operand: string, sign: 's' | 'u') => `(i16x8.extend_high_i8x16_${sign} (local.get ${operand}))`;
const ones = '(v128.const i16x8 1 1 1 1 1 1 1 1)';

/** Sums of two products as four int32 from each half of the operands; $w is signed. */
const products = (half: typeof low, sign: 's' | 'u') => `(i32x4.dot_i16x8_s ${half('$w', 's')} ${half('$x', sign)})`;

/** All sums of two products as int16: the low 16 bits, or saturated. */
function pairs(sign: 's' | 'u', wraps: boolean): string {
  const halves = [products(low, sign), products(high, sign)];
  if (!wraps) return `(i16x8.narrow_i32x4_s ${halves.join(' ')})`;
  const wrapped = halves.map((half) => `(i32x4.shr_s (i32x4.shl ${half} (i32.const 16)) (i32.const 16))`);
  return `(i16x8.narrow_i32x4_s ${wrapped.join(' ')})`;
}

/** Sums of four products, exact: the sums of two of the low half's and the high half's pairs. */
function exact(sign: 's' | 'u'): string {
  const even = '(i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27';
  const odd = '(i8x16.shuffle 4 5 6 7 12 13 14 15 20 21 22 23 28 29 30 31';
  const halves = `${products(low, sign)} ${products(high, sign)}`;
  return `(i32x4.add ${even} ${halves}) ${odd} ${halves}))`;
}

function bodies(engine: RelaxedEngine): { pairs: string; quads: string } {
  if (engine === 'SDOT') return { pairs: pairs('s', true), quads: exact('s') };
  if (engine === 'VPDPBUSD') return { pairs: pairs('u', false), quads: exact('u') };
  if (engine === 'unknown') return { pairs: pairs('u', false), quads: '(v128.const i32x4 256 256 256 256)' };
  const two = engine === 'SMULL' ? pairs('s', true) : pairs('u', false);
  return { pairs: two, quads: `(i32x4.dot_i16x8_s ${two} ${ones})` };
}

const runtimes = new Map<RelaxedEngine, Promise<WebAssembly.Module>>();

/** The relaxed build with every kernel for such an engine; made once. */
export function relaxedRuntime(engine: RelaxedEngine): Promise<WebAssembly.Module> {
  let runtime = runtimes.get(engine);
  if (!runtime) {
    runtime = relaxedBuild(engine, fullRuntimeBytes('relaxed'));
    runtimes.set(engine, runtime);
  }
  return runtime;
}

/** A relaxed build for such an engine, kept with the runtimes that targets/ builds. */
export function relaxedBuild(engine: RelaxedEngine, relaxed: Uint8Array): Promise<WebAssembly.Module> {
  return WebAssembly.compile(cachedBytes(engine, relaxed));
}

function cachedBytes(engine: RelaxedEngine, relaxed: Uint8Array): Uint8Array<ArrayBuffer> {
  const digest = createHash('sha256')
    .update(relaxed)
    .update(JSON.stringify([bodies(engine), relaxedProbe]))
    .digest('hex')
    .slice(0, 32);
  const path = join(cacheFolder(), `${engine}-${digest}.wasm`);
  if (!existsSync(path)) {
    mkdirSync(cacheFolder(), { recursive: true });
    // Several workers may come here at once.
    writeFileSync(`${path}.${process.pid}`, loadingFor(withoutRelaxed(relaxed, engine), probedEngine(engine)));
    renameSync(`${path}.${process.pid}`, path);
  }
  return new Uint8Array(readFileSync(path));
}

function withoutRelaxed(relaxed: Uint8Array, engine: RelaxedEngine): Uint8Array<ArrayBuffer> {
  const source = binaryen.readBinaryWithFeatures(relaxed, binaryen.Features.All);
  const text = source.emitText();
  source.dispose();
  const { pairs: two, quads } = bodies(engine);
  const functions = `
 (func $relaxedPairs (param $w v128) (param $x v128) (result v128) ${two})
 (func $relaxedQuads (param $w v128) (param $x v128) (param $sum v128) (result v128) (i32x4.add (local.get $sum) ${quads}))
)`;
  const replaced = text
    .replaceAll(/\(i16x8\.(relaxed_)?dot_i8x16_i7x16_s\b/g, '(call $relaxedPairs')
    .replaceAll(/\(i32x4\.(relaxed_)?dot_i8x16_i7x16_add_s\b/g, '(call $relaxedQuads')
    .replace(/\)\s*$/, functions);
  if (/relaxed_/.test(replaced)) throw new Error('a relaxed instruction is left');
  if (!/call \$relaxed(Pairs|Quads)/.test(replaced)) throw new Error('no relaxed instruction found');
  return assembled(replaced);
}

function assembled(text: string): Uint8Array<ArrayBuffer> {
  const module = binaryen.parseText(text);
  module.setFeatures(binaryen.Features.All & ~binaryen.Features.RelaxedSIMD);
  const bytes = module.emitBinary() as Uint8Array<ArrayBuffer>;
  module.dispose();
  return bytes;
}

/** ENGINE_… bits that the probe finds on such an engine. */
export function probedEngine(engine: RelaxedEngine): number {
  const probe = new WebAssembly.Module(withoutRelaxed(Buffer.from(relaxedProbe, 'base64'), engine));
  return engineOf((new WebAssembly.Instance(probe).exports.p as () => number[])());
}

/** The runtime whose loadModel() takes its host for this engine. */
function loadingFor(runtime: Uint8Array, bits: number): Uint8Array {
  const module = binaryen.readBinaryWithFeatures(runtime, binaryen.Features.All);
  const { i32 } = binaryen;
  const { value } = binaryen.getExportInfo(module.getExport('loadModel'));
  module.removeExport('loadModel');
  const call = module.call(value, [module.local.get(0, i32), module.i32.const(bits)], i32);
  module.addFunction('loadModelHere', binaryen.createType([i32, i32]), i32, [], call);
  module.addFunctionExport('loadModelHere', 'loadModel');
  const bytes = module.emitBinary();
  module.dispose();
  return bytes;
}
