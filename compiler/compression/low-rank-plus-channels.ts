/**
 * A layer as a thin pair plus a layer on few of its channels, fitted behind the ReLU (Ma et al. 2018; methods.md 17). The
 * second part reads only the channels it needs, so that both are dense and fast. The norms choose the channels; the pair is
 * then the best one beside them for what the budget leaves, since the norms shrink what they keep and rarely meet a budget.
 */
import { z } from 'zod';
import { addScaled, centredBy, columnMeans, innerProduct, type Matrix, matrix, takeColumns } from '../linalg/matrix.ts';
import { multiply, multiplyTransposed, transposedMultiply } from '../linalg/multiply.ts';
import {
  answerError,
  type DebiasedParts,
  debias,
  decompose,
  normalSystem,
  rectifiedTargets,
  type UnifiedProblem,
  type UnifiedSolution,
} from '../linalg/unified-decomposition.ts';
import { wholeCovariances } from './covariances.ts';
import { fitOptions, placeChainAndPart } from './factor-form.ts';
import { kept, layerByLayer } from './layer-by-layer.ts';
import { windowed } from './layer-chain.ts';
import type { Layer } from './layers.ts';
import { defineMethod } from './method.ts';
import { gatherPatches } from './patch-samples.ts';
import { withoutFree } from './reader-problem.ts';
import { factorsOfResponses, leastSquares } from './reduced-rank.ts';

const options = z.object({
  ratio: z.number().positive().max(1).default(0.5).describe('share of the parameters of the layer that both parts may have'),
  preference: z
    .number()
    .positive()
    .default(0.6)
    .describe('weight of the column norm beside the nuclear norm: smaller looks at more channels, larger at fewer'),
  patches: z.int().min(100).default(3000).describe('about so many positions are looked at'),
  iterations: z.int().min(1).default(60).describe('steps of ADMM, at most'),
  meanWeight: fitOptions.meanWeight,
  ridge: fitOptions.ridge,
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

/** The parts of one structure before they are fitted: channels of the second part, row space of the pair. */
interface Structure {
  readonly groups: readonly number[];
  /** Q: [rank, columns + 1], nothing for the bias. */
  readonly rows: Matrix;
  /** Variance of the answers that both parts can give. */
  readonly explained: number;
}

interface Budget {
  readonly parameters: number;
  readonly ridge: number;
}

/** The best pair beside these channels within the budget: reduced-rank regression on what the channels leave. */
function completed(layer: Layer, r: Matrix, g: Matrix, groups: readonly number[], { parameters, ridge }: Budget): Structure | undefined {
  const { outputs, columns, taps, inputs } = layer;
  const rank = Math.floor((parameters - outputs * taps * groups.length) / (outputs + columns));
  if (rank < 1) return undefined;
  const chosen = new Set(groups);
  const [free, own]: [number[], number[]] = [[], []];
  for (let i = 0; i < columns; i++) (chosen.has(i % inputs) ? free : own).push(i);
  const left = withoutFree(r, g, own, free);
  const { q, energies } = factorsOfResponses(leastSquares(left.g, left.r, ridge), left.r, () => Math.min(rank, own.length));
  const rows = matrix(q.rows, columns + 1);
  for (let row = 0; row < q.rows; row++)
    own.forEach((column, i) => {
      rows.data[row * rows.columns + column] = q.data[row * q.columns + i] as number;
    });
  const ofPair = energies.subarray(0, q.rows).reduce((a, b) => a + b, 0);
  return { groups, rows, explained: left.explained + ofPair };
}

/** λ2 as a share of the bound at which nothing is left: from the first on, each a step below the last. */
const FIRST_SHARE = 0.2;
const SHARE_STEP = 0.7;
const SHARES = 18;

/** What a structure becomes when it is fitted. */
interface FittedParts extends DebiasedParts {
  readonly groups: readonly number[];
  readonly relativeError: number;
}

function fittedParts(problem: UnifiedProblem, { rows, groups }: Structure, targets?: Matrix): FittedParts {
  const parts = debias(targets ? { ...problem, targets, isRectified: false } : problem, rows, groups);
  return { ...parts, groups, relativeError: answerError(problem, addScaled(multiply(parts.p, parts.q), parts.sparse, 1)) };
}

/** R and G of the patches, centred: for targets that change from step to step. */
function centredProducts({ inputs }: UnifiedProblem, columns: number) {
  const centred = (m: Matrix) => centredBy(m, columnMeans(m));
  const x = centred(
    takeColumns(
      inputs,
      Array.from({ length: columns }, (_, i) => i),
    ),
  );
  return { r: transposedMultiply(x, x), crossOf: (targets: Matrix) => transposedMultiply(centred(targets), x) };
}

/** Times that row space and fit follow the targets behind the ReLU. */
const MAJORIZATIONS = 20;

/** The parts behind the ReLU: each step the best structure for the targets that the last one leaves (as in decompose). */
function behindTheRelu(layer: Layer, problem: UnifiedProblem, structure: Structure, budget: Budget): FittedParts {
  let best = fittedParts(problem, structure);
  if (!problem.isRectified) return best;
  const { r, crossOf } = centredProducts(problem, layer.columns);
  let last = best;
  for (let step = 0; step < MAJORIZATIONS; step++) {
    const answers = multiplyTransposed(problem.inputs, addScaled(multiply(last.p, last.q), last.sparse, 1));
    const targets = rectifiedTargets(answers, problem.targets);
    last = fittedParts(problem, completed(layer, r, crossOf(targets), structure.groups, budget) as Structure, targets);
    if (last.relativeError < best.relativeError) best = last;
  }
  return best;
}

/** Steps behind the ReLU, from the linear solution on. */
const RECTIFIED_STEPS = 20;

/**
 * λ2 on a logarithmic grid, λ1 in proportion: step by step more channels come to the second part, and the pair takes what
 * the budget leaves. The search looks at linear answers, which cost nothing per patch; the best one goes on behind the ReLU.
 */
function structuresWithin(layer: Layer, problem: UnifiedProblem, r: Matrix, g: Matrix, budget: Budget, rule: Options): Structure[] {
  const norm = ({ data }: Matrix) => Math.sqrt(innerProduct(data, data));
  const bound = 2 * norm(problem.targets) * norm(problem.inputs);
  const system = normalSystem(problem.inputs);
  const solve = (of: UnifiedProblem, lambda2: number, limit: number, start: UnifiedSolution | undefined) =>
    decompose(of, { lambda1: rule.preference * lambda2, lambda2, limit, tolerance: 1e-3, system, ...(start && { start }) });
  const alone = completed(layer, r, g, [], budget);
  if (!alone) return [];
  let best: { structure: Structure; solution?: UnifiedSolution; lambda2: number } = { structure: alone, lambda2: 0 };
  let last: UnifiedSolution | undefined;
  for (let step = 0; step < SHARES; step++) {
    const lambda2 = bound * FIRST_SHARE * SHARE_STEP ** step;
    const before = last?.groups.join() ?? '';
    last = solve({ ...problem, isRectified: false }, lambda2, rule.iterations, last);
    if (last.groups.join() === before) continue;
    const structure = completed(layer, r, g, last.groups, budget);
    if (!structure) break;
    if (structure.explained > best.structure.explained) best = { structure, solution: last, lambda2 };
  }
  if (!best.solution || !problem.isRectified) return [best.structure];
  const behind = solve(problem, best.lambda2, RECTIFIED_STEPS, best.solution);
  const other = completed(layer, r, g, behind.groups, budget);
  return other ? [best.structure, other] : [best.structure];
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
      const statistics = (await context.statistics([layer], network, { meanWeight: rule.meanWeight })).get(layer.name);
      const covariances = wholeCovariances(statistics);
      if (!covariances) return kept(network, layer.name, 'there are no statistics of it');
      const { r, g } = covariances;
      const patches = await gatherPatches(context, network, layer, rule.patches);
      const problem = problemOf(layer, patches.inputs, patches.targets);
      const budget = { parameters: rule.ratio * layer.weights.length, ridge: rule.ridge };
      const structures = structuresWithin(layer, problem, r, g, budget, rule);
      const fitted = structures.map((structure) => behindTheRelu(layer, problem, structure, budget));
      if (fitted.length === 0) return kept(network, layer.name, `not even one component fits into ${rule.ratio} of its parameters`);
      const { p, q, sparse, groups, relativeError } = fitted.reduce((a, b) => (b.relativeError < a.relativeError ? b : a));
      const facts = { rank: q.rows, channels: groups.length };
      const withoutBias = (m: Matrix) =>
        takeColumns(
          m,
          Array.from({ length: layer.columns }, (_, i) => i),
        );
      const bias = Float32Array.from({ length: layer.outputs }, (_, o) => sparse.data[o * sparse.columns + layer.columns] as number);
      const links = [windowed(layer, { outputs: q.rows, weights: withoutBias(q).data }), { outputs: layer.outputs, weights: p.data, bias }];
      const sum = {
        sparse: withoutBias(sparse),
        bias,
        channels: groups,
        parameters: layer.outputs * layer.taps * groups.length,
        facts,
        relativeError,
      };
      return placeChainAndPart(context, network, layer, links, sum, rule);
    }),
});
