/** What Optimal Brain Surgeon and SparseGPT share: the options of their Hessian, and the fit behind the choice. */
import { z } from 'zod';
import { relativeError } from './covariances.ts';
import { DEFAULT_DAMPING } from './group-objectives.ts';
import type { LayerResult } from './layer-by-layer.ts';
import { countNonzero, type Layer, withWeights } from './layers.ts';
import type { MethodContext } from './method.ts';
import type { Network } from './network.ts';
import { refit } from './refit.ts';
import { DEFAULT_MEAN_WEIGHT, type LayerStatistics } from './statistics.ts';

export const secondOrderOptions = {
  damping: z.number().gt(0).default(DEFAULT_DAMPING).describe('damping of H, as a share of the mean of its diagonal'),
  ridge: z.number().min(0).default(1e-4).describe('damping of the final fit, as a share of the mean of the diagonal'),
  meanWeight: z
    .number()
    .min(0)
    .default(DEFAULT_MEAN_WEIGHT)
    .describe('weight of errors in the mean over the positions of a sample, beside those at single positions'),
};

/** The statistics of a layer of the network as it is now. */
export async function secondOrderStatistics(
  context: MethodContext,
  network: Network,
  layer: Layer,
  meanWeight: number,
): Promise<LayerStatistics> {
  return (await context.statistics([layer], network, { meanWeight })).get(layer.name) as LayerStatistics;
}

/**
 * The weights on the support are fitted to the original's answers, the others become zero.
 * @param support [outputs, columns]: not 0 where a weight is kept
 */
export function pruneToSupport(
  network: Network,
  layer: Layer,
  statistics: LayerStatistics,
  support: ArrayLike<number>,
  ridge: number,
): LayerResult {
  const { weights, bias } = refit(layer, statistics, support, ridge);
  return {
    network: { ...network, graph: withWeights(network.graph, layer, weights, bias) },
    outcome: {
      layer: layer.name,
      action: 'pruned',
      facts: { sparsity: 1 - countNonzero(weights) / weights.length },
      relativeError: relativeError(layer, statistics, weights, bias),
    },
  };
}
