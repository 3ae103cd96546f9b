/** Factorizations whose form has one rank: the ranks by a rule or under one budget, then layer after layer its chain. */
import type { Matrix } from '../linalg/matrix.ts';
import type { Spread } from './choose-ranks.ts';
import { type FactorForm, type FitRule, fitToAnswers, placeChain, rankOfRatio, ranksOfForm, statisticsToFit } from './factor-form.ts';
import { kept, layerByLayer } from './layer-by-layer.ts';
import { type Layer, windowOfLayer } from './layers.ts';
import type { LayerOutcome, MethodContext, MethodResult } from './method.ts';

/** Why a layer has no window to separate from its channels. */
export function pointReason({ kind, taps }: Layer): string | undefined {
  return kind === 'convolution' && taps > 1 ? undefined : 'its kernel is a point: low-rank does the same';
}

/** Why a layer has no rows to separate from columns. */
export function lineReason(layer: Layer): string | undefined {
  const isPlane = layer.kind === 'convolution' && windowOfLayer(layer).kernel.every((extent) => extent > 1);
  return isPlane ? undefined : 'it has no rows and columns to separate';
}

export interface Decomposition {
  readonly factors: readonly Matrix[];
  readonly facts: LayerOutcome['facts'];
  /** Why they are of no use. */
  readonly reason?: string;
}

export interface Factorization {
  /** Why the layer is not factorized; undefined when it is. */
  refuse(layer: Layer): string | undefined;
  formOf(layer: Layer): FactorForm;
  /** Without a budget; default: what the rule's rank or ratio says. */
  rankOf?(layer: Layer): number;
  /** Factors for the weights alone; default: those from which a fit starts. */
  ofWeights?(layer: Layer, rank: number): Decomposition;
}

export type FactorizationRule = FitRule & {
  readonly rank?: number | undefined;
  readonly ratio?: number | undefined;
  readonly macs?: number | undefined;
  readonly spread: Spread;
};

export async function factorizeLayers(
  context: MethodContext,
  layers: readonly Layer[],
  rule: FactorizationRule,
  { refuse, formOf, rankOf, ofWeights }: Factorization,
): Promise<MethodResult> {
  const { macs, ratio = 1 } = rule;
  const fitting = layers.filter((layer) => refuse(layer) === undefined);
  const chosen = macs === undefined ? undefined : await ranksOfForm(context, fitting, formOf, { ...rule, macs });
  return layerByLayer(context, layers, async (network, layer) => {
    const refusal = refuse(layer);
    if (refusal !== undefined) return kept(network, layer.name, refusal);
    const form = formOf(layer);
    const rank = chosen ? chosen.get(layer.name) : (rankOf?.(layer) ?? rule.rank ?? rankOfRatio(form, layer, ratio));
    if (rank === undefined) return kept(network, layer.name, 'the budget allows it as it is');
    const statistics = await statisticsToFit(context, network, layer, rule);
    const found: Decomposition = statistics
      ? { factors: fitToAnswers(form, form.start(rank), statistics, rule).factors, facts: { rank } }
      : (ofWeights?.(layer, rank) ?? { factors: form.start(rank), facts: { rank } });
    if (found.reason) return kept(network, layer.name, found.reason, found.facts);
    return placeChain(context, network, layer, form.chain(found.factors), found.facts, rule);
  });
}
