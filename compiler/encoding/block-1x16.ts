/** Blocks of 16 weights along the reduction. */
import { OPCODE_CONV2D_BLOCK1X16_INT8 } from '../../runtime-as/format.ts';
import { encodeBlocks } from './blocks.ts';
import type { WeightEncoding } from './encoding.ts';

export const block1x16: WeightEncoding = {
  name: 'block1x16',
  opcode: OPCODE_CONV2D_BLOCK1X16_INT8,
  execution: 'blocks',
  encode: (weights) => encodeBlocks(weights, 1, 16),
};
