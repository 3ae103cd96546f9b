/**
 * Merges channels that say the same (methods.md 2, duplicate neurons): where a_j = α a_i + β on the samples, the layers
 * that read j take it from i, W[:, i] += α W[:, j] and b += β Σ W[:, j], and j is removed. The error that this makes in a
 * layer is Var(a_j) (1 - ρ²) ‖W[:, j]‖²; it must stay below tolerance² times the sum of all channels' effects. Channels
 * that differ by a positive factor before a ReLU (rows of [W | b] that are multiples of each other) are found this way, too.
 */
import { z } from 'zod';
import type { Graph, ValueName } from '../graph.ts';
import { type ChannelCovariance, gatherChannelCovariance } from './channel-covariance.ts';
import { channelEffects, pads } from './channel-effects.ts';
import { type ChannelUnits, traceChannels, unitsOf } from './channels.ts';
import { readingLayers } from './fold-channels.ts';
import { type Layer, withWeights } from './layers.ts';
import { defineMethod } from './method.ts';
import { narrowingOutcomes } from './narrowing-outcomes.ts';
import { type Network, narrowNetwork } from './network.ts';

const options = z.object({
  tolerance: z.number().min(0).default(1e-3).describe("largest share of a layer's standard deviation that a merge may change"),
  correlation: z.number().min(0).max(1).default(0.99).describe('channels that correlate less are not looked at'),
});

/** Channel `from` of a layer's input as α times channel `to` plus β. */
interface Merge {
  readonly from: number;
  readonly to: number;
  readonly alpha: number;
  readonly beta: number;
}

interface Reader {
  readonly layer: Layer;
  readonly statistics: ChannelCovariance;
  /** Effect of each channel as a share of their sum. */
  readonly effects: Float64Array;
  /** Channels by unit. */
  readonly channels: ReadonlyMap<number, readonly number[]>;
}

function readersOf(network: Network, traced: ChannelUnits, covariances: ReadonlyMap<ValueName, ChannelCovariance>): Reader[] {
  return readingLayers(network).map((layer) => {
    const statistics = covariances.get(layer.input) as ChannelCovariance;
    const variance = statistics.mean.map((_, c) => statistics.covariance.data[c * (statistics.mean.length + 1)] as number);
    const effects = channelEffects(layer, { mean: statistics.mean, variance });
    const sum = effects.reduce((a, b) => a + b, 0) || 1;
    const channels = new Map<number, number[]>();
    unitsOf(traced, layer.input).forEach((unit, c) => channels.set(unit, [...(channels.get(unit) ?? []), c]));
    return { layer, statistics, effects: effects.map((effect) => effect / sum), channels };
  });
}

/** How this reader would take unit `from` from unit `to`; undefined when that changes its answers too much. */
function mergesOf(reader: Reader, from: number, to: number, chosen: z.output<typeof options>): Merge[] | undefined {
  const { mean, covariance } = reader.statistics;
  const n = mean.length;
  const [sources, targets] = [reader.channels.get(from) ?? [], reader.channels.get(to) ?? []];
  if (sources.length !== targets.length) return undefined;
  const merges: Merge[] = [];
  for (const [i, j] of sources.entries()) {
    const k = targets[i] as number;
    const [own, other, both] = [j * n + j, k * n + k, j * n + k].map((at) => covariance.data[at] as number) as [number, number, number];
    if (!(own > 0) || !(other > 0)) return undefined;
    const correlation = both / Math.sqrt(own * other);
    if (correlation ** 2 < chosen.correlation ** 2) return undefined;
    const alpha = both / other;
    const beta = (mean[j] as number) - alpha * (mean[k] as number);
    // Where the layer pads, both channels are 0 at the border, whatever β is.
    const border = pads(reader.layer) ? (beta * beta) / own : 0;
    if ((reader.effects[j] as number) * (1 - correlation ** 2 + border) > chosen.tolerance ** 2) return undefined;
    merges.push({ from: j, to: k, alpha, beta });
  }
  return merges;
}

function mergedLayer(graph: Graph, layer: Layer, merges: readonly Merge[]): Graph {
  const weights = Float64Array.from(layer.weights);
  const bias = Float64Array.from(layer.bias);
  for (let o = 0; o < layer.outputs; o++)
    for (let tap = 0; tap < layer.taps; tap++)
      for (const { from, to, alpha, beta } of merges) {
        const row = o * layer.columns + tap * layer.inputs;
        const weight = layer.weights[row + from] as number;
        weights[row + to] = (weights[row + to] as number) + alpha * weight;
        bias[o] = (bias[o] as number) + beta * weight;
      }
  return withWeights(graph, layer, weights, bias);
}

/** Units that may go, each with the unit that stands for it: a unit that stands for another is not itself merged. */
function findMerges(traced: ChannelUnits, readers: readonly Reader[], chosen: z.output<typeof options>) {
  const merged = new Map<number, number>();
  const standing = new Set<number>();
  const perReader = new Map<Reader, Merge[]>(readers.map((reader) => [reader, []]));
  for (const { channels } of readers) {
    const units = [...channels.keys()].filter((unit) => !traced.frozen.has(unit));
    for (const from of units) {
      if (merged.has(from) || standing.has(from)) continue;
      for (const to of channels.keys()) {
        if (to === from || merged.has(to)) continue;
        const concerned = readers.filter((reader) => reader.channels.has(from));
        const found = concerned.map((reader) => mergesOf(reader, from, to, chosen));
        if (!found.every((merges) => merges !== undefined)) continue;
        concerned.forEach((reader, i) => perReader.get(reader)?.push(...(found[i] as Merge[])));
        merged.set(from, to);
        standing.add(to);
        break;
      }
    }
  }
  return { merged, perReader };
}

export const mergeDuplicateChannels = defineMethod({
  name: 'merge-duplicate-channels',
  summary: 'channels that are multiples of another one on the samples are taken from that one',
  source: 'neuron pruning, methods.md 2',
  needs: 'samples',
  defaultLayers: ['*'],
  options,

  async apply(context, _layers, chosen) {
    let { network } = context;
    for (;;) {
      const traced = traceChannels(network.graph);
      const names = [...new Set(readingLayers(network).map(({ input }) => input))];
      const covariances = await gatherChannelCovariance(network.graph, names, context.samples);
      const { merged, perReader } = findMerges(traced, readersOf(network, traced, covariances), chosen);
      if (merged.size === 0) break;
      let { graph } = network;
      for (const [{ layer }, merges] of perReader) if (merges.length) graph = mergedLayer(graph, layer, merges);
      network = narrowNetwork({ ...network, graph }, new Set(merged.keys()), traced);
      context.progress(`${merged.size} channels merged`);
    }
    return { network, layers: narrowingOutcomes(context.network, network) };
  },
});
