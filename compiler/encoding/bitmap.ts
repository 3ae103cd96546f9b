/** One bit per weight, and the weights that are not zero: the smallest from a few zeros up to about 7 of 8. */
import { OPCODE_CONV2D_BITMAP_INT8 } from '../../runtime-as/format.ts';
import { concatenate, type WeightEncoding } from './encoding.ts';

export const bitmap: WeightEncoding = {
  name: 'bitmap',
  opcode: OPCODE_CONV2D_BITMAP_INT8,
  execution: 'panels',
  encode({ data, rows, columns }) {
    const rowBytes = Math.ceil(columns / 8);
    const bits = new Uint8Array(rows * rowBytes);
    data.forEach((value, at) => {
      const [row, column] = [Math.floor(at / columns), at % columns];
      const byte = row * rowBytes + (column >> 3);
      if (value) bits[byte] = (bits[byte] as number) | (1 << (column & 7));
    });
    return concatenate([bits, Uint8Array.from(data.filter((value) => value !== 0))]);
  },
};
