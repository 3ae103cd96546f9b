/**
 * Removes channels that are rarely active (methods.md 2, rare neurons; APoZ: Hu et al. 2016): those whose share of
 * positions with a > 0 is below a limit on every value that a layer reads. Their mean goes into the biases. Channels that
 * take both signs are active everywhere.
 */
import { z } from 'zod';
import { gatherChannelStatistics } from './channel-statistics.ts';
import { traceChannels, unitsOf } from './channels.ts';
import { channelOptions, refitLayers } from './choose-channels.ts';
import { foldChannels, readingLayers } from './fold-channels.ts';
import { defineMethod } from './method.ts';
import { narrowingOutcomes } from './narrowing-outcomes.ts';

export const removeRareChannels = defineMethod({
  name: 'remove-rare-channels',
  summary: 'channels that are seldom active are replaced by their mean, and what reads them is refitted',
  source: 'neuron pruning, methods.md 2; APoZ: Hu et al. 2016',
  needs: 'samples',
  defaultLayers: ['*'],
  options: z.object({
    firing: z.number().min(0).max(1).default(0.01).describe('channels that are positive at a smaller share of all positions go'),
    refit: channelOptions.refit,
    ridge: channelOptions.ridge,
  }),

  async apply(context, _layers, { firing, refit, ridge }) {
    const { network } = context;
    const traced = traceChannels(network.graph);
    const readers = readingLayers(network);
    const names = [...new Set(readers.map(({ input }) => input))];
    const statistics = await gatherChannelStatistics(network.graph, names, context.samples);
    const shares = new Map<number, number>();
    for (const name of names) {
      const { minimum, firing: observed } = statistics.get(name) as NonNullable<ReturnType<typeof statistics.get>>;
      unitsOf(traced, name).forEach((unit, c) => {
        const share = (minimum[c] as number) < 0 ? 1 : (observed[c] as number);
        shares.set(unit, Math.max(shares.get(unit) ?? 0, share));
      });
    }
    const removed = new Set([...shares].filter(([unit, share]) => share < firing && !traced.frozen.has(unit)).map(([unit]) => unit));
    for (const units of traced.units.values()) {
      if (units.length > 0 && units.every((unit) => removed.has(unit))) removed.delete(units[0] as number);
    }
    const constants = new Map([...statistics].map(([name, { mean }]) => [name, mean]));
    const folded = foldChannels(network, removed, constants, traced);
    const outcomes = narrowingOutcomes(network, folded);
    if (!refit || removed.size === 0) return { network: folded, layers: outcomes };
    const changed = outcomes.filter(({ action }) => action === 'narrowed').map(({ layer }) => layer);
    const fitted = await refitLayers(context, folded, changed, ridge);
    return { network: fitted.network, layers: [...outcomes, ...fitted.outcomes] };
  },
});
