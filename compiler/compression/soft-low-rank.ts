/**
 * Soft low rank (methods.md 16): min ½ E‖W x - M x‖² + λ ‖M‖_* by FISTA finds the rank of each layer by itself, one λ for
 * all of them; the layer then becomes the pair of that rank which answers best (low-rank.ts): the norm shrinks what it
 * keeps, and only the rank is taken from it.
 */
import { z } from 'zod';
import { withPrincipalRows } from '../linalg/fista.ts';
import type { Matrix } from '../linalg/matrix.ts';
import { largestNuclearLambda, solveNuclearNorm } from '../linalg/nuclear-norm.ts';
import { centred } from './covariances.ts';
import { kept, layerByLayer } from './layer-by-layer.ts';
import { replaceLayer } from './layer-chain.ts';
import { factorizeLayer } from './low-rank.ts';
import { defineMethod } from './method.ts';
import { rankOptions } from './rank.ts';
import { DEFAULT_RIDGE } from './refit.ts';
import type { LayerStatistics } from './statistics.ts';

const options = z.object({
  lambda: z.number().gt(0).lt(1).default(0.05).describe('weight of the nuclear norm, as a share of that at which nothing is left'),
  roundTo: rankOptions.roundTo,
  keepUnprofitable: rankOptions.keepUnprofitable,
  ridge: z.number().min(0).default(DEFAULT_RIDGE).describe('damping of the fit, as a share of the mean of the diagonal of R'),
});

/** Directions of the answers with less than this share of their energy are never kept. */
const ANSWER_ENERGY = 1e-7;

/** The rank that the nuclear norm leaves. */
export function softRank(statistics: LayerStatistics, share: number): number {
  const { correlation, cross } = centred(statistics);
  const terms = withPrincipalRows([{ correlation: correlation[0] as Matrix, cross: cross[0] as Matrix }], ANSWER_ENERGY);
  const [term] = terms as [(typeof terms)[number]];
  return Math.max(1, solveNuclearNorm(term, share * largestNuclearLambda(term)).values.length);
}

export const softLowRank = defineMethod({
  name: 'soft-low-rank',
  summary: 'a layer becomes a pair of thin ones, of the rank that the nuclear norm finds',
  source: 'Linear Neural Reconstruction: Robin 2019; methods.md 16',
  needs: 'samples',
  defaultLayers: ['*', '!@first', '!@last', '!@depthwise'],
  options,
  search: { target: 'layer', kind: 'factors', settings: [0.01, 0.03, 0.1].map((lambda) => ({ lambda })) },

  apply: (context, layers, { lambda, ...chosen }) =>
    layerByLayer(context, layers, async (network, layer) => {
      if (layer.groups !== 1) return kept(network, layer.name, 'its channels are in groups already');
      const statistics = (await context.statistics([layer], network)).get(layer.name) as LayerStatistics;
      const rank = softRank(statistics, lambda);
      const { links, outcome } = factorizeLayer(layer, statistics, { ...chosen, rank, energy: 1, fit: 'asymmetric', balance: true });
      if (outcome.action === 'kept') return { network, outcome };
      return { network: { ...network, graph: replaceLayer(network.graph, layer, links) }, outcome };
    }),
});
