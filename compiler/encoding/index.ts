/** The one list of encodings. */
import { bitmap } from './bitmap.ts';
import { block1x16 } from './block-1x16.ts';
import { block16x4 } from './block-16x4.ts';
import { codebook } from './codebook.ts';
import { csr8 } from './csr8.ts';
import { csr16 } from './csr16.ts';
import type { WeightEncoding } from './encoding.ts';
import { nibbles } from './nibbles.ts';

export const encodings: readonly WeightEncoding[] = [csr16, csr8, bitmap, block1x16, block16x4, nibbles, codebook];
