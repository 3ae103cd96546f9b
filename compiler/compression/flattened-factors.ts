/**
 * Every filter as a sum of K products of a channel, a vertical and a horizontal vector (Jin, Dundar, Culurciello 2014;
 * Denton et al. 2014; methods.md 8): point-wise, depthwise kh x 1, depthwise 1 x kw, and sums of K channels. Filters share
 * nothing, which cp-factors do better at the same cost; networks that are trained so are small with K = 1.
 */
import { z } from 'zod';
import { cpDecomposition } from '../linalg/cp.ts';
import { type Matrix, matrix, transpose } from '../linalg/matrix.ts';
import { denseTensor } from '../linalg/tensor.ts';
import { macsOption, spreadOption } from './choose-ranks.ts';
import { cpWeights } from './cp-weights.ts';
import { type FactorForm, fitOptions } from './factor-form.ts';
import { factorizeLayers, lineReason } from './factorize-layers.ts';
import { horizontalPart, type Link, verticalPart } from './layer-chain.ts';
import { type Layer, windowOfLayer } from './layers.ts';
import { defineMethod } from './method.ts';
import { weightTensor } from './tucker-factors.ts';

const options = z.object({
  rank: z.int().min(1).optional().describe('products per filter; default: what `ratio` gives'),
  ratio: z.number().positive().max(1).default(0.5).describe('share of the parameters of the layer that the factors may have'),
  macs: macsOption,
  spread: spreadOption,
  ...fitOptions,
});

/** [outputs, outputs · K]: which products belong to which filter. */
function sums(outputs: number, rank: number): Matrix {
  const t = matrix(outputs, outputs * rank);
  for (let o = 0; o < outputs; o++) t.data.fill(1, o * t.columns + o * rank, o * t.columns + (o + 1) * rank);
  return t;
}

/** Factors: channels [inputs, T·K], rows [kh, T·K], columns [kw, T·K]. */
function formOf(layer: Layer): FactorForm {
  const { outputs, inputs } = layer;
  const window = windowOfLayer(layer);
  const [kh, kw] = window.kernel;
  const rankOf = (factors: readonly Matrix[]) => (factors[0] as Matrix).columns / outputs;
  return {
    compose: (factors) => cpWeights.compose([sums(outputs, rankOf(factors)), ...factors]),
    pullBack: (factors, gradient) => cpWeights.pullBack([sums(outputs, rankOf(factors)), ...factors], gradient).slice(1),

    start(rank) {
      const factors = [inputs, kh, kw].map((extent) => matrix(extent, outputs * rank));
      const filters = weightTensor(layer).data;
      const size = inputs * kh * kw;
      for (let o = 0; o < outputs; o++) {
        const filter = denseTensor([inputs, kh, kw], filters.subarray(o * size, (o + 1) * size));
        const { factors: found } = cpDecomposition(filter, rank, { sweeps: 50, restarts: 1, seed: o });
        found.forEach((factor, mode) => {
          const target = factors[mode] as Matrix;
          for (let i = 0; i < factor.rows; i++)
            target.data.set(factor.data.subarray(i * rank, (i + 1) * rank), i * target.columns + o * rank);
        });
      }
      return factors;
    },

    chain([channels, rows, columns]) {
      const width = (channels as Matrix).columns;
      const rank = width / outputs;
      const links: Link[] = [
        { outputs: width, weights: transpose(channels as Matrix).data },
        { outputs: width, groups: width, weights: transpose(rows as Matrix).data, window: verticalPart(window) },
        { outputs: width, groups: width, weights: transpose(columns as Matrix).data, window: horizontalPart(window) },
      ];
      if (rank === 1) return [...links.slice(0, -1), { ...(links[2] as Link), bias: layer.bias }];
      return [...links, { outputs, groups: outputs, weights: new Float64Array(outputs * rank).fill(1), bias: layer.bias }];
    },
  };
}

export const flattenedFactors = defineMethod({
  name: 'flattened-factors',
  summary: 'every filter becomes a sum of products of a channel, a vertical and a horizontal vector',
  source: 'Jin et al., ICLR 2015 workshop; Denton et al., NIPS 2014; methods.md 8',
  needs: 'weights',
  defaultLayers: ['*', '!@first', '!@depthwise', '!@dense'],
  options,

  apply: (context, layers, rule) => factorizeLayers(context, layers, rule, { refuse: lineReason, formOf }),
});
