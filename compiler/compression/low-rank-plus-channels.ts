/**
 * A layer as a thin pair plus a layer on few of its channels, fitted behind the ReLU (Ma et al. 2018; methods.md 17). The
 * second part reads only the channels it needs, so that both are dense and fast.
 */
import { z } from 'zod';
import { addScaled, type Matrix, matrix, takeColumns, transpose } from '../linalg/matrix.ts';
import { multiply } from '../linalg/multiply.ts';
import { svd } from '../linalg/svd.ts';
import { answerError, debias, decompose, type UnifiedProblem, type UnifiedSolution } from '../linalg/unified-decomposition.ts';
import { balanceChain } from './balance-chain.ts';
import { fitOptions } from './factor-form.ts';
import { kept, layerByLayer } from './layer-by-layer.ts';
import { parametersOfChain, windowed } from './layer-chain.ts';
import { placeSum } from './layer-sum.ts';
import { type Layer, parametersOfLayer } from './layers.ts';
import { defineMethod } from './method.ts';
import { gatherPatches } from './patch-samples.ts';
import { unprofitable } from './rank.ts';

const options = z.object({
  ratio: z.number().positive().max(1).default(0.5).describe('share of the parameters of the layer that both parts may have'),
  preference: z
    .number()
    .positive()
    .default(0.6)
    .describe('weight of the column norm beside the nuclear norm: smaller keeps more channels, larger more components'),
  patches: z.int().min(100).default(3000).describe('about so many positions are looked at'),
  iterations: z.int().min(1).default(60).describe('steps of ADMM, at most'),
  balance: fitOptions.balance,
  keepUnprofitable: fitOptions.keepUnprofitable,
});

type Options = z.output<typeof options>;

/** The inputs with a column of ones for the bias, and a group per input channel. */
function problemOf(layer: Layer, inputs: Matrix, targets: Matrix): UnifiedProblem {
  const { rows, columns } = inputs;
  const extended = matrix(rows, columns + 1);
  for (let i = 0; i < rows; i++) {
    extended.data.set(inputs.data.subarray(i * columns, (i + 1) * columns), i * (columns + 1));
    extended.data[i * (columns + 1) + columns] = 1;
  }
  const groupOf = Int32Array.from({ length: columns + 1 }, (_, i) => (i < columns ? i % layer.inputs : -1));
  return { inputs: extended, targets, groupOf, isRectified: layer.clamp[0] === 0 };
}

function parametersOf(layer: Layer, { rank, groups }: UnifiedSolution): number {
  return rank * (layer.outputs + layer.columns) + layer.outputs * layer.taps * groups.length;
}

/** Steps of the search for the λ that uses the budget up. */
const SEARCH_STEPS = 8;

/** λ2 by bisection, λ1 in proportion: the largest structure within the budget. */
function withinBudget(layer: Layer, problem: UnifiedProblem, { ratio, preference, iterations }: Options): UnifiedSolution | undefined {
  const budget = ratio * layer.weights.length;
  const norm = Math.sqrt(problem.targets.data.reduce((sum, value) => sum + value * value, 0));
  const size = Math.sqrt(problem.inputs.data.reduce((sum, value) => sum + value * value, 0));
  let [low, high] = [0, 2 * norm * size];
  let best: UnifiedSolution | undefined;
  let start: UnifiedSolution | undefined;
  // Logarithmic: useful λs lie orders of magnitude below the largest.
  let lambda2 = high / 1000;
  for (let step = 0; step < SEARCH_STEPS; step++) {
    const found = decompose(problem, {
      lambda1: preference * lambda2,
      lambda2,
      limit: iterations,
      tolerance: 1e-3,
      ...(start && { start }),
    });
    start = found;
    const fits = parametersOf(layer, found) <= budget;
    if (fits) high = lambda2;
    else low = lambda2;
    if (fits && found.rank + found.groups.length > 0 && (!best || parametersOf(layer, found) > parametersOf(layer, best))) best = found;
    lambda2 = low > 0 ? Math.sqrt(low * high) : high / 10;
  }
  return best;
}

/** The row space of B, without the column of the bias. */
function rowSpace({ low, rank }: UnifiedSolution): Matrix {
  return transpose(svd(low, rank).v);
}

export const unifiedDecomposition = defineMethod({
  name: 'low-rank-plus-channels',
  summary: 'a layer becomes a pair of thin ones plus one on few of its channels, fitted behind the ReLU',
  source: 'Ma et al., A Unified Approximation Framework, 2018; methods.md 17',
  needs: 'samples',
  defaultLayers: ['*', '!@first', '!@last', '!@depthwise'],
  options,

  apply: (context, layers, rule) =>
    layerByLayer(context, layers, async (network, layer) => {
      if (layer.groups !== 1) return kept(network, layer.name, 'its channels are in groups already');
      const patches = await gatherPatches(context, network, layer, rule.patches);
      const problem = problemOf(layer, patches.inputs, patches.targets);
      const found = withinBudget(layer, problem, rule);
      if (!found || found.rank === 0) return kept(network, layer.name, `no low-rank part was found within ${rule.ratio} of its parameters`);
      const { p, q, sparse } = debias(problem, rowSpace(found), found.groups);
      const facts = { rank: found.rank, channels: found.groups.length };
      const withoutBias = (m: Matrix) =>
        takeColumns(
          m,
          Array.from({ length: layer.columns }, (_, i) => i),
        );
      const bias = Float32Array.from({ length: layer.outputs }, (_, o) => sparse.data[o * sparse.columns + layer.columns] as number);
      const links = [
        windowed(layer, { outputs: found.rank, weights: withoutBias(q).data }),
        { outputs: layer.outputs, weights: p.data, bias },
      ];
      const ofChannels = layer.outputs * layer.taps * found.groups.length;
      const reason = unprofitable(parametersOfChain(links) + ofChannels, parametersOfLayer(layer), rule);
      if (reason) return kept(network, layer.name, reason, facts);
      const graph = placeSum(network.graph, layer, links, { sparse: withoutBias(sparse), bias, channels: found.groups });
      const factored = { ...network, graph };
      const balanced = rule.balance ? await balanceChain(factored, `${layer.name}.part1`, layer.input, context.samples) : factored;
      const relativeError = answerError(problem, addScaled(multiply(p, q), sparse, 1));
      return { network: balanced, outcome: { layer: layer.name, action: 'factorized', facts, relativeError } };
    }),
});
