/**
 * A layer as a thin pair plus a layer on few of its channels, fitted behind the ReLU (Ma et al. 2018; methods.md 17). The
 * second part reads only the channels it needs, so that both are dense and fast.
 */
import { z } from 'zod';
import { addScaled, innerProduct, type Matrix, matrix, takeColumns, transpose } from '../linalg/matrix.ts';
import { multiply } from '../linalg/multiply.ts';
import { svd } from '../linalg/svd.ts';
import { answerError, debias, decompose, type UnifiedProblem, type UnifiedSolution } from '../linalg/unified-decomposition.ts';
import { fitOptions, placeChainAndPart } from './factor-form.ts';
import { kept, layerByLayer } from './layer-by-layer.ts';
import { windowed } from './layer-chain.ts';
import type { Layer } from './layers.ts';
import { defineMethod } from './method.ts';
import { gatherPatches } from './patch-samples.ts';

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

/** λ2 as a share of the bound at which nothing is left: from the first on, each a step below the last. */
const FIRST_SHARE = 0.2;
const SHARE_STEP = 0.7;
const SHARES = 18;

/**
 * λ2 on a logarithmic grid, λ1 in proportion: the largest structure within the budget. The search looks at linear answers,
 * which cost nothing per patch; what it finds goes on behind the ReLU.
 */
function withinBudget(layer: Layer, problem: UnifiedProblem, { ratio, preference, iterations }: Options): UnifiedSolution | undefined {
  const budget = ratio * layer.weights.length;
  const norm = ({ data }: Matrix) => Math.sqrt(innerProduct(data, data));
  const bound = 2 * norm(problem.targets) * norm(problem.inputs);
  const solve = (of: UnifiedProblem, lambda2: number, start: UnifiedSolution | undefined) =>
    decompose(of, { lambda1: preference * lambda2, lambda2, limit: iterations, tolerance: 1e-3, ...(start && { start }) });
  let best: { found: UnifiedSolution; lambda2: number } | undefined;
  let last: UnifiedSolution | undefined;
  for (let step = 0; step < SHARES; step++) {
    const lambda2 = bound * FIRST_SHARE * SHARE_STEP ** step;
    const found = solve({ ...problem, isRectified: false }, lambda2, last);
    last = found;
    const parameters = parametersOf(layer, found);
    if (found.rank > 0 && parameters <= budget && (!best || parameters > parametersOf(layer, best.found))) best = { found, lambda2 };
  }
  if (!best || !problem.isRectified) return best?.found;
  const behind = solve(problem, best.lambda2, best.found);
  return behind.rank > 0 && parametersOf(layer, behind) <= budget ? behind : best.found;
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
      if (!found) return kept(network, layer.name, `no low-rank part was found within ${rule.ratio} of its parameters`);
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
      const sum = {
        sparse: withoutBias(sparse),
        bias,
        channels: found.groups,
        parameters: layer.outputs * layer.taps * found.groups.length,
        facts,
        relativeError: answerError(problem, addScaled(multiply(p, q), sparse, 1)),
      };
      return placeChainAndPart(context, network, layer, links, sum, rule);
    }),
});
