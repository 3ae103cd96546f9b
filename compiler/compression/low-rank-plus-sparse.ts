/**
 * A layer as a thin pair and a sparse layer, added (Yu et al., "On compressing deep models by low rank and sparse
 * decomposition", CVPR 2017; methods.md 20): what few components cannot express, a few weights do. The sparse layer is
 * stored as such where that is smaller.
 */
import { z } from 'zod';
import { addScaled } from '../linalg/matrix.ts';
import { multiply } from '../linalg/multiply.ts';
import { greedyBilateral } from '../linalg/sparse-plus-low-rank.ts';
import { relativeError, wholeCovariances } from './covariances.ts';
import { fitOptions, placeChainAndPart } from './factor-form.ts';
import { kept, layerByLayer } from './layer-by-layer.ts';
import { windowed } from './layer-chain.ts';
import { defineMethod } from './method.ts';
import { leastSquares } from './reduced-rank.ts';
import { fittedBias } from './refit.ts';

const options = z.object({
  ratio: z.number().positive().max(1).default(0.5).describe('share of the parameters of the layer that both parts may have'),
  sparse: z.number().min(0).max(1).default(0.3).describe('share of these that are single weights'),
  sweeps: z.int().min(1).default(10).describe('times that each part is fitted to what the other one leaves, at most'),
  balance: fitOptions.balance,
  ridge: fitOptions.ridge,
  keepUnprofitable: fitOptions.keepUnprofitable,
});

export const lowRankPlusSparse = defineMethod({
  name: 'low-rank-plus-sparse',
  summary: 'a layer becomes a pair of thin ones plus a sparse one',
  source: 'Yu et al., CVPR 2017; methods.md 20',
  needs: 'samples',
  defaultLayers: ['*', '!@first', '!@last', '!@depthwise'],
  options,

  apply: (context, layers, rule) =>
    layerByLayer(context, layers, async (network, layer) => {
      if (layer.groups !== 1) return kept(network, layer.name, 'its channels are in groups already');
      const statistics = (await context.statistics([layer], network)).get(layer.name);
      const covariances = wholeCovariances(statistics);
      if (!statistics || !covariances) return kept(network, layer.name, 'there are no statistics of it');
      const { r, g } = covariances;
      const budget = rule.ratio * layer.weights.length;
      const rank = Math.max(1, Math.floor(((1 - rule.sparse) * budget) / (layer.outputs + layer.columns)));
      const count = Math.floor(rule.sparse * budget);
      const { p, q, sparse } = greedyBilateral(leastSquares(g, r, rule.ridge), r, { rank, count, sweeps: rule.sweeps, ridge: rule.ridge });
      const sum = addScaled(multiply(p, q), sparse, 1).data;
      const bias = fittedBias(layer, statistics, sum);
      const links = [windowed(layer, { outputs: rank, weights: q.data }), { outputs: layer.outputs, weights: p.data, bias }];
      const facts = { rank, sparseWeights: count };
      const part = { sparse, bias, parameters: count, facts, relativeError: relativeError(layer, statistics, sum, bias) };
      return placeChainAndPart(context, network, layer, links, part, rule);
    }),
});
