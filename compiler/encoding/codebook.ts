/** 4 bits per weight, which name one of sixteen int8 values: only matrices of so few different weights. */
import { OPCODE_CONV2D_CODEBOOK_INT8 } from '../../runtime-as/format.ts';
import { concatenate, type WeightEncoding } from './encoding.ts';

const CODEBOOK_VALUES = 16;

export const codebook: WeightEncoding = {
  name: 'codebook',
  opcode: OPCODE_CONV2D_CODEBOOK_INT8,
  execution: 'panels',
  encode({ data, rows, columns }) {
    const values = new Set<number>();
    for (const value of data) if (values.add(value).size > CODEBOOK_VALUES) return undefined;
    const ascending = [...values].sort((a, b) => a - b);
    const places = new Map(ascending.map((value, place) => [value, place]));
    const rowBytes = Math.ceil(columns / 2);
    const packed = new Uint8Array(rows * rowBytes);
    data.forEach((value, at) => {
      const [row, column] = [Math.floor(at / columns), at % columns];
      const byte = row * rowBytes + (column >> 1);
      packed[byte] = (packed[byte] as number) | ((places.get(value) as number) << (4 * (column & 1)));
    });
    return concatenate([Uint8Array.from({ length: CODEBOOK_VALUES }, (_, i) => ascending[i] ?? 0), packed]);
  },
};
