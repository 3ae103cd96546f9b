/** The interface of an encoding of int8 weights: the layouts are drawn in runtime-as/kernels/encoded-weights.ts. One encoding is one file. */

/** A matrix of weights, row-major: [output channels, elements of a patch]. */
export interface WeightMatrix {
  readonly data: Int8Array;
  readonly rows: number;
  readonly columns: number;
}

export interface WeightEncoding {
  /** As options and reports name it. */
  readonly name: string;
  /** OPCODE_… of the convolution that reads it. */
  readonly opcode: number;
  /** What the runtime with SIMD does: `panels`: makes plain panels at load (small file, dense speed); `blocks`: skips what is not there. */
  readonly execution: 'panels' | 'blocks';
  /** The bytes; undefined when this matrix cannot be encoded so (too wide, values that do not fit). */
  encode(weights: WeightMatrix): Uint8Array | undefined;
}

/** Appends the parts one after the other. */
export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** Little-endian 16-bit words. */
export function words16(values: readonly number[]): Uint8Array {
  return Uint8Array.from(values.flatMap((value) => [value & 255, value >> 8]));
}

/** Block columns, in bytes where 8 bits hold every column of the matrix. */
export function blockColumns(values: readonly number[], columns: number, columnsOfBlock: number): Uint8Array {
  return columns <= 256 * columnsOfBlock ? Uint8Array.from(values) : words16(values);
}
