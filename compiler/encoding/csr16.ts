/** Compressed sparse rows with 16-bit columns: 3 bytes per weight that is not zero. */
import { OPCODE_CONV2D_CSR16_INT8 } from '../../runtime-as/format.ts';
import { concatenate, type WeightEncoding, words16 } from './encoding.ts';

export const csr16: WeightEncoding = {
  name: 'csr16',
  opcode: OPCODE_CONV2D_CSR16_INT8,
  execution: 'panels',
  encode({ data, rows, columns }) {
    if (columns > 65535) return undefined;
    const counts = new Array<number>(rows).fill(0);
    const indices: number[] = [];
    const values: number[] = [];
    data.forEach((value, at) => {
      if (!value) return;
      const row = Math.floor(at / columns);
      counts[row] = (counts[row] as number) + 1;
      indices.push(at - row * columns);
      values.push(value);
    });
    return concatenate([words16(counts), words16(indices), Uint8Array.from(values)]);
  },
};
