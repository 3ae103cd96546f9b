/**
 * Optimal Brain Surgeon on the error of each layer's answers (Hassibi, Stork, NIPS 1992; Frantar, Alistarh, NeurIPS 2022;
 * post-training.md 2.2): the weights go whose loss the others can make up for best, and how many each layer loses follows
 * from what that costs the network:
 *
 *     1. traces    every row of every layer is taken apart, weight by weight, on the statistics of the network as it is
 *     2. budget    a loss in a layer costs what the network's outputs move when half of that layer alone is pruned
 *     3. top-down  layer after layer, on the inputs that the pruned layers before it give, loses so many weights, and what
 *                  is left is fitted to the original's answers
 */
import { z } from 'zod';
import { layerByLayer } from './layer-by-layer.ts';
import { type Layer, withWeights } from './layers.ts';
import { Referee } from './measure.ts';
import { defineMethod, type MethodContext } from './method.ts';
import { refit } from './refit.ts';
import { pruneToSupport, secondOrderOptions, secondOrderStatistics } from './second-order-pruning.ts';
import type { LayerStatistics } from './statistics.ts';
import { cheapestRemovals, lossOf, supportAfter, surgeonTraces, type TracedLayer } from './surgeon-traces.ts';

const options = z.object({
  sparsity: z.number().min(0).max(1).default(0.5).describe('share of the weights of these layers that are zero afterwards'),
  scope: z
    .enum(['row', 'layer', 'network'])
    .default('network')
    .describe('where the share counts: in each row, in each layer, or over all layers, each losing what costs the outputs least'),
  largest: z.number().min(0).max(1).default(0.95).describe('at most this share of a row becomes zero'),
  ...secondOrderOptions,
});

type Options = z.output<typeof options>;

/** Taking a layer apart costs rows · columns³ / 3 operations: beyond so many columns, sparse-gpt does it in columns². */
const LARGEST_COLUMNS = 1024;

/** So many samples tell what pruning a layer does to the outputs. */
const JUDGED_SAMPLES = 400;

/** What one unit of a layer's loss does to the outputs: their error when only this layer is pruned by half. */
async function outputCost(
  referee: Referee,
  graph: MethodContext['network']['graph'],
  layer: Layer,
  statistics: LayerStatistics,
  traced: TracedLayer,
) {
  const removals = cheapestRemovals([traced], Math.ceil(layer.weights.length / 2)).get(layer.name) as Int32Array;
  const { weights, bias } = refit(layer, statistics, supportAfter(layer.columns, traced.traces, removals));
  const { outputError } = await referee.measure(withWeights(graph, layer, weights, bias));
  return outputError / (lossOf(traced.traces, removals) || 1);
}

/** How many weights each row of each layer is to lose. */
async function networkBudget(context: MethodContext, layers: readonly Layer[], chosen: Options): Promise<Map<string, number>> {
  const { graph } = context.network;
  const referee = await Referee.create(graph, context.samples, JUDGED_SAMPLES);
  const traced: TracedLayer[] = [];
  for (const layer of layers) {
    context.progress(`${layer.name}: what does it cost`);
    const statistics = await secondOrderStatistics(context, context.network, layer, chosen.meanWeight);
    const own = { name: layer.name, traces: surgeonTraces(layer, statistics, chosen), factor: 1 };
    traced.push({ ...own, factor: await outputCost(referee, graph, layer, statistics, own) });
  }
  const total = layers.reduce((sum, { weights }) => sum + weights.length, 0);
  const removals = cheapestRemovals(traced, Math.ceil(chosen.sparsity * total - 1e-9));
  return new Map([...removals].map(([name, rows]) => [name, rows.reduce((a, b) => a + b, 0)]));
}

/** Removals per row. @param budget weights that the layer loses; undefined: the same share of every row */
function chooseRemovals(traced: TracedLayer, columns: number, budget: number | undefined, sparsity: number): Int32Array {
  if (budget !== undefined) return cheapestRemovals([traced], budget).get(traced.name) as Int32Array;
  const wanted = Math.ceil(sparsity * columns - 1e-9);
  return Int32Array.from(traced.traces, ({ order }) => Math.min(wanted, order.length));
}

export const optimalBrainSurgeon = defineMethod({
  name: 'optimal-brain-surgeon',
  summary: 'the weights whose loss the others make up for best become zero; each layer loses what costs the outputs least',
  source: 'Hassibi, Stork, NIPS 1992; Frantar, Alistarh, NeurIPS 2022; post-training.md 2.2',
  needs: 'samples',
  defaultLayers: ['*', '!@depthwise'],
  options,
  search: { target: 'network', kind: 'zeros', settings: [{ sparsity: 0.4 }, { sparsity: 0.5 }, { sparsity: 0.6 }, { sparsity: 0.7 }] },

  async apply(context, layers, chosen) {
    const { sparsity, scope } = chosen;
    const feasible = layers.filter(({ columns }) => columns <= LARGEST_COLUMNS);
    const budget = scope === 'network' ? await networkBudget(context, feasible, chosen) : undefined;
    const result = await layerByLayer(context, feasible, async (network, layer) => {
      const statistics = await secondOrderStatistics(context, network, layer, chosen.meanWeight);
      const traced = { name: layer.name, traces: surgeonTraces(layer, statistics, chosen), factor: 1 };
      const own = scope === 'layer' ? Math.ceil(sparsity * layer.weights.length - 1e-9) : budget?.get(layer.name);
      const removals = chooseRemovals(traced, layer.columns, own, sparsity);
      return pruneToSupport(network, layer, statistics, supportAfter(layer.columns, traced.traces, removals), chosen.ridge);
    });
    const refused = layers.filter(({ columns }) => columns > LARGEST_COLUMNS);
    const reason = `more than ${LARGEST_COLUMNS} columns take too long; use sparse-gpt`;
    return { ...result, layers: [...result.layers, ...refused.map(({ name }) => ({ layer: name, action: 'kept' as const, reason }))] };
  },
});
