/**
 * A convolution by canonical polyadic decomposition (Lebedev et al., ICLR 2015; methods.md 11): point-wise to R channels,
 * depthwise over the window, point-wise back. `modes: 3` keeps the window in one piece, which is the depthwise kernel that
 * the runtime has tuned; `modes: 4` separates its rows and columns, too. With samples the factors are fitted to the
 * answers of the original (fit-factors.ts) instead of the weights: the errors of ResNet-8's layers at half of their size
 * are 4 to 20 times smaller so.
 */
import { z } from 'zod';
import { cpDecomposition, degeneracyOf, LARGEST_DEGENERACY } from '../linalg/cp.ts';
import { cpError, LARGEST_UNKNOWNS, refineCp } from '../linalg/cp-nls.ts';
import { type Matrix, transpose } from '../linalg/matrix.ts';
import type { DenseTensor } from '../linalg/tensor.ts';
import { macsOption, spreadOption } from './choose-ranks.ts';
import { cpWeights, startOfChannels } from './cp-weights.ts';
import { depthwiseForm } from './depthwise-factors.ts';
import { type FactorForm, fitOptions } from './factor-form.ts';
import { type Decomposition, factorizeLayers, pointReason } from './factorize-layers.ts';
import { horizontalPart, type Link, verticalPart } from './layer-chain.ts';
import { type Layer, windowOfLayer } from './layers.ts';
import { defineMethod } from './method.ts';
import { weightTensor } from './tucker-factors.ts';

const options = z.object({
  rank: z.int().min(1).optional().describe('components; default: what `ratio` gives'),
  ratio: z.number().positive().max(1).default(0.5).describe('share of the parameters of the layer that the factors may have'),
  macs: macsOption,
  spread: spreadOption,
  modes: z
    .union([z.literal(3), z.literal(4)])
    .default(3)
    .describe('3: one depthwise window; 4: its rows and columns apart'),
  strided: z
    .enum(['depthwise', 'mixed'])
    .default('depthwise')
    .describe(
      'what strided layers become: depthwise-factors, or the same as the others, whose first links run at the resolution of the input',
    ),
  ...fitOptions,
  algorithm: z
    .enum(['als', 'nls'])
    .default('als')
    .describe('weights: alternating least squares, or Levenberg-Marquardt on all factors from there on (small layers)'),
  sweeps: z.int().min(1).default(200).describe('weights: sweeps of alternating least squares, at most'),
  restarts: z.int().min(1).default(2).describe('weights: starts; the best result is taken'),
  damping: z.number().min(0).default(1e-6).describe('weights: keeps components from growing against each other'),
});

type Options = z.output<typeof options>;

/** [t, s, i·j] or [t, s, i, j]. */
function cpTensor(layer: Layer, modes: 3 | 4): DenseTensor {
  const x = weightTensor(layer);
  return modes === 4 ? x : { shape: [layer.outputs, layer.inputs, layer.taps], data: x.data };
}

/** @param factors [outputs, R], [inputs, R], then the window's */
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

/** Whether the layer goes without the first point-wise link. */
function isWithoutMixing(layer: Layer, { strided }: Options): boolean {
  return strided === 'depthwise' && windowOfLayer(layer).stride.some((step) => step > 1);
}

function formOf(layer: Layer, rule: Options): FactorForm {
  if (isWithoutMixing(layer, rule)) return depthwiseForm(layer);
  const { modes } = rule;
  return {
    ...cpWeights,
    start: (rank) => startOfChannels(layer, rank, modes),
    chain: (factors) => chainOf(layer, factors, modes),
  };
}

function decomposeWeights(layer: Layer, rank: number, rule: Options, seed: number): Decomposition {
  if (isWithoutMixing(layer, rule)) return { factors: depthwiseForm(layer).start(rank), facts: { rank } };
  const { modes, sweeps, restarts, damping, algorithm } = rule;
  const x = cpTensor(layer, modes);
  const { factors, relativeError, degeneracy } = cpDecomposition(x, rank, { sweeps, restarts, damping, seed });
  const facts = { rank, weightError: relativeError, degeneracy };
  const reason = `its components cancel each other (their norms are ${degeneracy.toFixed(0)} times what orthogonal ones would have)`;
  if (degeneracy > LARGEST_DEGENERACY) return { factors, facts, reason };
  if (algorithm === 'als') return { factors, facts };
  const unknowns = factors.reduce((sum, { data }) => sum + data.length, 0);
  if (unknowns > LARGEST_UNKNOWNS)
    return { factors, facts, reason: `its ${unknowns} unknowns are more than nls solves (${LARGEST_UNKNOWNS}): use als` };
  const refined = refineCp(x, factors, { largestDegeneracy: LARGEST_DEGENERACY });
  return { factors: refined, facts: { ...facts, weightError: cpError(refined, x), degeneracy: degeneracyOf(refined, x) } };
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
    factorizeLayers(context, layers, rule, {
      refuse: pointReason,
      formOf: (layer) => formOf(layer, rule),
      ofWeights: (layer, rank) => decomposeWeights(layer, rank, rule, context.seed),
    }),
});
