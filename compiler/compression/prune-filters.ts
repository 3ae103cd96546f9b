/**
 * Filter pruning by norm (Li et al., ICLR 2017; methods.md 20): in each group of channels the filters with the smallest
 * norms go, together with everything that is tied to them. Layers that share a group add up their norms.
 */
import { z } from 'zod';
import { channelGroups, unitsOf } from './channels.ts';
import { channelOptions, pruneChannels } from './choose-channels.ts';
import { norms } from './granularity.ts';
import type { Layer } from './layers.ts';
import { defineMethod } from './method.ts';

const options = z.object({
  ...channelOptions,
  norm: z.enum(norms).default('l1').describe('of a filter: sum of magnitudes, or square root of the sum of squares'),
});

function filterNorm({ weights, columns }: Layer, row: number, norm: 'l1' | 'l2'): number {
  let sum = 0;
  for (let i = row * columns; i < (row + 1) * columns; i++) {
    const weight = weights[i] as number;
    sum += norm === 'l1' ? Math.abs(weight) : weight * weight;
  }
  return norm === 'l1' ? sum : Math.sqrt(sum);
}

export const pruneFilters = defineMethod({
  name: 'prune-filters',
  summary: 'the filters with the smallest norms are removed, and what reads them is refitted',
  source: 'Li et al., ICLR 2017; methods.md 20',
  needs: 'weights',
  defaultLayers: ['*', '!@last'],
  options,
  search: { target: 'channels', kind: 'width', settings: [0.9, 0.8, 0.65, 0.5].map((keep) => ({ keep })) },

  apply(context, layers, chosen) {
    return pruneChannels(
      context,
      layers,
      (network, traced) => {
        const scores = new Map<number, number>();
        for (const { producers } of channelGroups(network.graph, traced)) {
          for (const layer of producers) {
            // A filter that feeds several units (a flattened or repeated channel) counts for each of them once.
            unitsOf(traced, layer.output).forEach((unit, row) => {
              scores.set(unit, (scores.get(unit) ?? 0) + filterNorm(layer, row, chosen.norm));
            });
          }
        }
        return scores;
      },
      chosen,
    );
  },
});
