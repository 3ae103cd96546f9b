/**
 * A convolution as a vertical and a horizontal one (Tai et al., ICLR 2016; methods.md 9): K filters of kh x 1, then all
 * output filters of 1 x kw over them. The SVD of the unfolded weights M[(c, i), (n, j)] gives the best pair.
 */
import { z } from 'zod';
import { type Matrix, matrix } from '../linalg/matrix.ts';
import { squaredNorm, svd } from '../linalg/svd.ts';
import { vbmf } from '../linalg/vbmf.ts';
import { fitLastLink } from './fit-last-link.ts';
import { kept, layerByLayer } from './layer-by-layer.ts';
import { horizontalPart, type Link, parametersOfChain, replaceLayer, verticalPart } from './layer-chain.ts';
import { type Layer, parametersOfLayer, windowOfLayer } from './layers.ts';
import { defineMethod } from './method.ts';
import { chooseRank, rankOptions, unprofitable } from './rank.ts';

const options = z.object({
  ...rankOptions,
  vbmf: z.boolean().default(false).describe('let variational Bayes estimate the rank (an upper bound for compact networks)'),
  refit: z.boolean().default(true).describe('fit the horizontal filters to the original answers (needs samples)'),
});

/** M [C·kh, N·kw] of weights [N, kh, kw, C]. */
export function unfoldSpatial(weights: ArrayLike<number>, n: number, kh: number, kw: number, c: number): Matrix {
  const m = matrix(c * kh, n * kw);
  for (let o = 0; o < n; o++)
    for (let i = 0; i < kh; i++)
      for (let j = 0; j < kw; j++)
        for (let s = 0; s < c; s++) m.data[(s * kh + i) * n * kw + o * kw + j] = weights[((o * kh + i) * kw + j) * c + s] as number;
  return m;
}

export interface SpatialFactors {
  /** [K, kh, 1, C] */
  readonly vertical: Float32Array;
  /** [N, 1, kw, K] */
  readonly horizontal: Float32Array;
  readonly rank: number;
  /** Squared singular values of M. */
  readonly energies: Float64Array;
}

export function spatialFactors(layer: Layer, chooseOf: (energies: Float64Array, m: Matrix) => number): SpatialFactors {
  const [kh, kw] = windowOfLayer(layer).kernel;
  const [n, c] = [layer.outputs, layer.inputs];
  const m = unfoldSpatial(layer.weights, n, kh, kw, c);
  const { u, values, v } = svd(m);
  const energies = values.map((value) => value * value);
  const rank = Math.min(values.length, chooseOf(energies, m));
  const vertical = new Float32Array(rank * kh * c);
  const horizontal = new Float32Array(n * kw * rank);
  for (let k = 0; k < rank; k++) {
    const root = Math.sqrt(values[k] as number);
    for (let s = 0; s < c; s++)
      for (let i = 0; i < kh; i++) vertical[(k * kh + i) * c + s] = (u.data[(s * kh + i) * u.columns + k] as number) * root;
    for (let o = 0; o < n; o++)
      for (let j = 0; j < kw; j++) horizontal[(o * kw + j) * rank + k] = (v.data[(o * kw + j) * v.columns + k] as number) * root;
  }
  return { vertical, horizontal, rank, energies };
}

export const spatialFactorization = defineMethod({
  name: 'spatial-factors',
  summary: 'a convolution becomes a vertical one and a horizontal one',
  source: 'Tai et al., ICLR 2016; methods.md 9',
  needs: 'weights',
  defaultLayers: ['*', '!@first', '!@depthwise', '!@dense'],
  options,
  search: { target: 'layer', kind: 'factors', settings: [0.8, 0.65, 0.5, 0.35].map((ratio) => ({ ratio })) },

  apply: (context, layers, rule) =>
    layerByLayer(context, layers, (network, layer) => {
      const window = windowOfLayer(layer);
      const [kh, kw] = window.kernel;
      if (layer.kind !== 'convolution' || kh < 2 || kw < 2) return kept(network, layer.name, 'it has no rows and columns to separate');
      const [n, c] = [layer.outputs, layer.inputs];
      const question = { parametersPerRank: kh * c + kw * n, parameters: layer.weights.length };
      const { vertical, horizontal, rank, energies } = spatialFactors(layer, (found, m) =>
        rule.vbmf ? Math.max(1, vbmf(m).rank) : chooseRank({ energies: found, total: squaredNorm(m), ...question }, rule),
      );
      const links: Link[] = [
        { outputs: rank, weights: vertical, window: verticalPart(window) },
        { outputs: n, weights: horizontal, bias: layer.bias, window: horizontalPart(window) },
      ];
      const total = energies.reduce((a, b) => a + b, 0);
      const facts = { rank, energy: energies.slice(0, rank).reduce((a, b) => a + b, 0) / total };
      const reason = unprofitable(parametersOfChain(links), parametersOfLayer(layer), rule);
      if (reason) return kept(network, layer.name, reason, facts);
      const factored = { ...network, graph: replaceLayer(network.graph, layer, links) };
      return fitLastLink(context, factored, layer.name, facts, rule.refit);
    }),
});
