/**
 * 4-bit weights by group (methods.md 18; post-training.md 2.1, 12): a weight is an integer from -8 to 7, times a multiplier
 * from 1 to 15 that 32 neighbours share, times the scale of its output channel. That is an int8 number, so every int8 kernel
 * runs it, and it is stored in 4 bits and a byte per group (encoding/nibbles.ts).
 *
 * With samples, coordinate descent on these levels and the channels' scales are fitted to the original answers.
 */
import { z } from 'zod';
import { LARGEST_MULTIPLIER, NIBBLE_GROUP } from '../encoding/nibbles.ts';
import { layerByLayer } from './layer-by-layer.ts';
import type { Layer } from './layers.ts';
import { type Answers, answersOf, descend, importanceOf, levelObjective, zerosStay } from './level-descent.ts';
import { defineMethod } from './method.ts';
import type { LayerStatistics } from './statistics.ts';
import { rowScales, type WeightGrid, withGrid } from './weight-grid.ts';

const options = z.object({
  sweeps: z
    .int()
    .min(0)
    .default(3)
    .describe('rounds of fitting to the original answers; 0: every weight to its nearest level (fitting needs samples)'),
  ridge: z.number().min(0).default(1e-2).describe('damping of the fit, as a share of the mean of the diagonal of R'),
});

type Options = z.output<typeof options>;

const LOWEST = -8;
const HIGHEST = 7;
const INT8_MAX = 127;

export interface GroupGrid {
  readonly grid: WeightGrid;
  /** [outputs, groups of 32 columns] */
  readonly multipliers: Uint8Array;
}

function nearestMultiple(target: number, multiplier: number): number {
  return multiplier * Math.max(LOWEST, Math.min(HIGHEST, Math.round(target / multiplier)));
}

/**
 * Every group's multiplier by the least error of its weights; the channel's scale is the one with which its largest weight
 * needs the largest multiplier.
 * @param importance what a squared error of an input's weight costs, per group of channels: the diagonal of R; absent: all alike
 */
export function groupWeights(layer: Layer, importance?: readonly ArrayLike<number>[]): GroupGrid {
  const { weights, outputs, columns, groups } = layer;
  const scales = rowScales(layer).map((scale) => Math.fround((scale * INT8_MAX) / (HIGHEST * LARGEST_MULTIPLIER)));
  const perRow = Math.ceil(columns / NIBBLE_GROUP);
  const multipliers = new Uint8Array(outputs * perRow);
  const integers = new Int8Array(weights.length);
  for (let row = 0; row < outputs; row++) {
    const costs = importance?.[Math.floor((row * groups) / outputs)];
    for (let group = 0; group < perRow; group++) {
      const [first, last] = [group * NIBBLE_GROUP, Math.min(columns, (group + 1) * NIBBLE_GROUP)];
      let least = Number.POSITIVE_INFINITY;
      for (let multiplier = 1; multiplier <= LARGEST_MULTIPLIER; multiplier++) {
        let error = 0;
        for (let column = first; column < last; column++) {
          const target = (weights[row * columns + column] as number) / (scales[row] as number);
          error += (target - nearestMultiple(target, multiplier)) ** 2 * (costs?.[column] ?? 1);
        }
        if (error >= least) continue;
        least = error;
        multipliers[row * perRow + group] = multiplier;
      }
      for (let at = row * columns + first; at < row * columns + last; at++)
        integers[at] = nearestMultiple((weights[at] as number) / (scales[row] as number), multipliers[row * perRow + group] as number);
    }
  }
  return { grid: { integers, scales }, multipliers };
}

function fitGroups(layer: Layer, statistics: LayerStatistics, { sweeps, ridge }: Options): Answers {
  const objective = levelObjective(layer, statistics, ridge);
  const isFree = zerosStay(layer);
  const { grid, multipliers } = groupWeights(layer, importanceOf(objective));
  const perRow = multipliers.length / layer.outputs;
  const nearest = (target: number, row: number, column: number) =>
    nearestMultiple(target, multipliers[row * perRow + Math.floor(column / NIBBLE_GROUP)] as number);
  let current = grid;
  let best = answersOf(layer, statistics, grid);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    current = descend(layer, objective, current, nearest, isFree);
    const answers = answersOf(layer, statistics, current);
    if (answers.error < best.error) best = answers;
  }
  return best;
}

export const int4Groups = defineMethod({
  name: 'int4-groups',
  summary: 'weights of 4 bits with a multiplier for every 32 neighbours, fitted to the original answers; zeros stay zeros',
  source: 'methods.md 18; post-training.md 2.1 (12), 2.2',
  needs: 'weights',
  defaultLayers: ['*', '!@depthwise'],
  options,
  search: { target: 'layer', kind: 'precision', settings: [{}] },

  apply(context, layers, chosen) {
    return layerByLayer(context, layers, async (network, layer) => {
      const statistics =
        context.samples.count > 0 && chosen.sweeps > 0 ? (await context.statistics([layer], network)).get(layer.name) : undefined;
      const fitted = statistics && fitGroups(layer, statistics, chosen);
      return {
        network: {
          ...network,
          graph: withGrid(network.graph, layer, fitted?.grid ?? groupWeights(layer).grid, fitted?.bias ?? layer.bias),
        },
        outcome: { layer: layer.name, action: 'rounded', facts: { bits: 4 }, ...(fitted && { relativeError: fitted.error }) },
      };
    });
  },
});
