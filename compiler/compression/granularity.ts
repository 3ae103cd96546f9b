/**
 * Which weights of a layer become zero together (Mao et al. 2017; methods.md 4): from single weights to whole filters, and
 * the blocks that the packed format stores (encoding/block-1x16.ts, block-16x4.ts).
 */
import { z } from 'zod';
import { type Layer, windowOfLayer } from './layers.ts';

/** The weights of a layer in groups: `groupOf[i]` is the group of weight i, counted from 0. */
export interface WeightGroups {
  readonly groupOf: Int32Array;
  readonly count: number;
}

/** A group's number from the row, tap and channel of a weight, and from its column. */
type GroupKey = (position: { row: number; tap: number; channel: number; column: number }) => number;

function keyOf(granularity: Exclude<Granularity, 'weight'>, layer: Layer): GroupKey {
  const [, kernelWidth] = windowOfLayer(layer).kernel;
  const kernelHeight = layer.taps / kernelWidth;
  const channels = layer.columns / layer.taps;
  switch (granularity) {
    case 'vector':
      return ({ row, tap, channel }) => (row * channels + channel) * kernelHeight + Math.floor(tap / kernelWidth);
    case 'kernel':
      return ({ row, channel }) => row * channels + channel;
    case 'filter':
      return ({ row }) => row;
    case 'column':
      return ({ column }) => column;
    case 'block-1x16':
      return ({ row, column }) => row * Math.ceil(layer.columns / 16) + Math.floor(column / 16);
    case 'block-16x4':
      return ({ row, column }) => Math.floor(row / 16) * Math.ceil(layer.columns / 4) + Math.floor(column / 4);
  }
}

export const granularities = ['weight', 'vector', 'kernel', 'filter', 'column', 'block-1x16', 'block-16x4'] as const;
export type Granularity = (typeof granularities)[number];

export const granularityOption = z
  .enum(granularities)
  .default('weight')
  .describe(
    'what becomes zero together: a weight, a row of a kernel, a kernel, a filter, a column, or a block that the packed format stores',
  );

export function weightGroups(layer: Layer, granularity: Granularity): WeightGroups {
  const { weights, columns, taps } = layer;
  if (granularity === 'weight') return { groupOf: Int32Array.from(weights.keys()), count: weights.length };
  const key = keyOf(granularity, layer);
  const channels = columns / taps;
  const groupOf = new Int32Array(weights.length);
  let count = 0;
  for (let i = 0; i < weights.length; i++) {
    const column = i % columns;
    groupOf[i] = key({ row: Math.floor(i / columns), column, tap: Math.floor(column / channels), channel: column % channels });
    count = Math.max(count, (groupOf[i] as number) + 1);
  }
  return { groupOf, count };
}

export const norms = ['l1', 'l2'] as const;
export type Norm = (typeof norms)[number];

/**
 * Mean magnitude (l1) or root mean square (l2) of each group: normalized by size, so that the smaller blocks at the edges
 * of a matrix are judged like the others.
 */
export function groupScores(weights: ArrayLike<number>, { groupOf, count }: WeightGroups, norm: Norm): Float64Array {
  const sums = new Float64Array(count);
  const sizes = new Float64Array(count);
  for (let i = 0; i < weights.length; i++) {
    const group = groupOf[i] as number;
    const weight = weights[i] as number;
    sums[group] = (sums[group] as number) + (norm === 'l1' ? Math.abs(weight) : weight * weight);
    sizes[group] = (sizes[group] as number) + 1;
  }
  return sums.map((sum, group) => (norm === 'l1' ? sum / (sizes[group] as number) : Math.sqrt(sum / (sizes[group] as number))));
}

/** 1 for every group but the ⌈share · n⌉ with the smallest scores; of equal scores the first are pruned, so that counts are exact. */
export function keepLargest(scores: ArrayLike<number>, share: number): Uint8Array {
  // 0.1 · 30 is a little more than 3 in binary.
  const pruned = Math.ceil(share * scores.length - 1e-9);
  const order = Array.from({ length: scores.length }, (_, i) => i).sort((i, j) => (scores[i] as number) - (scores[j] as number) || i - j);
  const kept = new Uint8Array(scores.length).fill(1);
  for (const index of order.slice(0, pruned)) kept[index] = 0;
  return kept;
}

/** Per weight: 1 where its group is kept. */
export function supportOf({ groupOf }: WeightGroups, kept: ArrayLike<number>): Uint8Array {
  return Uint8Array.from(groupOf, (group) => kept[group] as number);
}

/**
 * N:M sparsity: of every m neighbouring columns of a row the n with the largest scores stay. Columns at the end that do
 * not fill m are treated as if the rest were zeros.
 */
export function keepInPattern(scores: ArrayLike<number>, columns: number, n: number, m: number): Uint8Array {
  const kept = new Uint8Array(scores.length);
  for (let row = 0; row < scores.length; row += columns)
    for (let first = 0; first < columns; first += m) {
      const indices = Array.from({ length: Math.min(m, columns - first) }, (_, i) => row + first + i);
      indices.sort((i, j) => (scores[j] as number) - (scores[i] as number) || i - j);
      for (const index of indices.slice(0, n)) kept[index] = 1;
    }
  return kept;
}
