/** The blocks of a matrix that hold a weight: what both block encodings are made of. */
import { blockColumns, concatenate, type WeightMatrix, words16 } from './encoding.ts';

/** counts · block columns · blocks, row by row inside; undefined where columns do not fit into 16 bits. */
export function encodeBlocks({ data, rows, columns }: WeightMatrix, blockRows: number, columnsOfBlock: number): Uint8Array | undefined {
  if (columns > 65535 * columnsOfBlock) return undefined;
  const counts: number[] = [];
  const found: number[] = [];
  const blocks: Uint8Array[] = [];
  for (let row = 0; row < rows; row += blockRows) {
    const before = blocks.length;
    for (let column = 0; column < columns; column += columnsOfBlock) {
      const block = new Int8Array(blockRows * columnsOfBlock);
      for (let r = 0; r < Math.min(blockRows, rows - row); r++) {
        const from = (row + r) * columns + column;
        block.set(data.subarray(from, from + Math.min(columnsOfBlock, columns - column)), r * columnsOfBlock);
      }
      if (block.every((value) => value === 0)) continue;
      found.push(column / columnsOfBlock);
      blocks.push(new Uint8Array(block.buffer));
    }
    counts.push(blocks.length - before);
  }
  if (counts.some((count) => count > 65535)) return undefined;
  return concatenate([words16(counts), blockColumns(found, columns, columnsOfBlock), ...blocks]);
}
