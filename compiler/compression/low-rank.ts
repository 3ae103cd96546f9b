/**
 * A layer as two: rank filters of the same window, then a point-wise layer that mixes them (methods.md 7 and 13).
 *
 *     y = W x + b   →   z = Q x,  y = P z + b'         W [h, d] → Q [t, d], P [h, t]
 *
 * `weights` is the truncated SVD (Eckart and Young 1936; Denton et al. 2014). With samples, `responses` keeps the answers
 * instead of the weights (Zhang et al. 2015): with C = W* R W*ᵀ the covariance of the best linear answers, P holds its
 * leading eigenvectors and Q = Pᵀ W*. `asymmetric` (the default with samples) takes W* = G R⁻¹ from the inputs that the
 * network gives now and the answers that the original gave: reduced-rank regression.
 */
import { z } from 'zod';
import { dampedCholesky, solveCholesky } from '../linalg/cholesky.ts';
import { type Matrix, matrix, takeColumns, transpose } from '../linalg/matrix.ts';
import { multiply, multiplyTransposed, transposedMultiply } from '../linalg/multiply.ts';
import { squaredNorm, svd } from '../linalg/svd.ts';
import { symmetricEigen } from '../linalg/symmetric-eigen.ts';
import { kept, layerByLayer } from './layer-by-layer.ts';
import { type Link, parametersOfChain, replaceLayer, windowed } from './layer-chain.ts';
import { type Layer, parametersOfLayer } from './layers.ts';
import { defineMethod, type LayerOutcome } from './method.ts';
import { chooseRank, rankOptions, unprofitable } from './rank.ts';
import { DEFAULT_RIDGE, fittedBias } from './refit.ts';
import { centred, groupWeights, type LayerStatistics, relativeError } from './statistics.ts';

const options = z.object({
  ...rankOptions,
  fit: z
    .enum(['asymmetric', 'responses', 'weights'])
    .default('asymmetric')
    .describe('what is kept: the original answers on the current inputs, the answers of this layer, or its weights'),
  balance: z
    .boolean()
    .default(true)
    .describe('scale the components so that each has the same range: int8 loses nothing between the factors'),
  ridge: z.number().min(0).default(DEFAULT_RIDGE).describe('damping of the fit, as a share of the mean of the diagonal of R'),
});

type Options = z.output<typeof options>;

/** P [h, t] and Q [t, d]. */
export interface Factors {
  readonly p: Matrix;
  readonly q: Matrix;
  /** What each possible component holds, descending; the first t are kept. */
  readonly energies: Float64Array;
  readonly total: number;
}

/** Truncated SVD, both factors scaled by √s. */
export function factorsOfWeights(w: Matrix, chooseOf: (energies: Float64Array, total: number) => number): Factors {
  const full = svd(w);
  const energies = full.values.map((value) => value * value);
  const total = squaredNorm(w);
  const rank = chooseOf(energies, total);
  const kept = Array.from({ length: rank }, (_, i) => i);
  const [p, v] = [takeColumns(full.u, kept), takeColumns(full.v, kept)];
  for (const factor of [p, v])
    for (let i = 0; i < factor.data.length; i++) factor.data[i] = (factor.data[i] as number) * Math.sqrt(full.values[i % rank] as number);
  return { p, q: transpose(v), energies, total };
}

/** Leading eigenvectors of W* R W*ᵀ. @param best W* [h, d]  @param correlation R [d, d], centred */
export function factorsOfResponses(
  best: Matrix,
  correlation: Matrix,
  chooseOf: (energies: Float64Array, total: number) => number,
): Factors {
  const { values, vectors } = symmetricEigen(multiplyTransposed(multiply(best, correlation), best));
  const energies = values.map((value) => Math.max(0, value));
  const total = energies.reduce((a, b) => a + b, 0);
  const rank = Math.min(chooseOf(energies, total), best.columns);
  const p = takeColumns(
    vectors,
    Array.from({ length: rank }, (_, i) => i),
  );
  return { p, q: transposedMultiply(p, best), energies, total };
}

/** W* = G R⁻¹. */
export function leastSquares(cross: Matrix, correlation: Matrix, ridge: number): Matrix {
  return transpose(solveCholesky(dampedCholesky(correlation, ridge).factor, transpose(cross)));
}

/** Scales the components of a pair so that each has the same root mean square on the samples; without samples, the same norm. */
export function balanceFactors({ p, q }: Pick<Factors, 'p' | 'q'>, correlation?: Matrix): { p: Matrix; q: Matrix } {
  const spread = correlation ? multiplyTransposed(multiply(q, correlation), q) : multiplyTransposed(q, q);
  const size = Float64Array.from({ length: q.rows }, (_, i) => Math.sqrt(Math.max(1e-30, spread.data[i * q.rows + i] as number)));
  const scaledQ = matrix(
    q.rows,
    q.columns,
    q.data.map((value, i) => value / (size[Math.floor(i / q.columns)] as number)),
  );
  const scaledP = matrix(
    p.rows,
    p.columns,
    p.data.map((value, i) => value * (size[i % p.columns] as number)),
  );
  return { p: scaledP, q: scaledQ };
}

interface Factored {
  readonly links: readonly Link[];
  readonly outcome: LayerOutcome;
}

export function factorizeLayer(layer: Layer, statistics: LayerStatistics | undefined, rule: Options): Factored {
  const { outputs, columns } = layer;
  const w = groupWeights(layer, layer.weights, 0);
  const choose = (energies: Float64Array, total: number) =>
    chooseRank({ energies, total, parametersPerRank: outputs + columns, parameters: outputs * columns }, rule);
  const { correlation: [r] = [], cross: [g] = [] } = statistics ? centred(statistics) : {};
  const found =
    rule.fit === 'weights' || !r || !g
      ? factorsOfWeights(w, choose)
      : factorsOfResponses(rule.fit === 'asymmetric' ? leastSquares(g, r, rule.ridge) : w, r, choose);
  const { p, q } = rule.balance ? balanceFactors(found, r) : found;
  const product = multiply(p, q).data;
  const bias = statistics && rule.fit !== 'weights' ? fittedBias(layer, statistics, product) : layer.bias;
  const links = [windowed(layer, { outputs: q.rows, weights: q.data }), { outputs, weights: p.data, bias }];
  const held = found.energies.slice(0, q.rows).reduce((a, b) => a + b, 0);
  const reason = unprofitable(parametersOfChain(links), parametersOfLayer(layer), rule);
  return {
    links,
    outcome: {
      layer: layer.name,
      action: reason ? 'kept' : 'factorized',
      ...(reason && { reason }),
      facts: { rank: q.rows, energy: found.total > 0 ? held / found.total : 1 },
      ...(statistics && !reason && { relativeError: relativeError(layer, statistics, product, bias) }),
    },
  };
}

export const lowRank = defineMethod({
  name: 'low-rank',
  summary: 'a layer becomes a pair of thin ones: truncated SVD of its weights, or of its answers on the samples',
  source: 'Denton et al., NIPS 2014; Zhang et al., CVPR 2015; methods.md 7 and 13',
  needs: 'weights',
  defaultLayers: ['*', '!@first', '!@last', '!@depthwise'],
  options,
  search: { target: 'layer', kind: 'factors', settings: [0.8, 0.65, 0.5, 0.35].map((ratio) => ({ ratio })) },

  apply: (context, layers, rule) =>
    layerByLayer(context, layers, async (network, layer) => {
      if (layer.groups !== 1) return kept(network, layer.name, 'its channels are in groups already');
      const statistics = context.samples.count > 0 ? (await context.statistics([layer], network)).get(layer.name) : undefined;
      const { links, outcome } = factorizeLayer(layer, statistics, rule);
      if (outcome.action === 'kept') return { network, outcome };
      return { network: { ...network, graph: replaceLayer(network.graph, layer, links) }, outcome };
    }),
});
