/**
 * A convolution as point-wise, small and point-wise again (Kim et al., ICLR 2016; methods.md 10): Tucker decomposition of
 * the channel modes, ranks by energy, by variational Bayes, or given. With few inputs only the outputs are reduced
 * (Tucker-1).
 */
import { z } from 'zod';
import { transpose } from '../linalg/matrix.ts';
import { multiplyTransposed } from '../linalg/multiply.ts';
import { symmetricEigenvalues } from '../linalg/symmetric-eigen.ts';
import { type DenseTensor, denseTensor, multiplyMode, permuteModes, unfold } from '../linalg/tensor.ts';
import { leadingVectors, tucker2 } from '../linalg/tucker2.ts';
import { vbmf } from '../linalg/vbmf.ts';
import { fitLastLink } from './fit-last-link.ts';
import { kept, layerByLayer } from './layer-by-layer.ts';
import { type Link, parametersOfChain, replaceLayer, windowed } from './layer-chain.ts';
import { type Layer, parametersOfLayer, windowOfLayer } from './layers.ts';
import { defineMethod } from './method.ts';
import { chooseRank, unprofitable } from './rank.ts';

const options = z.object({
  ranks: z
    .tuple([z.int().min(1), z.int().min(1)])
    .optional()
    .describe('[inputs, outputs] of the small convolution'),
  energy: z.number().min(0).max(1).default(0.9).describe('keep the fewest channels of each side that hold this share of the energy'),
  vbmf: z.boolean().default(false).describe('let variational Bayes estimate the ranks (it ruins compact networks)'),
  weaken: z.number().min(0).max(1).default(1).describe('1: the estimated ranks; 0: all channels; between: in between'),
  sweeps: z.int().min(0).default(10).describe('sweeps of higher-order orthogonal iteration'),
  roundTo: z.int().min(1).default(1).describe('round the ranks up to a multiple of this'),
  refit: z.boolean().default(true).describe('fit the last layer to the original answers (needs samples)'),
  keepUnprofitable: z.boolean().default(false).describe('factorize even where the chain has more parameters than the layer'),
});

type Options = z.output<typeof options>;

/** Inputs of at most so many channels stay: there is nothing to gain. */
const FEW_INPUTS = 4;

/** Weights [N, kh, kw, C] as [N, C, kh, kw]. */
export function weightTensor(layer: Layer): DenseTensor {
  const { kernel } = windowOfLayer(layer);
  return permuteModes(denseTensor([layer.outputs, ...kernel, layer.inputs], layer.weights), [0, 3, 1, 2]);
}

/** How many vectors of a mode are kept. */
export function modeRank(x: DenseTensor, mode: number, { vbmf: bayes, energy, weaken, roundTo }: Options): number {
  const extent = x.shape[mode] as number;
  const m = unfold(x, mode);
  const energies = symmetricEigenvalues(multiplyTransposed(m, m)).map((value) => Math.max(0, value));
  const estimate = bayes
    ? Math.max(1, vbmf(m).rank)
    : chooseRank({ energies, parametersPerRank: 1, parameters: extent }, { energy, roundTo: 1, keepUnprofitable: true });
  const weakened = Math.round(extent - weaken * (extent - estimate));
  return Math.max(1, Math.min(extent, Math.ceil(weakened / roundTo) * roundTo));
}

/** [N, C, kh, kw] as weights [N, kh, kw, C]. */
function asWeights(x: DenseTensor): Float64Array {
  return permuteModes(x, [0, 2, 3, 1]).data;
}

interface Chain {
  readonly links: readonly Link[];
  readonly ranks: readonly number[];
}

function tuckerChain(layer: Layer, rule: Options): Chain {
  const x = weightTensor(layer);
  const outputRank = Math.min(layer.outputs, rule.ranks?.[1] ?? modeRank(x, 0, rule));
  if (layer.inputs <= FEW_INPUTS) {
    const outputs = leadingVectors(x, 0, outputRank);
    const links = [
      windowed(layer, { outputs: outputRank, weights: asWeights(multiplyMode(x, 0, outputs)) }),
      { outputs: layer.outputs, weights: outputs.data, bias: layer.bias },
    ];
    return { links, ranks: [outputRank] };
  }
  const inputRank = Math.min(layer.inputs, rule.ranks?.[0] ?? modeRank(x, 1, rule));
  const { first, second, core } = tucker2(x, [0, 1], [outputRank, inputRank], rule.sweeps);
  const links = [
    { outputs: inputRank, weights: transpose(second).data },
    windowed(layer, { outputs: outputRank, weights: asWeights(core) }),
    { outputs: layer.outputs, weights: first.data, bias: layer.bias },
  ];
  return { links, ranks: [inputRank, outputRank] };
}

export const tuckerFactors = defineMethod({
  name: 'tucker-factors',
  summary: 'a convolution becomes point-wise, small, point-wise: fewer channels inside',
  source: 'Kim et al., ICLR 2016; Nakajima et al., JMLR 2013 (ranks); methods.md 10',
  needs: 'weights',
  defaultLayers: ['*', '!@depthwise', '!@dense'],
  options,
  search: { target: 'layer', kind: 'factors', settings: [0.95, 0.9, 0.8, 0.7].map((energy) => ({ energy })) },

  apply: (context, layers, rule) =>
    layerByLayer(context, layers, (network, layer) => {
      if (layer.kind !== 'convolution' || layer.taps === 1)
        return kept(network, layer.name, 'its kernel is a point: low-rank does the same');
      const { links, ranks } = tuckerChain(layer, rule);
      const reason = unprofitable(parametersOfChain(links), parametersOfLayer(layer), rule);
      if (reason) return kept(network, layer.name, reason, { ranks });
      const factored = { ...network, graph: replaceLayer(network.graph, layer, links) };
      return fitLastLink(context, factored, layer.name, { ranks }, rule.refit);
    }),
});
