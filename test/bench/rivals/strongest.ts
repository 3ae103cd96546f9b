/** Of the table that `npm run bench:rivals` prints for 60 KB: the methods that came closest to the original on the dev set. */
import type { Setting } from './families.ts';

export const strongest: readonly Setting[] = [
  { step: { method: 'k-means-codebook', clusters: 53, sweeps: 0 } },
  { step: { method: 'k-means-codebook', clusters: 32, layers: ['conv2d_7', 'conv2d_6'] } },
  { step: { method: 'k-means-codebook', clusters: 16, layers: ['conv2d_7'] } },
  { step: { method: 'k-means-codebook', clusters: 53 } },
  { quantize: { rounding: 'coordinate-descent', weightBits: { conv2d_7: 4 } } },
  { step: { method: 'optimal-brain-surgeon', sparsity: 0.3102, scope: 'network' } },
];
