/**
 * Removes channels that do not matter: constant ones (dead neurons among them) are folded into the biases of the layers
 * that read them, unread ones are dropped (methods.md 2). Repeats until nothing more is found, since what loses its
 * readers becomes unread itself.
 *
 * A channel's effect on a layer is Var(a_c) · ‖W[:, c]‖². It is removed when on every layer that reads it, its effect is
 * below tolerance² times the sum of all effects. A layer that pads sees zeros at the borders instead of the constant:
 * there E[a_c²] takes the place of the variance.
 */
import { z } from 'zod';
import { InputFileError } from '../errors.ts';
import type { ValueName } from '../graph.ts';
import { channelEffects, type Observed } from './channel-effects.ts';
import { type ChannelStatistics, gatherChannelStatistics } from './channel-statistics.ts';
import { type ChannelUnits, traceChannels, unitsOf } from './channels.ts';
import { foldChannels, readingLayers } from './fold-channels.ts';
import { defineMethod, type MethodContext } from './method.ts';
import { narrowingOutcomes } from './narrowing-outcomes.ts';
import type { Network } from './network.ts';

const options = z.object({
  criterion: z
    .enum(['effect', 'zero'])
    .default('effect')
    .describe(
      'effect: what changes the answers by less than the tolerance; zero: only what was exactly 0 everywhere on the samples, so that every answer keeps its bits',
    ),
  tolerance: z.number().min(0).default(1e-5).describe("largest share of a layer's standard deviation that a removed channel may have"),
});

type Options = z.output<typeof options>;

/** What was seen of the values that layers read. */
type Observations = ReadonlyMap<ValueName, ChannelStatistics>;

/** Unit → the largest share of a reader's effects that it has anywhere. */
function effectShares(network: Network, traced: ChannelUnits, observed: Observations): Map<number, number> {
  const shares = new Map<number, number>();
  for (const units of traced.units.values()) for (const unit of units) if (!traced.frozen.has(unit)) shares.set(unit, 0);
  for (const layer of readingLayers(network)) {
    const effects = channelEffects(layer, observed.get(layer.input) as Observed);
    const sum = effects.reduce((a, b) => a + b, 0);
    unitsOf(traced, layer.input).forEach((unit, c) => {
      const share = sum > 0 ? (effects[c] as number) / sum : 0;
      if (shares.has(unit)) shares.set(unit, Math.max(shares.get(unit) as number, share));
    });
  }
  return shares;
}

/** Units that are 0 wherever a layer reads them. */
function zeroUnits(network: Network, traced: ChannelUnits, observed: Observations): Set<number> {
  const zero = new Set<number>();
  const other = new Set(traced.frozen);
  for (const { input } of readingLayers(network)) {
    const { minimum, maximum } = observed.get(input) as ChannelStatistics;
    unitsOf(traced, input).forEach((unit, c) => (minimum[c] === 0 && maximum[c] === 0 ? zero : other).add(unit));
  }
  return new Set([...zero].filter((unit) => !other.has(unit)));
}

/** Units that no reader needs; of every value the channel that matters most stays. */
function unneededUnits(network: Network, traced: ChannelUnits, observed: Observations, { criterion, tolerance }: Options): Set<number> {
  const shares = effectShares(network, traced, observed);
  const removed =
    criterion === 'zero'
      ? zeroUnits(network, traced, observed)
      : new Set([...shares].filter(([, share]) => share <= tolerance ** 2).map(([unit]) => unit));
  for (const units of traced.units.values()) {
    if (units.length === 0 || !units.every((unit) => removed.has(unit))) continue;
    const best = [...units].reduce((a, b) => ((shares.get(b) as number) > (shares.get(a) as number) ? b : a));
    removed.delete(best);
  }
  return removed;
}

async function observe(network: Network, context: MethodContext): Promise<Observations> {
  const names = [...new Set(readingLayers(network).map(({ input }) => input))];
  const statistics = await gatherChannelStatistics(network.graph, names, context.samples);
  for (const [name, { variance }] of statistics) {
    if (variance.some(Number.isNaN)) throw new InputFileError(`"${name}" is not finite on the samples; check their preprocessing`);
  }
  return statistics;
}

export const removeConstantChannels = defineMethod({
  name: 'remove-constant-channels',
  summary: 'channels that are constant on the samples, or that nothing needs, are folded away',
  source: 'neuron pruning, methods.md 2',
  needs: 'samples',
  defaultLayers: ['*'],
  options,
  search: { target: 'network', kind: 'cleaning', settings: [{}] },

  async apply(context, _layers, chosen) {
    let { network } = context;
    for (;;) {
      const traced = traceChannels(network.graph);
      const observed = await observe(network, context);
      const removed = unneededUnits(network, traced, observed, chosen);
      if (removed.size === 0) break;
      const constants = new Map([...observed].map(([name, { mean }]) => [name, mean]));
      network = foldChannels(network, removed, constants, traced);
      context.progress(`${removed.size} channels removed`);
    }
    return { network, layers: narrowingOutcomes(context.network, network) };
  },
});
