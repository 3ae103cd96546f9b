/**
 * The same module, smaller when compressed: the order of the functions is free, and so is which index a local has among those
 * of its type. They are exchanged as long as gzip gains by it: instruction sequences then repeat in other functions, and
 * nearer. Where that helps, frequent locals begin with small indices. Engines compile the same code from it.
 */
import { gzipSync } from 'node:zlib';
import {
  type EncodedFunction,
  encodeFunction,
  type FunctionCode,
  type FunctionIndex,
  indexBytes,
  type ModuleCode,
  readModule,
  replaceIndex,
} from './wasm-functions.ts';

export interface Efforts {
  /** Exchanges that are tried for each function; more find less and less, as with locals. */
  readonly perFunction: number;
  /** Exchanges that are tried for each use of a local. */
  readonly perUse: number;
}

/** What packages are numbered with. */
export const packaged: Efforts = { perFunction: 60, perUse: 8 };

type Random = (limit: number) => number;

function renumbered(code: FunctionCode, numberOf: (local: number) => number): FunctionCode {
  return { ...code, parts: code.parts.map((part) => (typeof part === 'number' ? numberOf(part) : part)) };
}

/** Uses of locals behind the parameters. */
function usesOf({ parameters, parts }: FunctionCode): number[] {
  return parts.filter((part) => typeof part === 'number' && part >= parameters) as number[];
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

/** Indices in a function, and where in its bytes they stand. */
interface Indices {
  readonly at: number[];
  readonly index: number[];
}

/** A function with what of it is free. */
class Numbered {
  readonly calls: Indices = { at: [], index: [] };
  /** Those behind the parameters. */
  readonly locals: Indices = { at: [], index: [] };

  constructor(
    private readonly code: FunctionCode,
    readonly encoded: EncodedFunction,
  ) {
    const indices = code.parts.filter((part) => !(part instanceof Uint8Array)) as (number | FunctionIndex)[];
    for (const [i, part] of indices.entries()) {
      if (typeof part === 'number' && part < code.parameters) continue;
      const list = typeof part === 'number' ? this.locals : this.calls;
      list.at.push(encoded.at[i] as number);
      list.index.push(typeof part === 'number' ? part : part.callee);
    }
  }

  typeOf(local: number): number {
    return this.code.locals[local - this.code.parameters] as number;
  }
}

/** A module on its way to fewer bytes: whatever is exchanged takes as many bytes as before, so that all stays where it is. */
class Numbering {
  private readonly functions: readonly Numbered[];
  /** Function by place. */
  private order: number[];
  private assembled: { wasm: Uint8Array; codeAt: number };
  bytes: number;

  constructor(
    private readonly module: ModuleCode,
    codes: readonly FunctionCode[],
  ) {
    this.order = [...codes.keys()];
    this.functions = codes.map((code) => new Numbered(code, encodeFunction(code, this.order)));
    this.assembled = this.assemble();
    this.bytes = this.gzipBytes();
  }

  private assemble(): { wasm: Uint8Array; codeAt: number } {
    return this.module.assemble(
      this.functions.map(({ encoded }) => encoded),
      this.order,
    );
  }

  get wasm(): Uint8Array {
    return this.assembled.wasm;
  }

  private gzipBytes(): number {
    return gzipSync(this.wasm, { level: 9 }).length;
  }

  private isSmaller(): boolean {
    const bytes = this.gzipBytes();
    if (bytes > this.bytes) return false;
    this.bytes = bytes;
    return true;
  }

  /** The functions at places a and b change places. */
  private exchangePlaces(a: number, b: number): void {
    const [atA, atB] = [this.order[a] as number, this.order[b] as number];
    this.order[a] = atB;
    this.order[b] = atA;
    for (const { calls, encoded } of this.functions) {
      for (const [i, callee] of calls.index.entries()) {
        if (callee === atA) replaceIndex(encoded.bytes, calls.at[i] as number, b);
        else if (callee === atB) replaceIndex(encoded.bytes, calls.at[i] as number, a);
      }
    }
  }

  exchangeFunctions(tries: number, random: Random): void {
    for (; tries > 0; tries--) {
      const [a, b] = [random(this.order.length), random(this.order.length)];
      if (a === b || indexBytes(a) !== indexBytes(b)) continue;
      const before = this.assembled;
      this.exchangePlaces(a, b);
      this.assembled = this.assemble();
      if (this.isSmaller()) continue;
      this.assembled = before;
      this.exchangePlaces(a, b);
    }
  }

  /** The function's locals a and b change their indices, in the function and in the module, in which it begins at `start`. */
  private exchangeIndices({ locals, encoded }: Numbered, start: number, a: number, b: number): void {
    for (const [i, index] of locals.index.entries()) {
      if (index !== a && index !== b) continue;
      const other = index === a ? b : a;
      const at = locals.at[i] as number;
      locals.index[i] = other;
      replaceIndex(encoded.bytes, at, other);
      replaceIndex(this.wasm, start + at, other);
    }
  }

  exchangeLocals(triesPerUse: number, random: Random): void {
    // Functions, and within them locals, in proportion to how often they are used.
    let start = this.assembled.codeAt;
    const uses = this.order.flatMap((place) => {
      const code = this.functions[place] as Numbered;
      const use = { code, start };
      start += code.encoded.bytes.length;
      return code.locals.index.map(() => use);
    });
    for (let i = triesPerUse * uses.length; i > 0; i--) {
      const { code, start } = uses[random(uses.length)] as { code: Numbered; start: number };
      const { index } = code.locals;
      const a = index[random(index.length)] as number;
      const b = index[random(index.length)] as number;
      if (a === b || code.typeOf(a) !== code.typeOf(b) || indexBytes(a) !== indexBytes(b)) continue;
      this.exchangeIndices(code, start, a, b);
      if (!this.isSmaller()) this.exchangeIndices(code, start, a, b);
    }
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
  return numbering.wasm;
}
