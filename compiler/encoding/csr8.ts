/** Compressed sparse rows with 8-bit gaps between columns: 2 bytes per weight that is not zero; wide gaps hold zeros. */
import { OPCODE_CONV2D_CSR8_INT8 } from '../../runtime-as/format.ts';
import { concatenate, type WeightEncoding, words16 } from './encoding.ts';

const WIDEST_GAP = 255;

export const csr8: WeightEncoding = {
  name: 'csr8',
  opcode: OPCODE_CONV2D_CSR8_INT8,
  execution: 'panels',
  encode({ data, rows, columns }) {
    if (columns > 65535) return undefined;
    const counts: number[] = [];
    const gaps: number[] = [];
    const values: number[] = [];
    for (let row = 0; row < rows; row++) {
      const before = values.length;
      let last = -1;
      for (let column = 0; column < columns; column++) {
        const value = data[row * columns + column] as number;
        if (!value) continue;
        for (; column - last - 1 > WIDEST_GAP; last += WIDEST_GAP + 1) {
          gaps.push(WIDEST_GAP);
          values.push(0);
        }
        gaps.push(column - last - 1);
        values.push(value);
        last = column;
      }
      counts.push(values.length - before);
    }
    return concatenate([words16(counts), Uint8Array.from(gaps), Uint8Array.from(values)]);
  },
};
