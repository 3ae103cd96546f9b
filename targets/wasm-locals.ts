/** The functions of a WASM module with the indices of their locals laid open, to be numbered anew. WebAssembly 2.0 with relaxed SIMD, no atomics. */

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
    // Block types, labels, functions, globals, tables, memories, signed integers: one LEB128.
    else if ([0x02, 0x03, 0x04, 0x0c, 0x0d, 0x10, 0x23, 0x24, 0x25, 0x26, 0x3f, 0x40, 0x41, 0x42, 0xd0, 0xd2].includes(opcode))
      this.unsigned();
    else if (opcode >= 0xd3) throw new Error(`the WASM instruction 0x${opcode.toString(16)} is not known`);
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

export interface FunctionCode {
  readonly parameters: number;
  /** Type of each local behind the parameters. */
  readonly locals: readonly number[];
  /** The body: bytes as they are, and between them the index of a local. */
  readonly parts: readonly (Uint8Array | number)[];
}

export interface ModuleCode {
  readonly functions: readonly FunctionCode[];
  /** The module with these functions in their places, as encodeFunction gives them. */
  assemble(functions: readonly Uint8Array[]): Uint8Array;
}

function readFunction(reader: Reader, parameters: number): FunctionCode {
  const end = reader.unsigned() + reader.at;
  const locals = reader
    .times(reader.unsigned(), () => ({ count: reader.unsigned(), type: reader.byte() }))
    .flatMap(({ count, type }) => new Array<number>(count).fill(type));
  const parts: (Uint8Array | number)[] = [];
  let from = reader.at;
  while (reader.at < end) {
    const opcode = reader.byte();
    if (opcode < 0x20 || opcode > 0x22) {
      reader.skipImmediates(opcode);
      continue;
    }
    parts.push(reader.bytes.slice(from, reader.at), reader.unsigned());
    from = reader.at;
  }
  parts.push(reader.bytes.slice(from, end));
  return { parameters, locals, parts };
}

/** Locals of one type in a row are declared together. */
export function encodeFunction({ locals, parts }: FunctionCode): Uint8Array {
  const runs: [count: number, type: number][] = [];
  for (const type of locals) {
    const last = runs.at(-1);
    if (last?.[1] === type) last[0]++;
    else runs.push([1, type]);
  }
  const declarations = [...unsigned(runs.length), ...runs.flatMap(([count, type]) => [...unsigned(count), type])];
  const body = [...declarations, ...parts.flatMap((part) => (typeof part === 'number' ? unsigned(part) : [...part]))];
  return Uint8Array.from([...unsigned(body.length), ...body]);
}

/** @throws Error when an instruction is not known. */
export function readModule(wasm: Uint8Array): ModuleCode {
  const reader = new Reader(wasm, 8);
  const parameterCounts: number[] = [];
  const types: number[] = [];
  const functions: FunctionCode[] = [];
  let [before, behind] = [wasm.length, wasm.length];
  while (reader.at < wasm.length) {
    const start = reader.at;
    const section = reader.byte();
    const end = reader.unsigned() + reader.at;
    if (section === 1) {
      for (let count = reader.unsigned(); count > 0; count--) {
        reader.byte();
        parameterCounts.push(reader.times(reader.unsigned(), () => reader.byte()).length);
        reader.times(reader.unsigned(), () => reader.byte());
      }
    } else if (section === 3) types.push(...reader.times(reader.unsigned(), () => reader.unsigned()));
    else if (section === 10) {
      [before, behind] = [start, end];
      reader.unsigned();
      for (const type of types) functions.push(readFunction(reader, parameterCounts[type] as number));
    }
    reader.at = end;
  }
  return {
    functions,
    assemble(encoded) {
      const count = unsigned(encoded.length);
      const bytes = encoded.reduce((sum, { length }) => sum + length, count.length);
      return Buffer.concat([
        wasm.subarray(0, before),
        Uint8Array.from([10, ...unsigned(bytes), ...count]),
        ...encoded,
        wasm.subarray(behind),
      ]);
    },
  };
}
