/**
 * A convolution by canonical polyadic decomposition (Lebedev et al., ICLR 2015; methods.md 11): point-wise to R channels,
 * depthwise over the window, point-wise back. `modes: 3` keeps the window in one piece, which is the depthwise kernel that
 * the runtime has tuned; `modes: 4` separates its rows and columns, too.
 */
import { z } from 'zod';
import { type Cp, cpDecomposition } from '../linalg/cp.ts';
import { transpose } from '../linalg/matrix.ts';
import type { DenseTensor } from '../linalg/tensor.ts';
import { fitLastLink } from './fit-last-link.ts';
import { kept, layerByLayer } from './layer-by-layer.ts';
import { horizontalPart, type Link, parametersOfChain, replaceLayer, verticalPart } from './layer-chain.ts';
import { type Layer, parametersOfLayer, windowOfLayer } from './layers.ts';
import { defineMethod } from './method.ts';
import { unprofitable } from './rank.ts';
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

function chainOf(layer: Layer, { factors }: Cp, modes: 3 | 4): Link[] {
  const [t, s, ...spatial] = factors as [Cp['factors'][number], Cp['factors'][number], ...Cp['factors']];
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

export const cpFactors = defineMethod({
  name: 'cp-factors',
  summary: 'a convolution becomes point-wise, depthwise, point-wise',
  source: 'Lebedev et al., ICLR 2015; methods.md 11',
  needs: 'weights',
  defaultLayers: ['*', '!@first', '!@depthwise', '!@dense'],
  options,
  search: { target: 'layer', kind: 'factors', settings: [0.8, 0.6, 0.4].map((ratio) => ({ ratio, sweeps: 50, restarts: 1 })) },

  apply: (context, layers, rule) =>
    layerByLayer(context, layers, (network, layer) => {
      if (layer.kind !== 'convolution' || layer.taps === 1)
        return kept(network, layer.name, 'its kernel is a point: low-rank does the same');
      const { sweeps, restarts, damping } = rule;
      const found = cpDecomposition(cpTensor(layer, rule.modes), rankOf(layer, rule), { sweeps, restarts, damping, seed: context.seed });
      const facts = { rank: found.factors[0]?.columns ?? 0, weightError: found.relativeError, degeneracy: found.degeneracy };
      const links = chainOf(layer, found, rule.modes);
      if (found.degeneracy > LARGEST_DEGENERACY)
        return kept(
          network,
          layer.name,
          `its components cancel each other (their norms are ${found.degeneracy.toFixed(0)} times what orthogonal ones would have)`,
          facts,
        );
      const reason = unprofitable(parametersOfChain(links), parametersOfLayer(layer), rule);
      if (reason) return kept(network, layer.name, reason, facts);
      const factored = { ...network, graph: replaceLayer(network.graph, layer, links) };
      return fitLastLink(context, factored, layer.name, facts, rule.refit);
    }),
});
