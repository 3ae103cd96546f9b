/**
 * Ranks of all layers at once under a budget of multiply-accumulates (Zhang et al., TPAMI 2016, section 3.4; methods.md
 * 13.4): each layer says what it loses at every rank, and the one that loses the least per multiply-accumulate gives way,
 * until the network fits. Zhang's loss is -ln of the kept energy, so that the sum stands for the product of the energies.
 */
import { z } from 'zod';
import { UsageError } from '../errors.ts';
import { type Layer, macsOfLayer } from './layers.ts';
import type { MethodContext } from './method.ts';
import { networkCost } from './network-cost.ts';

/** How a budget is shared among the layers. */
export const spreads = ['even', 'energy'] as const;
export type Spread = (typeof spreads)[number];

export const macsOption = z
  .number()
  .positive()
  .max(1)
  .optional()
  .describe('the whole network may have this share of its multiply-accumulates: the ranks of all layers are chosen together');

export const spreadOption = z
  .enum(spreads)
  .default('energy')
  .describe(
    'how `macs` is shared: so that the product of the kept energies is largest (Zhang; needs samples), or the same share for every layer',
  );

/** Below this a layer keeps nothing. */
const LEAST_ENERGY = 1e-9;

/** What a layer could become. */
export interface RankCurve {
  readonly layer: string;
  /** Multiply-accumulates of the layer as it is. */
  readonly macs: number;
  readonly macsPerRank: number;
  /** What is lost at rank 1, 2, …: descending, in one unit for all layers. The layer as it is loses nothing. */
  readonly losses: ArrayLike<number>;
}

interface Choice {
  /** 0: the layer stays as it is. */
  readonly rank: number;
  readonly macs: number;
  readonly loss: number;
}

function choicesOf({ macs, macsPerRank, losses }: RankCurve): Choice[] {
  const choices: Choice[] = [{ rank: 0, macs, loss: 0 }];
  for (let rank = losses.length; rank >= 1; rank--)
    if (rank * macsPerRank < macs) choices.push({ rank, macs: rank * macsPerRank, loss: losses[rank - 1] as number });
  return choices;
}

/** The cheaper choice that loses the least per multiply-accumulate saved. */
function nextChoice(choices: readonly Choice[], current: number): { index: number; price: number } | undefined {
  const from = choices[current] as Choice;
  let best: { index: number; price: number } | undefined;
  for (let index = current + 1; index < choices.length; index++) {
    const { macs, loss } = choices[index] as Choice;
    const price = (loss - from.loss) / (from.macs - macs);
    if (!best || price < best.price) best = { index, price };
  }
  return best;
}

/**
 * @param budget multiply-accumulates of these layers altogether
 * @returns rank by layer; layers that stay as they are have none. undefined: even rank 1 everywhere is too much
 */
export function chooseRanks(curves: readonly RankCurve[], budget: number): Map<string, number> | undefined {
  const choices = curves.map(choicesOf);
  const chosen = curves.map(() => 0);
  let total = curves.reduce((sum, { macs }) => sum + macs, 0);
  while (total > budget) {
    let cheapest: { layer: number; index: number; price: number } | undefined;
    choices.forEach((list, layer) => {
      const next = nextChoice(list, chosen[layer] as number);
      if (next && (!cheapest || next.price < cheapest.price)) cheapest = { layer, ...next };
    });
    if (!cheapest) return undefined;
    const { layer, index } = cheapest;
    const list = choices[layer] as Choice[];
    total += (list[index] as Choice).macs - (list[chosen[layer] as number] as Choice).macs;
    chosen[layer] = index;
  }
  const ranks = choices.map((list, i) => (list[chosen[i] as number] as Choice).rank);
  return new Map(curves.map(({ layer }, i) => [layer, ranks[i] as number] as const).filter(([, rank]) => rank > 0));
}

/** Zhang's loss of a layer that keeps 1 - error of its energy. */
export function lossOfError(error: number): number {
  return -Math.log(Math.max(LEAST_ENERGY, 1 - error));
}

/** Every layer at the same share of its multiply-accumulates, the largest that the budget allows, rounded to ranks. */
export function evenRanks(costs: readonly Omit<RankCurve, 'losses'>[], budget: number): Map<string, number> | undefined {
  const ranksAt = (share: number) => costs.map(({ macs, macsPerRank }) => Math.max(1, Math.round((share * macs) / macsPerRank)));
  const total = (ranks: readonly number[]) => costs.reduce((sum, { macsPerRank }, i) => sum + (ranks[i] as number) * macsPerRank, 0);
  if (costs.reduce((sum, { macs }) => sum + macs, 0) <= budget) return new Map();
  let [low, high] = [0, 1];
  if (total(ranksAt(low)) > budget) return undefined;
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (total(ranksAt(middle)) <= budget) low = middle;
    else high = middle;
  }
  const ranks = ranksAt(low);
  return new Map(costs.map(({ layer }, i) => [layer, ranks[i] as number]));
}

/**
 * Multiply-accumulates that these layers may have together.
 * @param share of the original network's multiply-accumulates that the whole network may have
 * @throws UsageError when what else the network computes is more than that.
 */
export function macsBudget(context: MethodContext, layers: readonly Layer[], share: number): number {
  const allowed = share * networkCost(context.original).macs;
  const others = networkCost(context.network.graph).macs - layers.reduce((sum, layer) => sum + macsOfLayer(layer), 0);
  if (others < allowed) return allowed - others;
  throw new UsageError(
    `macs: ${share} allows ${Math.floor(allowed)} multiply-accumulates, but the layers that are not factorized have ${others} already: allow more, or factorize more layers`,
  );
}

/** @throws UsageError when there are no ranks. */
export function demanded(ranks: Map<string, number> | undefined, share: number): Map<string, number> {
  if (ranks) return ranks;
  throw new UsageError(`macs: ${share} is less than the layers have at rank 1: allow more, or factorize more layers`);
}
