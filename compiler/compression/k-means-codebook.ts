/**
 * Weight sharing (Han et al., "Deep Compression", ICLR 2016, 3; methods.md 19): all weights of a layer take one of a few
 * int8 values, a codebook that k-means finds; each output channel keeps its scale. Sixteen values are stored in 4 bits each
 * (encoding/codebook.ts), and an entropy coder (`compact`) takes what their frequencies leave.
 *
 * The paper trains the centroids afterwards. Here, with samples, three closed forms take turns: the centroids that answer
 * best by least squares, coordinate descent of the assignment, the channels' scales.
 */
import { z } from 'zod';
import { dampedCholesky, solveCholesky } from '../linalg/cholesky.ts';
import { kMeans } from '../linalg/k-means.ts';
import { matrix } from '../linalg/matrix.ts';
import { INT8_MAX } from '../quantization/affine.ts';
import { layerByLayer } from './layer-by-layer.ts';
import type { Layer } from './layers.ts';
import {
  answersOf,
  descend,
  importanceOf,
  type LevelObjective,
  levelObjective,
  rowObjective,
  sumRows,
  zerosStay,
} from './level-descent.ts';
import { defineMethod } from './method.ts';
import type { LayerStatistics } from './statistics.ts';
import { rowScales, type WeightGrid, withGrid } from './weight-grid.ts';

const options = z.object({
  clusters: z.int().min(2).max(255).default(16).describe('so many different values at most, zero included; up to 16 are stored in 4 bits'),
  sweeps: z.int().min(0).default(3).describe('rounds of fitting to the original answers; 0: plain k-means (fitting needs samples)'),
  ridge: z.number().min(0).default(1e-2).describe('damping of the fit, as a share of the mean of the diagonal of R'),
});

type Options = z.output<typeof options>;

/** Centroids as different int8 numbers, ascending; with 0 where the layer has zeros to keep. */
function asLevels(centroids: ArrayLike<number>, hasZeros: boolean): number[] {
  const rounded = Array.from(centroids, (value) => Math.max(-INT8_MAX, Math.min(INT8_MAX, Math.round(value))));
  return [...new Set(hasZeros ? [0, ...rounded] : rounded)].sort((a, b) => a - b);
}

function nearestOf(levels: readonly number[], target: number): number {
  let best = levels[0] as number;
  for (const level of levels) if (Math.abs(level - target) < Math.abs(best - target)) best = level;
  return best;
}

export interface Codebook {
  /** Ascending. */
  readonly levels: readonly number[];
  readonly grid: WeightGrid;
}

/**
 * k-means over the weights of a layer, each in units of its channel's scale, by what its error costs in real numbers.
 * @param importance [columns] per group, what a squared error of an input's weight costs: the diagonal of R; absent: all alike
 */
export function clusterWeights(layer: Layer, clusters: number, importance?: readonly ArrayLike<number>[]): Codebook {
  const { weights, columns, outputs, groups } = layer;
  const scales = rowScales(layer);
  const values = Float64Array.from(weights, (weight, i) => weight / (scales[Math.floor(i / columns)] as number));
  const hasZeros = weights.some((weight) => weight === 0);
  const costs = Float64Array.from(weights, (weight, i) => {
    if (weight === 0) return 0;
    const row = Math.floor(i / columns);
    const group = Math.floor((row * groups) / outputs);
    return (scales[row] as number) ** 2 * (importance?.[group]?.[i % columns] ?? 1);
  });
  const levels = asLevels(kMeans(values, clusters - Number(hasZeros), costs), hasZeros);
  const integers = Int8Array.from(values, (value) => (value === 0 ? 0 : nearestOf(levels, value)));
  return { levels, grid: { integers, scales } };
}

/** The centroids that answer best with this assignment: least squares over as many unknowns as there are levels but 0. */
function fitLevels(layer: Layer, objective: LevelObjective, { levels, grid }: Codebook, ridge: number): Codebook {
  const free = levels.filter((level) => level !== 0);
  const place = new Map(free.map((level, i) => [level, i]));
  const normal = matrix(free.length, free.length);
  const right = matrix(free.length, 1);
  for (let row = 0; row < layer.outputs; row++) {
    const scale = grid.scales[row] as number;
    const { r, g } = rowObjective(objective, layer, row);
    const places = Array.from(grid.integers.subarray(row * layer.columns, (row + 1) * layer.columns), (level) => place.get(level) ?? -1);
    const members = free.map(() => [] as number[]);
    places.forEach((a, column) => {
      members[a]?.push(column);
      if (a >= 0) right.data[a] = (right.data[a] as number) + scale * (g[column] as number);
    });
    members.forEach((columns, a) => {
      const product = sumRows(r, columns);
      places.forEach((b, column) => {
        const at = a * free.length + b;
        if (b >= 0) normal.data[at] = (normal.data[at] as number) + scale * scale * (product[column] as number);
      });
    });
  }
  const fitted = solveCholesky(dampedCholesky(normal, ridge * 1e-3).factor, right).data;
  const moved = new Map(free.map((level, i) => [level, asLevels([fitted[i] as number], false)[0] as number]));
  const replace = (integer: number) => (integer === 0 ? 0 : (moved.get(integer) as number));
  return {
    levels: [...new Set(levels.map(replace))].sort((a, b) => a - b),
    grid: { ...grid, integers: grid.integers.map(replace) },
  };
}

/** Empirical entropy of the integers, in bits per weight: what an ideal entropy coder would need. */
export function entropyOf(integers: Int8Array): number {
  const counts = new Map<number, number>();
  for (const integer of integers) counts.set(integer, (counts.get(integer) ?? 0) + 1);
  return [...counts.values()].reduce((bits, count) => bits - (count / integers.length) * Math.log2(count / integers.length), 0);
}

/** The codebook with the least error among those of the sweeps. */
function fitCodebook(layer: Layer, statistics: LayerStatistics, { clusters, sweeps, ridge }: Options) {
  const objective = levelObjective(layer, statistics, ridge);
  const isFree = zerosStay(layer);
  const judged = (codebook: Codebook) => ({ ...codebook, ...answersOf(layer, statistics, codebook.grid) });
  let current = clusterWeights(layer, clusters, importanceOf(objective));
  let best = judged(current);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const { levels, grid } = sweep === 0 ? current : fitLevels(layer, objective, current, ridge);
    current = { levels, grid: descend(layer, objective, grid, (target) => nearestOf(levels, target), isFree) };
    const result = judged(current);
    if (result.error < best.error) best = result;
  }
  return best;
}

export const kMeansCodebook = defineMethod({
  name: 'k-means-codebook',
  summary: 'all weights of a layer share a few int8 values, found by k-means and fitted to the original answers; zeros stay zeros',
  source: 'Han et al., ICLR 2016, 3; Choi et al., ICLR 2017 (weights by R); methods.md 19',
  needs: 'weights',
  defaultLayers: ['*', '!@depthwise'],
  options,
  search: {
    target: 'layer',
    kind: 'precision',
    // Plain k-means is quicker, and may answer as well as what is fitted to few samples.
    settings: [{ sweeps: 0 }, {}].flatMap((fit) => [96, 64, 48, 32, 24, 16, 8].map((clusters) => ({ clusters, ...fit }))),
  },

  apply(context, layers, chosen) {
    return layerByLayer(context, layers, async (network, layer) => {
      const statistics =
        context.samples.count > 0 && chosen.sweeps > 0 ? (await context.statistics([layer], network)).get(layer.name) : undefined;
      const fitted = statistics ? fitCodebook(layer, statistics, chosen) : undefined;
      const { levels, grid } = fitted ?? clusterWeights(layer, chosen.clusters);
      return {
        network: { ...network, graph: withGrid(network.graph, layer, grid, fitted?.bias ?? layer.bias) },
        outcome: {
          layer: layer.name,
          action: 'rounded',
          facts: { values: levels.length, entropy: entropyOf(grid.integers) },
          ...(fitted && { relativeError: fitted.error }),
        },
      };
    });
  },
});
