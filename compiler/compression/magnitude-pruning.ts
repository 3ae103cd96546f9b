/**
 * Magnitude pruning: the smallest |w| become zero (Han et al., NIPS 2015; methods.md 1), and what is kept is refitted to
 * the original's answers by least squares, layer after layer on the inputs that the pruned layers before it give.
 */
import { z } from 'zod';
import { type Layer, layerNamed, withWeights } from './layers.ts';
import { defineMethod, type LayerOutcome, type MethodContext } from './method.ts';
import type { Network } from './network.ts';
import { DEFAULT_RIDGE, refit } from './refit.ts';
import { relativeError } from './statistics.ts';

const options = z.object({
  sparsity: z.number().min(0).max(1).default(0.5).describe('share of the weights of each layer that become zero'),
  refit: z.boolean().default(true).describe('fit the kept weights to the original answers (needs samples)'),
  ridge: z.number().min(0).default(DEFAULT_RIDGE).describe('damping of the fit, as a share of the mean of the diagonal of R'),
});

/** 1 where a weight stays: all but the ⌈share · n⌉ smallest magnitudes; of equal ones the first are pruned. */
export function largestMagnitudes(weights: ArrayLike<number>, share: number): Uint8Array {
  const pruned = Math.ceil(share * weights.length - 1e-9);
  const order = Array.from({ length: weights.length }, (_, i) => i).sort(
    (i, j) => Math.abs(weights[i] as number) - Math.abs(weights[j] as number) || i - j,
  );
  const support = new Uint8Array(weights.length).fill(1);
  for (const index of order.slice(0, pruned)) support[index] = 0;
  return support;
}

async function pruneLayer(
  context: MethodContext,
  network: Network,
  layer: Layer,
  { sparsity, refit: refits, ridge }: z.output<typeof options>,
): Promise<{ network: Network; outcome: LayerOutcome }> {
  const support = largestMagnitudes(layer.weights, sparsity);
  const masked = layer.weights.map((weight, i) => weight * (support[i] as number));
  const statistics = context.samples.count > 0 ? (await context.statistics([layer], network)).get(layer.name) : undefined;
  const { weights, bias } = refits && statistics ? refit(layer, statistics, support, ridge) : { weights: masked, bias: layer.bias };
  const zeros = weights.filter((weight) => weight === 0).length;
  const outcome: LayerOutcome = {
    layer: layer.name,
    action: 'pruned',
    facts: { sparsity: zeros / weights.length },
    ...(statistics && { relativeError: relativeError(layer, statistics, weights, bias) }),
  };
  return { network: { ...network, graph: withWeights(network.graph, layer, weights, bias) }, outcome };
}

export const magnitudePruning = defineMethod({
  name: 'magnitude-pruning',
  summary: 'the smallest weights become zero, the others are refitted',
  source: 'Han et al., NIPS 2015; methods.md 1',
  needs: 'weights',
  defaultLayers: ['*', '!@first', '!@last', '!@depthwise'],
  options,

  async apply(context, layers, chosen) {
    let { network } = context;
    const outcomes: LayerOutcome[] = [];
    for (const { name } of layers) {
      context.progress(name);
      const result = await pruneLayer(context, network, layerNamed(network.graph, name) as Layer, chosen);
      network = result.network;
      outcomes.push(result.outcome);
    }
    return { network, layers: outcomes };
  },
});
