/**
 * The relaxed build as four kinds of engines would run it: its relaxed instructions become calls of functions that
 * compute what the processors compute (runtime-as/microkernels/relaxed-simd.ts), in ordinary SIMD. Everything else is the
 * very module that ships. Runs everywhere, also where there are no relaxed instructions (Node 20).
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import binaryen from 'binaryen';
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

/** The relaxed build for such an engine; made once, and kept with the runtimes that targets/ builds. */
export function relaxedRuntime(engine: RelaxedEngine): Promise<WebAssembly.Module> {
  let runtime = runtimes.get(engine);
  if (!runtime) {
    runtime = WebAssembly.compile(cachedBytes(engine));
    runtimes.set(engine, runtime);
  }
  return runtime;
}

function cachedBytes(engine: RelaxedEngine): Uint8Array<ArrayBuffer> {
  const relaxed = fullRuntimeBytes('relaxed');
  const digest = createHash('sha256')
    .update(relaxed)
    .update(JSON.stringify(bodies(engine)))
    .digest('hex')
    .slice(0, 32);
  const path = join(cacheFolder(), `${engine}-${digest}.wasm`);
  if (!existsSync(path)) {
    mkdirSync(cacheFolder(), { recursive: true });
    // Several workers may come here at once.
    writeFileSync(`${path}.${process.pid}`, withoutRelaxed(relaxed, engine));
    renameSync(`${path}.${process.pid}`, path);
  }
  return new Uint8Array(readFileSync(path));
}

function withoutRelaxed(relaxed: Uint8Array, engine: RelaxedEngine): Uint8Array {
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
  if (!replaced.includes('call $relaxedPairs') || !replaced.includes('call $relaxedQuads')) throw new Error('no relaxed instruction found');
  const module = binaryen.parseText(replaced);
  module.setFeatures(binaryen.Features.All & ~binaryen.Features.RelaxedSIMD);
  const bytes = module.emitBinary();
  module.dispose();
  return bytes;
}
