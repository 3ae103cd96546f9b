/**
 * A convolution as point-wise, small and point-wise again (Kim et al., ICLR 2016; methods.md 10): Tucker decomposition of
 * the channel modes, ranks by energy, by variational Bayes, or given. With few inputs only the outputs are reduced
 * (Tucker-1). With samples, that is where the fit to the original answers starts.
 */
import { z } from 'zod';
import { type Matrix, matrix, transpose } from '../linalg/matrix.ts';
import { multiply, multiplyTransposed, transposedMultiply } from '../linalg/multiply.ts';
import { symmetricEigenvalues } from '../linalg/symmetric-eigen.ts';
import { type DenseTensor, denseTensor, multiplyMode, permuteModes, unfold } from '../linalg/tensor.ts';
import { leadingVectors, tucker2 } from '../linalg/tucker2.ts';
import { vbmf } from '../linalg/vbmf.ts';
import { fitOptions, fitToAnswers, placeChain, statisticsToFit } from './factor-form.ts';
import { pointReason } from './factorize-layers.ts';
import type { FactoredWeights } from './fit-factors.ts';
import { kept, layerByLayer } from './layer-by-layer.ts';
import { type Link, windowed } from './layer-chain.ts';
import { type Layer, windowOfLayer } from './layers.ts';
import { defineMethod } from './method.ts';
import { chooseRank } from './rank.ts';

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
  ...fitOptions,
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

/** Factors: outputs [N, a], core [a·taps, b], inputs [C, b]. */
const tuckerWeights: FactoredWeights = {
  compose([outputs, core, inputs]) {
    const inner = multiplyTransposed(core as Matrix, inputs as Matrix);
    return multiply(outputs as Matrix, rowsOf(inner, (outputs as Matrix).columns));
  },
  pullBack([outputs, core, inputs], gradient) {
    const inner = rowsOf(multiplyTransposed(core as Matrix, inputs as Matrix), (outputs as Matrix).columns);
    const ofInner = rowsOf(transposedMultiply(outputs as Matrix, gradient), (core as Matrix).rows);
    return [multiplyTransposed(gradient, inner), multiply(ofInner, inputs as Matrix), transposedMultiply(ofInner, core as Matrix)];
  },
};

/** Factors: outputs [N, a], core [a, taps·C]. */
const tucker1Weights: FactoredWeights = {
  compose: ([outputs, core]) => multiply(outputs as Matrix, core as Matrix),
  pullBack: ([outputs, core], gradient) => [multiplyTransposed(gradient, core as Matrix), transposedMultiply(outputs as Matrix, gradient)],
};

function rowsOf({ data }: Matrix, rows: number): Matrix {
  return matrix(rows, data.length / rows, data);
}

/** Higher-order orthogonal iteration on the weights; two factors (Tucker-1) where there are few inputs. */
function factorsOfWeights(layer: Layer, rule: Options): Matrix[] {
  const x = weightTensor(layer);
  const outputRank = Math.min(layer.outputs, rule.ranks?.[1] ?? modeRank(x, 0, rule));
  if (layer.inputs <= FEW_INPUTS) {
    const outputs = leadingVectors(x, 0, outputRank);
    return [outputs, matrix(outputRank, layer.columns, asWeights(multiplyMode(x, 0, outputs)))];
  }
  const inputRank = Math.min(layer.inputs, rule.ranks?.[0] ?? modeRank(x, 1, rule));
  const { first, second, core } = tucker2(x, [0, 1], [outputRank, inputRank], rule.sweeps);
  return [first, matrix(outputRank * layer.taps, inputRank, asWeights(core)), second];
}

function chainOf(layer: Layer, [outputs, core, inputs]: readonly Matrix[]): Link[] {
  const mixing = { outputs: layer.outputs, weights: (outputs as Matrix).data, bias: layer.bias };
  const small = windowed(layer, { outputs: (outputs as Matrix).columns, weights: (core as Matrix).data });
  if (!inputs) return [small, mixing];
  return [{ outputs: inputs.columns, weights: transpose(inputs).data }, small, mixing];
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
    layerByLayer(context, layers, async (network, layer) => {
      const refusal = pointReason(layer);
      if (refusal !== undefined) return kept(network, layer.name, refusal);
      const start = factorsOfWeights(layer, rule);
      const [outputs, , inputs] = start as [Matrix, Matrix, Matrix?];
      const ranks = inputs ? [inputs.columns, outputs.columns] : [outputs.columns];
      const statistics = await statisticsToFit(context, network, layer, rule);
      const factors = statistics ? fitToAnswers(inputs ? tuckerWeights : tucker1Weights, start, statistics, rule).factors : start;
      return placeChain(context, network, layer, chainOf(layer, factors), { ranks }, rule);
    }),
});
