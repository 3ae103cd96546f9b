/**
 * Removes channels that are dead whatever the input: no layer reads them (their columns are exactly 0), or their weights
 * and activations leave them nothing but 0 (methods.md 2, dead neurons; interval arithmetic instead of samples). Nothing
 * is approximated and no bias changes: the safe half of remove-constant-channels. Repeats until nothing more is found.
 */
import { z } from 'zod';
import { channelIntervals } from './channel-intervals.ts';
import { type ChannelUnits, traceChannels, unitsOf } from './channels.ts';
import { readingLayers } from './fold-channels.ts';
import type { Layer } from './layers.ts';
import { defineMethod } from './method.ts';
import { narrowingOutcomes } from './narrowing-outcomes.ts';
import { type Network, narrowNetwork } from './network.ts';

/** Whether a weight of this input channel is not 0. */
function reads(layer: Layer, channel: number): boolean {
  for (let i = channel; i < layer.weights.length; i += layer.inputs) if (layer.weights[i] !== 0) return true;
  return false;
}

/** Units that are 0 or unread wherever a layer could read them; of every value one channel stays. */
function deadUnits(network: Network, traced: ChannelUnits): Set<number> {
  const intervals = channelIntervals(network.graph);
  const alive = new Set(traced.frozen);
  for (const layer of readingLayers(network)) {
    const { low, high } = intervals.get(layer.input) as { low: Float64Array; high: Float64Array };
    unitsOf(traced, layer.input).forEach((unit, c) => {
      if ((low[c] !== 0 || high[c] !== 0) && reads(layer, c)) alive.add(unit);
    });
  }
  const dead = new Set([...traced.units.values()].flatMap((units) => [...units]).filter((unit) => !alive.has(unit)));
  for (const units of traced.units.values()) {
    if (units.length > 0 && units.every((unit) => dead.has(unit))) dead.delete(units[0] as number);
  }
  return dead;
}

export const removeDeadChannels = defineMethod({
  name: 'remove-dead-channels',
  summary: 'channels that are 0 or unread whatever the input are dropped; the answers stay exactly what they were',
  source: 'neuron pruning, methods.md 2',
  needs: 'weights',
  defaultLayers: ['*'],
  options: z.object({}),

  apply(context) {
    let { network } = context;
    for (;;) {
      const traced = traceChannels(network.graph);
      const dead = deadUnits(network, traced);
      if (dead.size === 0) break;
      network = narrowNetwork(network, dead, traced);
      context.progress(`${dead.size} channels removed`);
    }
    return { network, layers: narrowingOutcomes(context.network, network) };
  },
});
