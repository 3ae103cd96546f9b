/** Bytes of .npy files, written as numpy/lib/format.py describes them. */

export interface NpySource {
  readonly descr: string;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
  readonly fortranOrder?: boolean;
  readonly version?: 1 | 2 | 3;
}

export function npyBytes({ descr, shape, data, fortranOrder = false, version = 1 }: NpySource): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const lengthBytes = version === 1 ? 2 : 4;
  let text = `{'descr': '${descr}', 'fortran_order': ${fortranOrder ? 'True' : 'False'}, 'shape': ${tuple}, }`;
  text = `${text.padEnd(64 * Math.ceil((text.length + 9 + lengthBytes) / 64) - 9 - lengthBytes)}\n`;
  const header = Buffer.from(text, version === 3 ? 'utf8' : 'latin1');
  const length = Buffer.alloc(lengthBytes);
  if (version === 1) length.writeUInt16LE(header.length);
  else length.writeUInt32LE(header.length);
  return Buffer.concat([Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]), length, header, data]);
}

/** A float32 array. */
export function floatNpy(shape: readonly number[], values: ArrayLike<number>): Uint8Array {
  return npyBytes({ descr: '<f4', shape, data: new Uint8Array(Float32Array.from(values).buffer) });
}
