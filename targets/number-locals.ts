/**
 * The same module, smaller when compressed: which index a local has is free, so among locals of one type indices are
 * exchanged as long as gzip gains by it: instruction sequences then repeat in other functions. Where that helps, frequent
 * locals begin with small indices. Engines compile the same code from it.
 */
import { gzipSync } from 'node:zlib';
import { encodeFunction, type FunctionCode, readModule } from './wasm-locals.ts';

/** Exchanges that are tried for each use of a local; more find less and less. */
const EXCHANGES_PER_USE = 2;

function renumbered(code: FunctionCode, numberOf: (local: number) => number): FunctionCode {
  return { ...code, parts: code.parts.map((part) => (typeof part === 'number' ? numberOf(part) : part)) };
}

/** Uses of locals behind the parameters. */
function usesOf({ parameters, parts }: FunctionCode): number[] {
  return parts.filter((part) => typeof part === 'number' && part >= parameters) as number[];
}

function typeOf({ parameters, locals }: FunctionCode, local: number): number {
  return locals[local - parameters] as number;
}

/** The locals of each type, the most frequent first. */
function byFrequency(code: FunctionCode): FunctionCode {
  const { parameters, locals } = code;
  const counts = new Map<number, number>();
  for (const local of usesOf(code)) counts.set(local - parameters, (counts.get(local - parameters) ?? 0) + 1);
  const types = [...new Set(locals)];
  const rank = (i: number) => types.indexOf(locals[i] as number);
  const order = [...locals.keys()].sort((a, b) => rank(a) - rank(b) || (counts.get(b) ?? 0) - (counts.get(a) ?? 0));
  const positions = new Map(order.map((local, position) => [local + parameters, position + parameters]));
  return renumbered({ ...code, locals: order.map((local) => locals[local] as number) }, (local) => positions.get(local) ?? local);
}

/** Numbers that look random and are the same every time (a linear congruential generator, as C's own). */
function generator(): (limit: number) => number {
  let state = 1;
  return (limit) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % limit;
  };
}

/** @throws Error when the module has an instruction that wasm-locals.ts does not know. */
export function numberLocals(wasm: Uint8Array, exchangesPerUse = EXCHANGES_PER_USE): Uint8Array {
  const module = readModule(wasm);
  const gzipBytes = (codes: readonly Uint8Array[]) => gzipSync(module.assemble(codes), { level: 9 }).length;
  const frequent = module.functions.map(byFrequency);
  const starts = [module.functions, frequent].map((functions) => ({ functions, bytes: gzipBytes(functions.map(encodeFunction)) }));
  const start = starts.reduce((best, other) => (other.bytes < best.bytes ? other : best));
  const functions = [...start.functions];
  const encoded = functions.map(encodeFunction);
  let smallest = start.bytes;
  const uses = functions.flatMap((code, index) => usesOf(code).map(() => index));
  const random = generator();
  for (let i = exchangesPerUse * uses.length; i > 0; i--) {
    // Functions, and within them locals, in proportion to how often they are used.
    const index = uses[random(uses.length)] as number;
    const code = functions[index] as FunctionCode;
    const candidates = usesOf(code);
    const a = candidates[random(candidates.length)] as number;
    const b = candidates[random(candidates.length)] as number;
    if (a === b || typeOf(code, a) !== typeOf(code, b)) continue;
    const exchanged = renumbered(code, (local) => (local === a ? b : local === b ? a : local));
    const previous = encoded[index] as Uint8Array;
    encoded[index] = encodeFunction(exchanged);
    const bytes = gzipBytes(encoded);
    if (bytes > smallest) encoded[index] = previous;
    else {
      smallest = bytes;
      functions[index] = exchanged;
    }
  }
  return module.assemble(encoded);
}
