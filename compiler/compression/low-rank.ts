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
import type { Matrix } from '../linalg/matrix.ts';
import { matrix } from '../linalg/matrix.ts';
import { multiply } from '../linalg/multiply.ts';
import { chooseRanks, demanded, lossOfError, macsBudget, macsOption, type RankCurve } from './choose-ranks.ts';
import { groupWeights, relativeError, wholeCovariances } from './covariances.ts';
import { kept, layerByLayer } from './layer-by-layer.ts';
import { type Link, macsOfChain, parametersOfChain, replaceLayer, windowed } from './layer-chain.ts';
import { type Layer, macsOfLayer, parametersOfLayer } from './layers.ts';
import { defineMethod, type LayerOutcome, type MethodContext } from './method.ts';
import type { Network } from './network.ts';
import { gatherPatches } from './patch-samples.ts';
import { responses } from './patches.ts';
import { chooseRank, rankOptions, unprofitable } from './rank.ts';
import { rectifiedError, rectifiedFactors } from './rectified-factors.ts';
import { balanceFactors, factorsOfResponses, factorsOfWeights, leastSquares } from './reduced-rank.ts';
import { DEFAULT_RIDGE, fittedBias } from './refit.ts';
import type { LayerStatistics } from './statistics.ts';

const options = z.object({
  ...rankOptions,
  macs: macsOption,
  fit: z
    .enum(['asymmetric', 'rectified', 'responses', 'weights'])
    .default('asymmetric')
    .describe(
      'what is kept: the original answers on the current inputs; these as the ReLU leaves them; the answers of this layer; or its weights',
    ),
  balance: z
    .boolean()
    .default(true)
    .describe('scale the components so that each has the same range: int8 loses nothing between the factors'),
  ridge: z.number().min(0).default(DEFAULT_RIDGE).describe('damping of the fit, as a share of the mean of the diagonal of R'),
});

type Options = z.output<typeof options>;

interface Factored {
  readonly links: readonly Link[];
  readonly outcome: LayerOutcome;
}

function linksOfFactors(layer: Layer, p: Matrix, q: Matrix, bias: ArrayLike<number>): Link[] {
  return [windowed(layer, { outputs: q.rows, weights: q.data }), { outputs: layer.outputs, weights: p.data, bias }];
}

export function factorizeLayer(layer: Layer, statistics: LayerStatistics | undefined, rule: Omit<Options, 'macs'>): Factored {
  const { outputs, columns } = layer;
  const w = groupWeights(layer, layer.weights, 0);
  const choose = (energies: Float64Array, total: number) =>
    chooseRank({ energies, total, parametersPerRank: outputs + columns, parameters: outputs * columns }, rule);
  const covariances = wholeCovariances(statistics);
  const found =
    rule.fit === 'weights' || !covariances
      ? factorsOfWeights(w, choose)
      : factorsOfResponses(rule.fit === 'responses' ? w : leastSquares(covariances.g, covariances.r, rule.ridge), covariances.r, choose);
  const { p, q } = rule.balance ? balanceFactors(found, covariances?.r) : found;
  const product = multiply(p, q).data;
  const bias = statistics && rule.fit !== 'weights' ? fittedBias(layer, statistics, product) : layer.bias;
  const links = linksOfFactors(layer, p, q, bias);
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

  async apply(context, layers, rule) {
    const { macs } = rule;
    const chosen = macs === undefined ? undefined : await ranksOfResponses(context, layers.filter(isWhole), { ...rule, macs });
    return layerByLayer(context, layers, async (network, layer) => {
      if (!isWhole(layer)) return kept(network, layer.name, 'its channels are in groups already');
      if (chosen && !chosen.has(layer.name)) return kept(network, layer.name, 'the budget allows it as it is');
      const statistics = context.samples.count > 0 ? (await context.statistics([layer], network)).get(layer.name) : undefined;
      const found = factorizeLayer(layer, statistics, chosen ? { ...rule, rank: chosen.get(layer.name) } : rule);
      if (found.outcome.action === 'kept') return { network, outcome: found.outcome };
      const isRectified = rule.fit === 'rectified' && statistics && layer.clamp[0] === 0;
      const { links, outcome } = isRectified ? await rectify(context, network, layer, found, statistics) : found;
      return { network: { ...network, graph: replaceLayer(network.graph, layer, links) }, outcome };
    });
  },
});

function isWhole({ groups }: Layer): boolean {
  return groups === 1;
}

/** Ranks of all layers under one budget, by the spectra of their answers (Zhang et al., TPAMI 2016, section 3.4). */
async function ranksOfResponses(
  context: MethodContext,
  layers: readonly Layer[],
  { macs: share, ridge }: { macs: number; ridge: number },
): Promise<Map<string, number>> {
  const statistics = context.samples.count > 0 ? await context.statistics(layers) : undefined;
  const curves = layers.map((layer): RankCurve => {
    const covariances = wholeCovariances(statistics?.get(layer.name));
    const all = (energies: Float64Array) => energies.length;
    const { energies, total } = covariances
      ? factorsOfResponses(leastSquares(covariances.g, covariances.r, ridge), covariances.r, all)
      : factorsOfWeights(groupWeights(layer, layer.weights, 0), all);
    let missing = total;
    const losses = Array.from(energies, (energy) => {
      missing -= energy;
      return lossOfError(Math.max(0, missing) / (total || 1));
    });
    const links = linksOfFactors(layer, matrix(layer.outputs, 1), matrix(1, layer.columns), layer.bias);
    return { layer: layer.name, macs: macsOfLayer(layer), macsPerRank: macsOfChain(context.network.graph, layer, links), losses };
  });
  return demanded(chooseRanks(curves, macsBudget(context, layers, share)), share);
}

/** Positions at which the answers behind the ReLU are looked at. */
const RECTIFIED_PATCHES = 10_000;

/** The same rank, fitted behind the ReLU. */
async function rectify(
  context: MethodContext,
  network: Network,
  layer: Layer,
  { links: linear, outcome }: Factored,
  statistics: LayerStatistics,
): Promise<Factored> {
  const { inputs, targets } = await gatherPatches(context, network, layer, RECTIFIED_PATCHES);
  const answers = matrix(inputs.rows, layer.outputs, responses(layer, inputs.data, inputs.rows));
  const rank = (linear[0] as Link).outputs;
  const found = rectifiedFactors(answers, targets, rank);
  const q = multiply(found.q, groupWeights(layer, layer.weights, 0));
  const shift = multiply(found.p, multiply(found.q, matrix(layer.outputs, 1, Float64Array.from(layer.bias)))).data;
  const bias = found.bias.map((value, o) => value + (shift[o] as number));
  const balanced = balanceFactors({ p: found.p, q }, wholeCovariances(statistics)?.r);
  return {
    links: linksOfFactors(layer, balanced.p, balanced.q, bias),
    outcome: { ...outcome, facts: { ...outcome.facts, rectifiedError: rectifiedError(answers, targets, found) } },
  };
}
