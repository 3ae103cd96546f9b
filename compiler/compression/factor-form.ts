/**
 * What a factorization needs besides its form: factors fitted to the answers, ranks of all layers under one budget, and
 * the chain of links in the layer's place, balanced for int8 and with its last link fitted once more.
 */
import { z } from 'zod';
import type { Matrix } from '../linalg/matrix.ts';
import { balanceChain } from './balance-chain.ts';
import { chooseRanks, demanded, evenRanks, lossOfError, macsBudget, type RankCurve, type Spread } from './choose-ranks.ts';
import { centred } from './covariances.ts';
import { type FactoredWeights, fitFactors } from './fit-factors.ts';
import { fitLastLink } from './fit-last-link.ts';
import { kept, type LayerResult } from './layer-by-layer.ts';
import { type Link, macsOfChain, parametersOfChain, replaceLayer } from './layer-chain.ts';
import { placeSum, type SecondPart } from './layer-sum.ts';
import { type Layer, macsOfLayer, parametersOfLayer } from './layers.ts';
import type { LayerOutcome, MethodContext } from './method.ts';
import type { Network } from './network.ts';
import { unprofitable } from './rank.ts';
import { leastSquares } from './reduced-rank.ts';
import { DEFAULT_RIDGE } from './refit.ts';
import { DEFAULT_MEAN_WEIGHT, type LayerStatistics } from './statistics.ts';

/** A layer's weights in a form with one rank. */
export interface FactorForm extends FactoredWeights {
  /** Factors of this rank to start from. */
  start(rank: number): Matrix[];
  /** The links that compute with these factors. */
  chain(factors: readonly Matrix[]): Link[];
}

/** Options of every factorization that can be fitted to the answers. */
export const fitOptions = {
  fit: z
    .enum(['responses', 'weights'])
    .default('responses')
    .describe('what the factors come close to: the original answers on the current inputs (with samples), or the weights'),
  iterations: z.int().min(1).default(300).describe('steps of the fit to the answers, at most'),
  ridge: z.number().min(0).default(DEFAULT_RIDGE).describe('damping of that fit, as a share of the mean of the diagonal of R'),
  balance: z
    .boolean()
    .default(true)
    .describe('scale the channels between the factors to the same range: int8 loses nothing there (needs samples)'),
  meanWeight: z
    .number()
    .min(0)
    .default(DEFAULT_MEAN_WEIGHT)
    .describe("how much the mean over a sample's positions counts beside the single ones: what errs alike everywhere passes every pooling"),
  refit: z.boolean().default(true).describe('fit the last layer to the original answers (needs samples)'),
  keepUnprofitable: z.boolean().default(false).describe('factorize even where the chain has more parameters than the layer'),
};

export type FitRule = z.output<z.ZodObject<typeof fitOptions>>;

/** Largest rank at which the chain has at most this share of the layer's parameters. */
export function rankOfRatio(form: FactorForm, layer: Layer, ratio: number): number {
  const perRank = form.chain(form.start(1)).reduce((sum, { weights }) => sum + weights.length, 0);
  return Math.max(1, Math.floor((ratio * layer.weights.length) / perRank));
}

/** @param statistics of a layer without groups */
export function fitToAnswers(
  structure: FactoredWeights,
  start: readonly Matrix[],
  statistics: LayerStatistics,
  rule: Pick<FitRule, 'iterations' | 'ridge'>,
): { factors: readonly Matrix[]; relativeError: number } {
  const { correlation, cross } = centred(statistics);
  const [r, g] = [correlation[0] as Matrix, cross[0] as Matrix];
  return fitFactors(structure, start, leastSquares(g, r, rule.ridge), r, rule);
}

/** Shares of the layer at which a curve is measured; between them the logarithm of the error is a straight line. */
const MEASURED_SHARES = [0.2, 0.4, 0.6, 0.8];
/** A rough fit is enough to compare ranks. */
const ROUGH_ITERATIONS = 60;

interface CurvePoint {
  readonly rank: number;
  readonly error: number;
}

function measuredPoints(form: FactorForm, layer: Layer, statistics: LayerStatistics, macsPerRank: number, ridge: number): CurvePoint[] {
  const points: CurvePoint[] = [];
  for (const share of MEASURED_SHARES) {
    const rank = Math.floor((share * macsOfLayer(layer)) / macsPerRank);
    if (rank <= (points.at(-1)?.rank ?? 0)) continue;
    const { relativeError } = fitToAnswers(form, form.start(rank), statistics, { iterations: ROUGH_ITERATIONS, ridge });
    points.push({ rank, error: Math.min(1, Math.max(1e-9, relativeError)) });
  }
  return points;
}

/** Errors at rank 1, 2, … up to the last point. */
function interpolatedErrors(points: readonly CurvePoint[]): number[] {
  const errors: number[] = [];
  let before = { rank: 0, error: 1 };
  for (const point of points) {
    for (let rank = before.rank + 1; rank <= point.rank; rank++) {
      const share = (rank - before.rank) / (point.rank - before.rank);
      errors.push(before.error ** (1 - share) * point.error ** share);
    }
    before = point;
  }
  return errors;
}

/** Ranks of these layers so that the network has at most `share` of its multiply-accumulates. */
export async function ranksOfForm(
  context: MethodContext,
  layers: readonly Layer[],
  formOf: (layer: Layer) => FactorForm,
  { macs: share, spread, ridge, meanWeight }: { macs: number; spread: Spread; ridge: number; meanWeight: number },
): Promise<Map<string, number>> {
  const budget = macsBudget(context, layers, share);
  const { graph } = context.network;
  const costs = layers.map((layer) => {
    const form = formOf(layer);
    return { layer: layer.name, macs: macsOfLayer(layer), macsPerRank: macsOfChain(graph, layer, form.chain(form.start(1))) };
  });
  if (spread === 'even' || context.samples.count === 0) return demanded(evenRanks(costs, budget), share);
  const statistics = await context.statistics(layers, context.network, { meanWeight });
  const curves: RankCurve[] = [];
  for (const [i, layer] of layers.entries()) {
    context.progress(`${layer.name}: what each rank keeps`);
    const cost = costs[i] as (typeof costs)[number];
    const points = measuredPoints(formOf(layer), layer, statistics.get(layer.name) as LayerStatistics, cost.macsPerRank, ridge);
    curves.push({ ...cost, losses: interpolatedErrors(points).map(lossOfError) });
  }
  return demanded(chooseRanks(curves, budget), share);
}

/** What a layer is fitted to; undefined where the rule, or the lack of samples, leaves it to the weights. */
export async function statisticsToFit(
  context: MethodContext,
  network: Network,
  layer: Layer,
  { fit, meanWeight }: Pick<FitRule, 'fit' | 'meanWeight'>,
): Promise<LayerStatistics | undefined> {
  if (fit !== 'responses' || context.samples.count === 0) return undefined;
  return (await context.statistics([layer], network, { meanWeight })).get(layer.name);
}

/** Puts a chain in the layer's place where it pays. */
export async function placeChain(
  context: MethodContext,
  network: Network,
  layer: Layer,
  links: readonly Link[],
  facts: LayerOutcome['facts'],
  rule: Pick<FitRule, 'balance' | 'refit' | 'keepUnprofitable' | 'meanWeight'>,
): Promise<LayerResult> {
  const reason = unprofitable(parametersOfChain(links), parametersOfLayer(layer), rule);
  if (reason) return kept(network, layer.name, reason, facts);
  const factored = { ...network, graph: replaceLayer(network.graph, layer, links) };
  const balanced = rule.balance ? await balanceChain(factored, layer.name, layer.input, context.samples) : factored;
  return fitLastLink(context, balanced, layer.name, facts, rule);
}

/** What stands in a layer's place beside a chain, and what is known of both. */
interface Sum extends SecondPart {
  readonly parameters: number;
  readonly facts: LayerOutcome['facts'];
  readonly relativeError: number;
}

/** Puts a chain plus a second part in the layer's place where both pay. */
export async function placeChainAndPart(
  context: MethodContext,
  network: Network,
  layer: Layer,
  links: readonly Link[],
  { parameters, facts, relativeError, ...part }: Sum,
  rule: Pick<FitRule, 'balance' | 'keepUnprofitable'>,
): Promise<LayerResult> {
  const reason = unprofitable(parametersOfChain(links) + parameters, parametersOfLayer(layer), rule);
  if (reason) return kept(network, layer.name, reason, facts);
  const factored = { ...network, graph: placeSum(network.graph, layer, links, part) };
  const balanced = rule.balance ? await balanceChain(factored, `${layer.name}.part1`, layer.input, context.samples) : factored;
  return { network: balanced, outcome: { layer: layer.name, action: 'factorized', ...(facts && { facts }), relativeError } };
}
