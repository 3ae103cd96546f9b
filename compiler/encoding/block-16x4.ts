/** Blocks of 16 output channels by 4 weights: as fast per weight as the dense kernel. */
import { OPCODE_CONV2D_BLOCK16X4_INT8 } from '../../runtime-as/format.ts';
import { encodeBlocks } from './blocks.ts';
import type { WeightEncoding } from './encoding.ts';

export const block16x4: WeightEncoding = {
  name: 'block16x4',
  opcode: OPCODE_CONV2D_BLOCK16X4_INT8,
  execution: 'blocks',
  encode: (weights) => encodeBlocks(weights, 16, 4),
};
