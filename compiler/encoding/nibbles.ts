/** 4-bit weights: -8 … 7 times a small multiplier for each group of 32; only matrices that a 4-bit quantizer made fit exactly. */
import { OPCODE_CONV2D_NIBBLES_INT8 } from '../../runtime-as/format.ts';
import { concatenate, type WeightEncoding } from './encoding.ts';

export const NIBBLE_GROUP = 32;
/** Keeps every product inside int8. */
export const LARGEST_MULTIPLIER = 15;

/** The multiplier with which all values of the group are whole numbers between -8 and 7; undefined when there is none. */
function multiplierOf(group: Int8Array): number | undefined {
  for (let multiplier = 1; multiplier <= LARGEST_MULTIPLIER; multiplier++)
    if (group.every((value) => value % multiplier === 0 && value / multiplier >= -8 && value / multiplier <= 7)) return multiplier;
  return undefined;
}

export const nibbles: WeightEncoding = {
  name: 'nibbles',
  opcode: OPCODE_CONV2D_NIBBLES_INT8,
  execution: 'panels',
  encode({ data, rows, columns }) {
    const multipliers: number[] = [];
    const rowBytes = Math.ceil(columns / 2);
    const packed = new Uint8Array(rows * rowBytes);
    for (let row = 0; row < rows; row++) {
      for (let first = 0; first < columns; first += NIBBLE_GROUP) {
        const last = Math.min(columns, first + NIBBLE_GROUP);
        const multiplier = multiplierOf(data.subarray(row * columns + first, row * columns + last));
        if (multiplier === undefined) return undefined;
        multipliers.push(multiplier);
        for (let column = first; column < last; column++) {
          const byte = row * rowBytes + (column >> 1);
          const nibble = (data[row * columns + column] as number) / multiplier + 8;
          packed[byte] = (packed[byte] as number) | (nibble << (4 * (column & 1)));
        }
      }
    }
    return concatenate([Uint8Array.from(multipliers), packed]);
  },
};
