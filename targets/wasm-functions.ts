/**
 * The functions of a WASM module with the indices of their locals and of the functions that they call laid open, to be numbered
 * anew. WebAssembly 2.0 with relaxed SIMD, no atomics; functions are defined, exported and called, nothing else.
 */

/** LEB128, unsigned. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return [...bytes, value];
}

class Reader {
  constructor(
    readonly bytes: Uint8Array,
    public at = 0,
  ) {}

  byte(): number {
    return this.bytes[this.at++] as number;
  }

  unsigned(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  times<T>(count: number, read: () => T): T[] {
    return Array.from({ length: count }, read);
  }

  /** Behind the immediates of the instruction `opcode`, which is not one of locals. */
  skipImmediates(opcode: number): void {
    if (opcode === 0xfc) this.skipBulk(this.unsigned());
    else if (opcode === 0xfd) this.skipSimd(this.unsigned());
    else if (opcode === 0x0e) this.times(this.unsigned() + 1, () => this.unsigned());
    else if (opcode === 0x1c) this.times(this.unsigned(), () => this.byte());
    else if (opcode === 0x43 || opcode === 0x44) this.at += opcode === 0x43 ? 4 : 8;
    else if (opcode === 0x11 || (opcode >= 0x28 && opcode <= 0x3e)) this.times(2, () => this.unsigned());
    // Block types, labels, globals, tables, memories, signed integers: one LEB128.
    else if ([0x02, 0x03, 0x04, 0x0c, 0x0d, 0x23, 0x24, 0x25, 0x26, 0x3f, 0x40, 0x41, 0x42, 0xd0].includes(opcode)) this.unsigned();
    else if (opcode >= 0xd1) throw new Error(`the WASM instruction 0x${opcode.toString(16)} is not known`);
  }

  /** Conversions up to 7; two indices: memory.init and copy, table.init and copy. */
  private skipBulk(instruction: number): void {
    if (instruction > 7) this.times([8, 10, 12, 14].includes(instruction) ? 2 : 1, () => this.unsigned());
  }

  private skipSimd(instruction: number): void {
    const isLane = instruction >= 84 && instruction <= 91;
    if (instruction <= 11 || isLane || instruction === 92 || instruction === 93) this.times(2, () => this.unsigned());
    if (isLane || (instruction >= 21 && instruction <= 34)) this.at++;
    if (instruction === 12 || instruction === 13) this.at += 16;
  }
}

/** What names a function by its index in the module that was read. */
export interface FunctionIndex {
  readonly callee: number;
}

export interface FunctionCode {
  readonly parameters: number;
  /** Type of each local behind the parameters. */
  readonly locals: readonly number[];
  /** The body: bytes as they are, and between them the index of a local or of a function. */
  readonly parts: readonly (Uint8Array | number | FunctionIndex)[];
}

/** A function's bytes, and where in them the indices among its parts stand. */
export interface EncodedFunction {
  readonly bytes: Uint8Array;
  readonly at: readonly number[];
}

export interface ModuleCode {
  readonly functions: readonly FunctionCode[];
  /**
   * @param encoded by function
   * @returns the module with its functions in this order, and where the first of them begins
   */
  assemble(encoded: readonly EncodedFunction[], order: readonly number[]): { wasm: Uint8Array; codeAt: number };
}

/** Over an index that takes as many bytes. */
export function replaceIndex(bytes: Uint8Array, at: number, index: number): void {
  bytes.set(unsigned(index), at);
}

/** Of an index, encoded. */
export function indexBytes(index: number): number {
  return unsigned(index).length;
}

function readFunction(reader: Reader, parameters: number): FunctionCode {
  const end = reader.unsigned() + reader.at;
  const locals = reader
    .times(reader.unsigned(), () => ({ count: reader.unsigned(), type: reader.byte() }))
    .flatMap(({ count, type }) => new Array<number>(count).fill(type));
  const parts: (Uint8Array | number | FunctionIndex)[] = [];
  let from = reader.at;
  while (reader.at < end) {
    const opcode = reader.byte();
    const isCall = opcode === 0x10;
    if (!isCall && (opcode < 0x20 || opcode > 0x22)) {
      reader.skipImmediates(opcode);
      continue;
    }
    parts.push(reader.bytes.slice(from, reader.at));
    const index = reader.unsigned();
    parts.push(isCall ? { callee: index } : index);
    from = reader.at;
  }
  parts.push(reader.bytes.slice(from, end));
  return { parameters, locals, parts };
}

/**
 * Locals of one type in a row are declared together.
 * @param places of the functions
 */
export function encodeFunction({ locals, parts }: FunctionCode, places: readonly number[]): EncodedFunction {
  const runs: [count: number, type: number][] = [];
  for (const type of locals) {
    const last = runs.at(-1);
    if (last?.[1] === type) last[0]++;
    else runs.push([1, type]);
  }
  const declarations = [...unsigned(runs.length), ...runs.flatMap(([count, type]) => [...unsigned(count), type])];
  const encoded = parts.map((part) => encodePart(part, places));
  const length = unsigned(encoded.reduce((sum, { length }) => sum + length, declarations.length));
  const at: number[] = [];
  let end = length.length + declarations.length;
  for (const [i, { length }] of encoded.entries()) {
    if (!(parts[i] instanceof Uint8Array)) at.push(end);
    end += length;
  }
  return { bytes: Uint8Array.from([...length, ...declarations, ...encoded.flat()]), at };
}

function encodePart(part: Uint8Array | number | FunctionIndex, places: readonly number[]): number[] {
  if (typeof part === 'number') return unsigned(part);
  return 'callee' in part ? unsigned(places[part.callee] as number) : [...part];
}

const SECTION_TYPES = 1;
const SECTION_FUNCTIONS = 3;
const SECTION_EXPORTS = 7;
const SECTION_CODE = 10;
/** Imports, the start function and elements: they name functions, too. */
const OTHER_NAMES = [2, 8, 9];

/** Name, kind and index of each export; the index apart where it is that of a function. */
function readExports(reader: Reader): (Uint8Array | FunctionIndex)[] {
  const from = reader.at;
  const count = reader.unsigned();
  const parts: (Uint8Array | FunctionIndex)[] = [reader.bytes.slice(from, reader.at)];
  for (let i = 0; i < count; i++) {
    const start = reader.at;
    const nameBytes = reader.unsigned();
    reader.at += nameBytes;
    const isFunction = reader.byte() === 0;
    const behind = reader.at;
    const index = reader.unsigned();
    if (isFunction) parts.push(reader.bytes.slice(start, behind), { callee: index });
    else parts.push(reader.bytes.slice(start, reader.at));
  }
  return parts;
}

/** @throws Error when an instruction or a section is not known. */
export function readModule(wasm: Uint8Array): ModuleCode {
  const reader = new Reader(wasm, 8);
  const parameterCounts: number[] = [];
  const types: number[] = [];
  const functions: FunctionCode[] = [];
  let exported: (Uint8Array | FunctionIndex)[] = [];
  /** Of each section its number, and its bytes as they are. */
  const sections: [id: number, bytes: Uint8Array][] = [];
  while (reader.at < wasm.length) {
    const id = reader.byte();
    const end = reader.unsigned() + reader.at;
    sections.push([id, wasm.subarray(reader.at, end)]);
    if (OTHER_NAMES.includes(id)) throw new Error(`the WASM section ${id} is not known`);
    if (id === SECTION_TYPES) {
      for (let count = reader.unsigned(); count > 0; count--) {
        reader.byte();
        parameterCounts.push(reader.times(reader.unsigned(), () => reader.byte()).length);
        reader.times(reader.unsigned(), () => reader.byte());
      }
    } else if (id === SECTION_FUNCTIONS) types.push(...reader.times(reader.unsigned(), () => reader.unsigned()));
    else if (id === SECTION_EXPORTS) exported = readExports(reader);
    else if (id === SECTION_CODE) {
      reader.unsigned();
      for (const type of types) functions.push(readFunction(reader, parameterCounts[type] as number));
    }
    reader.at = end;
  }
  return {
    functions,
    assemble(encoded, order) {
      const count = unsigned(order.length);
      const places = placesOf(order);
      const codes = order.map((index) => (encoded[index] as EncodedFunction).bytes);
      const contents: Readonly<Record<number, Uint8Array>> = {
        [SECTION_FUNCTIONS]: Uint8Array.from([...count, ...order.flatMap((index) => unsigned(types[index] as number))]),
        [SECTION_EXPORTS]: Uint8Array.from(exported.flatMap((part) => encodePart(part, places))),
        [SECTION_CODE]: Buffer.concat([Uint8Array.from(count), ...codes]),
      };
      const written: Uint8Array[] = [wasm.subarray(0, 8)];
      let codeAt = 0;
      for (const [id, bytes] of sections) {
        const content = contents[id] ?? bytes;
        written.push(Uint8Array.from([id, ...unsigned(content.length)]), content);
        if (id === SECTION_CODE) codeAt = written.reduce((sum, { length }) => sum + length, count.length - content.length);
      }
      return { wasm: Buffer.concat(written), codeAt };
    },
  };
}

/** Where each function stands in this order. */
export function placesOf(order: readonly number[]): number[] {
  const places: number[] = [];
  order.forEach((index, place) => {
    places[index] = place;
  });
  return places;
}
