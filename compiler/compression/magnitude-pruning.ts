/**
 * Magnitude pruning (Han et al., NIPS 2015; methods.md 1 and 4): the smallest weights, or groups of them, become zero, and
 * what is kept is refitted to the original's answers by least squares, layer after layer on the inputs that the pruned
 * layers before it give. In rounds, this is prune-retrain-repeat without labels (methods.md 3).
 */
import { z } from 'zod';
import { UsageError } from '../errors.ts';
import { relativeError } from './covariances.ts';
import { granularityOption, groupScores, keepInPattern, keepLargest, norms, supportOf, weightGroups } from './granularity.ts';
import { countNonzero, type Layer, layerNamed, withWeights } from './layers.ts';
import { defineMethod, type LayerOutcome, type MethodContext } from './method.ts';
import type { Network } from './network.ts';
import { DEFAULT_RIDGE, refit } from './refit.ts';
import type { LayerStatistics } from './statistics.ts';

const options = z.object({
  sparsity: z.number().min(0).max(1).default(0.5).describe('share of the weights that become zero'),
  scope: z
    .enum(['layer', 'global', 'lamp'])
    .default('layer')
    .describe('where the share counts: in each layer; over all of them, by |w| / ‖W‖; or over all of them by LAMP scores'),
  threshold: z.number().min(0).optional().describe('instead of sparsity: magnitudes below this become zero'),
  deviations: z.number().min(0).optional().describe("instead of sparsity: magnitudes below this many of the layer's standard deviations"),
  sensitivity: z
    .number()
    .min(0)
    .optional()
    .describe('instead of sparsity: the largest of 10 %, 20 %, … 90 % whose relative error of the layer stays below this (needs samples)'),
  pattern: z
    .string()
    .regex(/^[1-9]\d*:[1-9]\d*$/)
    .optional()
    .describe('instead of sparsity: "2:4" keeps the two largest of every four neighbours'),
  rounds: z
    .int()
    .min(1)
    .default(1)
    .describe('prune and refit so often, with shares that rise as 1 - (1 - k/n)³ to the final one (only with sparsity)'),
  granularity: granularityOption,
  norm: z.enum(norms).default('l2').describe('score of a group: mean magnitude or root mean square'),
  refit: z.boolean().default(true).describe('fit the kept weights to the original answers (needs samples)'),
  ridge: z.number().min(0).default(DEFAULT_RIDGE).describe('damping of the fit, as a share of the mean of the diagonal of R'),
});

type Options = z.output<typeof options>;

const SENSITIVITY_STEPS = 9;

/** s_k = s (1 - (1 - k/n)³) for k = 1 … n (Zhu, Gupta 2017; methods.md 3): much at first, while there is much to choose from. */
export function sparsitySchedule(final: number, rounds: number): number[] {
  return Array.from({ length: rounds }, (_, k) => final * (1 - (1 - (k + 1) / rounds) ** 3));
}

/** LAMP (Lee et al., ICLR 2021): w² over the sum of the squares that are not smaller. */
export function lampScores(scores: ArrayLike<number>): Float64Array {
  const order = Array.from({ length: scores.length }, (_, i) => i).sort((i, j) => (scores[j] as number) - (scores[i] as number) || j - i);
  const result = new Float64Array(scores.length);
  let sum = 0;
  for (const index of order) {
    const square = (scores[index] as number) ** 2;
    sum += square;
    result[index] = sum > 0 ? square / sum : 0;
  }
  return result;
}

function standardDeviation(weights: ArrayLike<number>): number {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < weights.length; i++) {
    sum += weights[i] as number;
    squares += (weights[i] as number) ** 2;
  }
  const mean = sum / weights.length;
  return Math.sqrt(Math.max(0, squares / weights.length - mean * mean));
}

function scoresOf(layer: Layer, { granularity, norm }: Options): Float64Array {
  return groupScores(layer.weights, weightGroups(layer, granularity), norm);
}

/** Scores that may be compared between layers. */
function comparableScores(layer: Layer, chosen: Options): Float64Array {
  const scores = scoresOf(layer, chosen);
  if (chosen.scope === 'lamp') return lampScores(scores);
  const length = Math.hypot(...scores);
  return scores.map((score) => (length > 0 ? score / length : 0));
}

/** Which groups stay in each layer, chosen over all layers together. Groups count by their number of weights. */
export function keepGlobally(layers: readonly Layer[], chosen: Options): Map<string, Uint8Array> {
  const kept = new Map(layers.map((layer) => [layer.name, new Uint8Array(weightGroups(layer, chosen.granularity).count).fill(1)]));
  const candidates = layers.flatMap((layer, at) => {
    const { groupOf, count } = weightGroups(layer, chosen.granularity);
    const sizes = new Int32Array(count);
    for (const group of groupOf) sizes[group] = (sizes[group] as number) + 1;
    return Array.from(comparableScores(layer, chosen), (score, group) => ({ at, group, score, size: sizes[group] as number }));
  });
  candidates.sort((a, b) => a.score - b.score || a.at - b.at || a.group - b.group);
  const total = layers.reduce((sum, { weights }) => sum + weights.length, 0);
  let missing = Math.ceil(chosen.sparsity * total - 1e-9);
  for (const { at, group, size } of candidates) {
    if (missing <= 0) break;
    (kept.get((layers[at] as Layer).name) as Uint8Array)[group] = 0;
    missing -= size;
  }
  return kept;
}

/** Per weight 1 where it stays. */
type ChooseSupport = (layer: Layer, statistics: LayerStatistics | undefined) => Uint8Array;

function fitted(layer: Layer, support: Uint8Array, statistics: LayerStatistics | undefined, chosen: Options) {
  if (chosen.refit && statistics) return refit(layer, statistics, support, chosen.ridge);
  return { weights: layer.weights.map((weight, i) => (support[i] ? weight : 0)), bias: layer.bias };
}

/** The largest share in tenths that the layer bears. */
function bearableSupport(layer: Layer, statistics: LayerStatistics, chosen: Options): Uint8Array {
  const groups = weightGroups(layer, chosen.granularity);
  const scores = groupScores(layer.weights, groups, chosen.norm);
  let support: Uint8Array = new Uint8Array(layer.weights.length).fill(1);
  for (let tenths = 1; tenths <= SENSITIVITY_STEPS; tenths++) {
    const next = supportOf(groups, keepLargest(scores, tenths / (SENSITIVITY_STEPS + 1)));
    const { weights, bias } = fitted(layer, next, statistics, chosen);
    if (relativeError(layer, statistics, weights, bias) > (chosen.sensitivity as number)) break;
    support = next;
  }
  return support;
}

function supportChooser(layers: readonly Layer[], chosen: Options): ChooseSupport {
  const { granularity, norm, pattern, threshold, deviations, sensitivity } = chosen;
  const above = (layer: Layer, least: number) => {
    const groups = weightGroups(layer, granularity);
    const scores = groupScores(layer.weights, groups, norm);
    return supportOf(
      groups,
      Uint8Array.from(scores, (score) => Number(score >= least)),
    );
  };
  if (pattern !== undefined) {
    const [n, m] = pattern.split(':').map(Number) as [number, number];
    return (layer) => keepInPattern(layer.weights.map(Math.abs), layer.columns, n, m);
  }
  if (threshold !== undefined) return (layer) => above(layer, threshold);
  if (deviations !== undefined) return (layer) => above(layer, deviations * standardDeviation(layer.weights));
  if (sensitivity !== undefined) return (layer, statistics) => bearableSupport(layer, statistics as LayerStatistics, chosen);
  if (chosen.scope === 'layer') {
    return (layer) => {
      const groups = weightGroups(layer, granularity);
      return supportOf(groups, keepLargest(groupScores(layer.weights, groups, norm), chosen.sparsity));
    };
  }
  const kept = keepGlobally(layers, chosen);
  return (layer) => supportOf(weightGroups(layer, granularity), kept.get(layer.name) as Uint8Array);
}

async function pruneLayer(
  context: MethodContext,
  network: Network,
  layer: Layer,
  choose: ChooseSupport,
  chosen: Options,
): Promise<{ network: Network; outcome: LayerOutcome }> {
  const statistics = context.samples.count > 0 ? (await context.statistics([layer], network)).get(layer.name) : undefined;
  const { weights, bias } = fitted(layer, choose(layer, statistics), statistics, chosen);
  const outcome: LayerOutcome = {
    layer: layer.name,
    action: 'pruned',
    facts: { sparsity: 1 - countNonzero(weights) / weights.length },
    ...(statistics && { relativeError: relativeError(layer, statistics, weights, bias) }),
  };
  return { network: { ...network, graph: withWeights(network.graph, layer, weights, bias) }, outcome };
}

export const magnitudePruning = defineMethod({
  name: 'magnitude-pruning',
  summary: 'the smallest weights or groups of weights become zero, the others are refitted',
  source: 'Han et al., NIPS 2015; Mao et al. 2017; LAMP: Lee et al., ICLR 2021; methods.md 1 and 4',
  needs: 'weights',
  defaultLayers: ['*', '!@first', '!@last', '!@depthwise'],
  options,
  search: {
    target: 'layer',
    kind: 'zeros',
    settings: [
      ...[0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85].map((sparsity) => ({ sparsity })),
      ...[0.3, 0.5, 0.7].map((sparsity) => ({ sparsity, granularity: 'block-16x4' })),
    ],
  },

  async apply(context, layers, chosen) {
    if (chosen.rounds > 1 && (chosen.threshold ?? chosen.deviations ?? chosen.sensitivity ?? chosen.pattern) !== undefined)
      throw new UsageError('magnitude-pruning: rounds go with sparsity; leave out threshold, deviations, sensitivity and pattern');
    if (chosen.sensitivity !== undefined && context.samples.count === 0)
      throw new UsageError('magnitude-pruning: sensitivity is measured on samples of the input: give --samples');
    let { network } = context;
    let outcomes: LayerOutcome[] = [];
    for (const sparsity of sparsitySchedule(chosen.sparsity, chosen.rounds)) {
      const round = { ...chosen, sparsity };
      const current = layers.map(({ name }) => layerNamed(network.graph, name) as Layer);
      const choose = supportChooser(current, round);
      outcomes = [];
      for (const { name } of layers) {
        context.progress(`${name} ${sparsity.toFixed(2)}`);
        const result = await pruneLayer(context, network, layerNamed(network.graph, name) as Layer, choose, round);
        network = result.network;
        outcomes.push(result.outcome);
      }
    }
    return { network, layers: outcomes };
  },
});
