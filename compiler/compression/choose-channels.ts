/** Choosing channels by score: what the methods that rank filters share. */
import { z } from 'zod';
import { type ChannelGroup, type ChannelUnits, channelGroups, traceChannels } from './channels.ts';
import { relativeError } from './covariances.ts';
import { type Layer, layerNamed, withWeights } from './layers.ts';
import type { LayerOutcome, MethodContext } from './method.ts';
import { narrowingOutcomes } from './narrowing-outcomes.ts';
import { type Network, narrowNetwork } from './network.ts';
import { DEFAULT_RIDGE, refit } from './refit.ts';

/** Options that every such method has. */
export const channelOptions = {
  keep: z.number().gt(0).max(1).default(0.5).describe('share of the channels of each group that stays'),
  multiple: z.int().min(1).default(1).describe('widths are rounded up to a multiple of this'),
  refit: z.boolean().default(true).describe('fit the layers that read them to the original answers (needs samples)'),
  ridge: z.number().min(0).default(DEFAULT_RIDGE).describe('damping of the fit, as a share of the mean of the diagonal of R'),
};

export interface ChannelChoice {
  readonly keep: number;
  readonly multiple: number;
  readonly refit: boolean;
  readonly ridge: number;
}

/** Groups whose producers are all among the layers. */
export function groupsOf(network: Network, layers: readonly Layer[], traced: ChannelUnits): ChannelGroup[] {
  const names = new Set(layers.map(({ name }) => name));
  return channelGroups(network.graph, traced).filter(({ producers }) => producers.every(({ name }) => names.has(name)));
}

/** How many of `width` channels stay. */
export function keptWidth(width: number, { keep, multiple }: Pick<ChannelChoice, 'keep' | 'multiple'>): number {
  return Math.min(width, Math.max(1, Math.ceil((keep * width - 1e-9) / multiple) * multiple));
}

/** The units with the smallest scores, group by group; of equal scores the last go. */
export function lowestUnits(groups: readonly ChannelGroup[], scores: ReadonlyMap<number, number>, choice: ChannelChoice): Set<number> {
  const removed = new Set<number>();
  for (const { units } of groups) {
    const order = [...units.keys()].sort((i, j) => (scores.get(units[j] as number) ?? 0) - (scores.get(units[i] as number) ?? 0) || i - j);
    for (const index of order.slice(keptWidth(units.length, choice))) removed.add(units[index] as number);
  }
  return removed;
}

/**
 * Fits these layers, one after the other, to what the original network answered there, on the inputs that the network has
 * by then (methods.md 15, top-down).
 */
export async function refitLayers(
  context: MethodContext,
  network: Network,
  names: readonly string[],
  ridge: number,
): Promise<{ network: Network; outcomes: LayerOutcome[] }> {
  let current = network;
  const outcomes: LayerOutcome[] = [];
  for (const name of names) {
    const layer = layerNamed(current.graph, name);
    if (!layer) continue;
    const statistics = (await context.statistics([layer], current)).get(name);
    if (!statistics) continue;
    const support = layer.weights.map((weight) => Number(weight !== 0));
    const { weights, bias } = refit(layer, statistics, support, ridge);
    current = { ...current, graph: withWeights(current.graph, layer, weights, bias) };
    outcomes.push({ layer: name, action: 'refitted', relativeError: relativeError(layer, statistics, weights, bias) });
  }
  return { network: current, outcomes };
}

/** Removes the channels with the lowest scores and, if asked, refits the layers that read them. */
export async function pruneChannels(
  context: MethodContext,
  layers: readonly Layer[],
  scores: (network: Network, traced: ChannelUnits) => ReadonlyMap<number, number>,
  choice: ChannelChoice,
): Promise<{ network: Network; layers: LayerOutcome[] }> {
  const traced = traceChannels(context.network.graph);
  const groups = groupsOf(context.network, layers, traced);
  const removed = lowestUnits(groups, scores(context.network, traced), choice);
  const narrowed = narrowNetwork(context.network, removed, traced);
  const outcomes = narrowingOutcomes(context.network, narrowed);
  if (!choice.refit || context.samples.count === 0) return { network: narrowed, layers: outcomes };
  const readers = new Set(groups.flatMap(({ consumers }) => consumers.map(({ name }) => name)));
  const order = context.network.graph.nodes.map(({ name }) => name).filter((name) => readers.has(name));
  const fitted = await refitLayers(context, narrowed, order, choice.ridge);
  return { network: fitted.network, layers: [...outcomes, ...fitted.outcomes] };
}
