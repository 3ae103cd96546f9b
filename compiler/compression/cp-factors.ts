/**
 * A convolution by canonical polyadic decomposition (Lebedev et al., ICLR 2015; methods.md 11): point-wise to R channels,
 * depthwise over the window, point-wise back. `modes: 3` keeps the window in one piece, which is the depthwise kernel that
 * the runtime has tuned; `modes: 4` separates its rows and columns, too. With samples the factors are fitted to the
 * answers of the original (fit-factors.ts) instead of the weights: ResNet-8's layers answer ten times better so.
 */
import { z } from 'zod';
import { type Cp, cpDecomposition } from '../linalg/cp.ts';
import { type Matrix, transpose } from '../linalg/matrix.ts';
import type { DenseTensor } from '../linalg/tensor.ts';
import { balanceChain } from './balance-chain.ts';
import { cpWeights, startOfChannels } from './cp-weights.ts';
import { fitFactors } from './fit-factors.ts';
import { fitLastLink } from './fit-last-link.ts';
import { kept, layerByLayer } from './layer-by-layer.ts';
import { horizontalPart, type Link, parametersOfChain, replaceLayer, verticalPart } from './layer-chain.ts';
import { type Layer, parametersOfLayer, windowOfLayer } from './layers.ts';
import { leastSquares } from './low-rank.ts';
import { defineMethod, type LayerOutcome } from './method.ts';
import { unprofitable } from './rank.ts';
import { DEFAULT_RIDGE } from './refit.ts';
import { centred, type LayerStatistics } from './statistics.ts';
import { weightTensor } from './tucker-factors.ts';

/** Components that cancel each other would need more than 8 bits (methods.md 11, stability trap). */
const LARGEST_DEGENERACY = 10;

const options = z.object({
  rank: z.int().min(1).optional().describe('components; default: what `ratio` gives'),
  ratio: z.number().positive().max(1).default(0.5).describe('share of the parameters of the layer that the factors may have'),
  modes: z
    .union([z.literal(3), z.literal(4)])
    .default(3)
    .describe('3: one depthwise window; 4: its rows and columns apart'),
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
  sweeps: z.int().min(1).default(200).describe('sweeps of alternating least squares, at most'),
  restarts: z.int().min(1).default(2).describe('starts; the best result is taken'),
  damping: z.number().min(0).default(1e-6).describe('keeps components from growing against each other'),
  refit: z.boolean().default(true).describe('fit the last layer to the original answers (needs samples)'),
  keepUnprofitable: z.boolean().default(false).describe('factorize even where the chain has more parameters than the layer'),
});

type Options = z.output<typeof options>;

/** [t, s, i·j] or [t, s, i, j]. */
function cpTensor(layer: Layer, modes: 3 | 4): DenseTensor {
  const x = weightTensor(layer);
  return modes === 4 ? x : { shape: [layer.outputs, layer.inputs, layer.taps], data: x.data };
}

function chainOf(layer: Layer, factors: readonly Matrix[], modes: 3 | 4): Link[] {
  const [t, s, ...spatial] = factors as [Matrix, Matrix, ...Matrix[]];
  const rank = t.columns;
  const window = windowOfLayer(layer);
  const windows = modes === 4 ? [verticalPart(window), horizontalPart(window)] : [window];
  const depthwise = spatial.map((factor, i) => ({
    outputs: rank,
    groups: rank,
    weights: transpose(factor).data,
    window: windows[i] as typeof window,
  }));
  return [{ outputs: rank, weights: transpose(s).data }, ...depthwise, { outputs: layer.outputs, weights: t.data, bias: layer.bias }];
}

function rankOf(layer: Layer, { rank, ratio, modes }: Options): number {
  if (rank !== undefined) return rank;
  const { kernel } = windowOfLayer(layer);
  const perComponent = layer.outputs + layer.inputs + (modes === 4 ? kernel[0] + kernel[1] : layer.taps);
  return Math.max(1, Math.floor((ratio * layer.weights.length) / perComponent));
}

interface Decomposition {
  /** [outputs, R], [inputs, R], then the window's. */
  readonly factors: readonly Matrix[];
  readonly facts: LayerOutcome['facts'];
  /** Why they are of no use. */
  readonly reason?: string;
}

function fitToAnswers(layer: Layer, statistics: LayerStatistics, rule: Options): Decomposition {
  const { correlation, cross } = centred(statistics);
  const [r, g] = [correlation[0] as Matrix, cross[0] as Matrix];
  const rank = rankOf(layer, rule);
  const { factors } = fitFactors(cpWeights, startOfChannels(layer, rank, rule.modes), leastSquares(g, r, rule.ridge), r, rule);
  return { factors, facts: { rank } };
}

function fitToWeights(layer: Layer, rule: Options, seed: number): Decomposition {
  const { sweeps, restarts, damping } = rule;
  const found: Cp = cpDecomposition(cpTensor(layer, rule.modes), rankOf(layer, rule), { sweeps, restarts, damping, seed });
  const { factors, relativeError: weightError, degeneracy } = found;
  const facts = { rank: factors[0]?.columns ?? 0, weightError, degeneracy };
  const reason = `its components cancel each other (their norms are ${degeneracy.toFixed(0)} times what orthogonal ones would have)`;
  return { factors, facts, ...(degeneracy > LARGEST_DEGENERACY && { reason }) };
}

export const cpFactors = defineMethod({
  name: 'cp-factors',
  summary: 'a convolution becomes point-wise, depthwise, point-wise',
  source: 'Lebedev et al., ICLR 2015; methods.md 11',
  needs: 'weights',
  defaultLayers: ['*', '!@first', '!@depthwise', '!@dense'],
  options,
  search: { target: 'layer', kind: 'factors', settings: [0.8, 0.6, 0.4].map((ratio) => ({ ratio, sweeps: 50, restarts: 1 })) },

  apply: (context, layers, rule) =>
    layerByLayer(context, layers, async (network, layer) => {
      if (layer.kind !== 'convolution' || layer.taps === 1)
        return kept(network, layer.name, 'its kernel is a point: low-rank does the same');
      const fits = rule.fit === 'responses' && context.samples.count > 0;
      const statistics = fits ? (await context.statistics([layer], network)).get(layer.name) : undefined;
      const { factors, facts, reason: bad } = statistics ? fitToAnswers(layer, statistics, rule) : fitToWeights(layer, rule, context.seed);
      const links = chainOf(layer, factors, rule.modes);
      const reason = bad ?? unprofitable(parametersOfChain(links), parametersOfLayer(layer), rule);
      if (reason) return kept(network, layer.name, reason, facts);
      const factored = { ...network, graph: replaceLayer(network.graph, layer, links) };
      const balanced = rule.balance ? await balanceChain(factored, layer.name, layer.input, context.samples) : factored;
      return fitLastLink(context, balanced, layer.name, facts, rule.refit);
    }),
});
