/**
 * Writes FlatBuffers (https://flatbuffers.dev/internals): little-endian; a table is preceded by its vtable, offsets point
 * forward from the word that holds them. Every field takes a slot of four bytes, which the format allows.
 */

/** Field id → value; absent fields have the schema's default. */
export interface FlatTable {
  readonly fields: Readonly<Record<number, FlatField>>;
}

export interface FlatVector {
  readonly bytes: Uint8Array;
  readonly count: number;
  /** Of the first element, in the file. */
  readonly alignment: number;
}

export type FlatNode = FlatTable | FlatVector | { readonly items: readonly FlatNode[] };

export type FlatField = { readonly int: number } | { readonly float: number } | FlatNode;

export function text(value: string): FlatVector {
  const bytes = new TextEncoder().encode(`${value}\0`);
  return { bytes, count: bytes.length - 1, alignment: 4 };
}

export function vector(data: Int32Array | Float32Array | BigInt64Array | Uint8Array, alignment = data.BYTES_PER_ELEMENT): FlatVector {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { bytes, count: data.length, alignment: Math.max(4, alignment) };
}

class FlatWriter {
  private buffer = new Uint8Array(1 << 16);
  private view = new DataView(this.buffer.buffer);
  private length = 0;
  private readonly pending: { node: FlatNode; from: number }[] = [];

  write(root: FlatTable, identifier: string): Uint8Array {
    this.reference(root);
    this.append(new TextEncoder().encode(identifier));
    const positions = new Map<FlatNode, number>();
    for (let next = this.pending.shift(); next; next = this.pending.shift()) {
      const position = positions.get(next.node) ?? this.place(next.node);
      positions.set(next.node, position);
      this.view.setUint32(next.from, position - next.from, true);
    }
    return this.buffer.slice(0, this.length);
  }

  private reserve(bytes: number): number {
    while (this.length + bytes > this.buffer.length) {
      const larger = new Uint8Array(this.buffer.length * 2);
      larger.set(this.buffer);
      this.buffer = larger;
      this.view = new DataView(larger.buffer);
    }
    this.length += bytes;
    return this.length - bytes;
  }

  private append(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length);
    this.buffer.set(bytes, at);
  }

  /** Pads so that what comes `ahead` bytes later is aligned. */
  private align(alignment: number, ahead = 0): void {
    this.reserve((alignment - ((this.length + ahead) % alignment)) % alignment);
  }

  private reference(node: FlatNode): void {
    this.pending.push({ node, from: this.reserve(4) });
  }

  private place(node: FlatNode): number {
    if ('fields' in node) return this.placeTable(node);
    this.align('items' in node ? 4 : node.alignment, 4);
    const position = this.reserve(4);
    if ('items' in node) {
      this.view.setUint32(position, node.items.length, true);
      for (const item of node.items) this.reference(item);
    } else {
      this.view.setUint32(position, node.count, true);
      this.append(node.bytes);
    }
    return position;
  }

  private placeTable({ fields }: FlatTable): number {
    const ids = Object.keys(fields).map(Number);
    const vtableBytes = 4 + 2 * (ids.length ? Math.max(...ids) + 1 : 0);
    this.align(4, vtableBytes);
    const vtable = this.reserve(vtableBytes);
    const table = this.reserve(4);
    this.view.setUint16(vtable, vtableBytes, true);
    this.view.setUint16(vtable + 2, 4 + 4 * ids.length, true);
    this.view.setInt32(table, table - vtable, true);
    ids.forEach((id, i) => {
      this.view.setUint16(vtable + 4 + 2 * id, 4 + 4 * i, true);
      this.placeField(fields[id] as FlatField);
    });
    return table;
  }

  private placeField(field: FlatField): void {
    if ('int' in field || 'float' in field) {
      const at = this.reserve(4);
      if ('int' in field) this.view.setInt32(at, field.int, true);
      else this.view.setFloat32(at, field.float, true);
    } else {
      this.reference(field);
    }
  }
}

/** @param identifier four characters that mark the kind of file */
export function writeFlatbuffer(root: FlatTable, identifier: string): Uint8Array {
  return new FlatWriter().write(root, identifier);
}

/** Reads fields of a table by their ids; for the few that a test needs of a foreign file. */
export class FlatReader {
  private constructor(
    private readonly view: DataView,
    private readonly position: number,
  ) {}

  static root(bytes: Uint8Array): FlatReader {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new FlatReader(view, view.getUint32(0, true));
  }

  private field(id: number): number | undefined {
    const vtable = this.position - this.view.getInt32(this.position, true);
    const slot = 4 + 2 * id < this.view.getUint16(vtable, true) ? this.view.getUint16(vtable + 4 + 2 * id, true) : 0;
    return slot === 0 ? undefined : this.position + slot;
  }

  private target(at: number): number {
    return at + this.view.getUint32(at, true);
  }

  byte(id: number): number {
    const at = this.field(id);
    return at === undefined ? 0 : this.view.getInt8(at);
  }

  table(id: number): FlatReader | undefined {
    const at = this.field(id);
    return at === undefined ? undefined : new FlatReader(this.view, this.target(at));
  }

  /** Item `index` of a vector of tables. */
  item(id: number, index: number): FlatReader {
    const start = this.target(this.field(id) as number) + 4 + 4 * index;
    return new FlatReader(this.view, this.target(start));
  }

  numbers(id: number, type: 'int32' | 'float32' | 'int64'): number[] {
    const at = this.field(id);
    if (at === undefined) return [];
    const start = this.target(at);
    return Array.from({ length: this.view.getUint32(start, true) }, (_, i) => {
      if (type === 'int64') return Number(this.view.getBigInt64(start + 4 + 8 * i, true));
      return type === 'int32' ? this.view.getInt32(start + 4 + 4 * i, true) : this.view.getFloat32(start + 4 + 4 * i, true);
    });
  }
}
