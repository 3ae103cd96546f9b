/**
 * The same module, smaller when compressed: the order of the functions is free, and so is which index a local has among those
 * of its type. They are exchanged as long as gzip gains by it: instruction sequences then repeat in other functions, and
 * nearer. Where that helps, frequent locals begin with small indices. Engines compile the same code from it.
 */
import { gzipSync } from 'node:zlib';
import { encodeFunction, type FunctionCode, type ModuleCode, placesOf, readModule } from './wasm-functions.ts';

export interface Efforts {
  /** Exchanges that are tried for each function; more find less and less, as with locals. */
  readonly perFunction: number;
  /** Exchanges that are tried for each use of a local. */
  readonly perUse: number;
}

const packaged: Efforts = { perFunction: 12, perUse: 2 };

type Random = (limit: number) => number;

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
function generator(): Random {
  let state = 1;
  return (limit) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % limit;
  };
}

function callsAny({ parts }: FunctionCode, callees: readonly number[]): boolean {
  return parts.some((part) => typeof part === 'object' && 'callee' in part && callees.includes(part.callee));
}

/** A module on its way to fewer bytes. */
class Numbering {
  /** Function by place. */
  private order: readonly number[];
  /** By place, too. */
  private encoded: readonly Uint8Array[];
  bytes: number;

  constructor(
    private readonly module: ModuleCode,
    private readonly functions: FunctionCode[],
  ) {
    this.order = [...functions.keys()];
    this.encoded = functions.map((code) => encodeFunction(code, this.order));
    this.bytes = this.gzipBytes(this.encoded, this.order);
  }

  private gzipBytes(encoded: readonly Uint8Array[], order: readonly number[]): number {
    return gzipSync(this.module.assemble(encoded, order), { level: 9 }).length;
  }

  private keepIfSmaller(encoded: readonly Uint8Array[], order: readonly number[]): boolean {
    const bytes = this.gzipBytes(encoded, order);
    if (bytes > this.bytes) return false;
    Object.assign(this, { encoded, order, bytes });
    return true;
  }

  exchangeFunctions(tries: number, random: Random): void {
    for (; tries > 0; tries--) {
      const [a, b] = [random(this.order.length), random(this.order.length)];
      const exchanged = <T>(list: readonly T[]) => list.with(a, list[b] as T).with(b, list[a] as T);
      const order = exchanged(this.order);
      const moved = [order[a] as number, order[b] as number];
      const places = placesOf(order);
      const encoded = exchanged(this.encoded).map((bytes, place) => {
        const code = this.functions[order[place] as number] as FunctionCode;
        return callsAny(code, moved) ? encodeFunction(code, places) : bytes;
      });
      this.keepIfSmaller(encoded, order);
    }
  }

  exchangeLocals(triesPerUse: number, random: Random): void {
    // Functions, and within them locals, in proportion to how often they are used.
    const uses = this.order.flatMap((index, place) => usesOf(this.functions[index] as FunctionCode).map(() => place));
    const places = placesOf(this.order);
    for (let i = triesPerUse * uses.length; i > 0; i--) {
      const place = uses[random(uses.length)] as number;
      const index = this.order[place] as number;
      const code = this.functions[index] as FunctionCode;
      const candidates = usesOf(code);
      const a = candidates[random(candidates.length)] as number;
      const b = candidates[random(candidates.length)] as number;
      if (a === b || typeOf(code, a) !== typeOf(code, b)) continue;
      const exchanged = renumbered(code, (local) => (local === a ? b : local === b ? a : local));
      const encoded = this.encoded.with(place, encodeFunction(exchanged, places));
      if (this.keepIfSmaller(encoded, this.order)) this.functions[index] = exchanged;
    }
  }

  assemble(): Uint8Array {
    return this.module.assemble(this.encoded, this.order);
  }
}

/** @throws Error when the module has what wasm-functions.ts does not know. */
export function numberFunctions(wasm: Uint8Array, { perFunction, perUse }: Efforts = packaged): Uint8Array {
  const module = readModule(wasm);
  const starts = [[...module.functions], module.functions.map(byFrequency)].map((functions) => new Numbering(module, functions));
  const numbering = starts.reduce((best, other) => (other.bytes < best.bytes ? other : best));
  const random = generator();
  numbering.exchangeFunctions(perFunction * module.functions.length, random);
  numbering.exchangeLocals(perUse, random);
  return numbering.assemble();
}
