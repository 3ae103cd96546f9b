/**
 * NISP (Yu et al., CVPR 2018; methods.md 20): the importance of the final responses is propagated backwards through
 * absolute weights, s_k = |W_{k+1}|ᵀ s_{k+1} (convolutions: the sum over positions), and the least important channels go.
 */
import { z } from 'zod';
import type { ValueName } from '../graph.ts';
import type { ChannelUnits } from './channels.ts';
import { unitsOf } from './channels.ts';
import { channelOptions, pruneChannels } from './choose-channels.ts';
import { type Layer, layersOf } from './layers.ts';
import { defineMethod } from './method.ts';
import type { Network } from './network.ts';

/** Σ over outputs and taps of |W[o, tap, c]| · importance[o], per input channel. */
function throughWeights(layer: Layer, importance: ArrayLike<number>): Float64Array {
  const { outputs, columns, taps, groups, inputs, weights } = layer;
  const channels = columns / taps;
  const result = new Float64Array(inputs);
  for (let o = 0; o < outputs; o++) {
    const first = Math.floor(o / (outputs / groups)) * channels;
    for (let i = 0; i < columns; i++) {
      const c = first + (i % channels);
      result[c] = (result[c] as number) + Math.abs(weights[o * columns + i] as number) * (importance[o] as number);
    }
  }
  return result;
}

/**
 * Importance of every unit: what flows back from all layers that read it. Layers are visited from the last to the first;
 * a layer whose channels nothing read (the classifier) starts with ones.
 */
export function unitImportance(network: Network, traced: ChannelUnits): Map<number, number> {
  const importance = new Map<number, number>();
  const add = (name: ValueName, values: Float64Array) => {
    unitsOf(traced, name).forEach((unit, c) => {
      importance.set(unit, (importance.get(unit) ?? 0) + (values[c] as number));
    });
  };
  for (const layer of layersOf(network.graph).reverse()) {
    const units = unitsOf(traced, layer.output);
    const own = Float64Array.from(units, (unit) => importance.get(unit) ?? (traced.frozen.has(unit) ? 1 : 0));
    // A depthwise layer hands on: its input and output are the same units, which have been counted behind it.
    if (layer.kind !== 'depthwise') add(layer.input, throughWeights(layer, own));
  }
  return importance;
}

export const pruneByImportance = defineMethod({
  name: 'prune-by-importance',
  summary: 'the channels that matter least to the final responses are removed, and what reads them is refitted',
  source: 'NISP: Yu et al., CVPR 2018; methods.md 20',
  needs: 'weights',
  defaultLayers: ['*', '!@last'],
  options: z.object(channelOptions),
  search: { target: 'channels', kind: 'width', settings: [0.9, 0.8, 0.65, 0.5].map((keep) => ({ keep })) },

  apply(context, layers, chosen) {
    return pruneChannels(context, layers, unitImportance, chosen);
  },
});
