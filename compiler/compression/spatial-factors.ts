/**
 * A convolution as a vertical and a horizontal one (Tai et al., ICLR 2016; methods.md 9): K filters of kh x 1, then all
 * output filters of 1 x kw over them. The SVD of the unfolded weights M[(c, i), (n, j)] gives the best pair for the weights;
 * with samples it is where the fit to the original answers starts.
 */
import { z } from 'zod';
import { type Matrix, matrix } from '../linalg/matrix.ts';
import { multiply, multiplyTransposed, transposedMultiply } from '../linalg/multiply.ts';
import { squaredNorm, svd } from '../linalg/svd.ts';
import { permuteModes } from '../linalg/tensor.ts';
import { vbmf } from '../linalg/vbmf.ts';
import { macsOption, spreadOption } from './choose-ranks.ts';
import { type FactorForm, fitOptions } from './factor-form.ts';
import { factorizeLayers, lineReason } from './factorize-layers.ts';
import { horizontalPart, verticalPart } from './layer-chain.ts';
import { type Layer, windowOfLayer } from './layers.ts';
import { defineMethod } from './method.ts';
import { chooseRank, rankOptions } from './rank.ts';

const options = z.object({
  ...rankOptions,
  vbmf: z.boolean().default(false).describe('let variational Bayes estimate the rank (an upper bound for compact networks)'),
  macs: macsOption,
  spread: spreadOption,
  ...fitOptions,
});

type Options = z.output<typeof options>;

/** M [C·kh, N·kw] of weights [N, kh, kw, C]. */
export function unfoldSpatial(weights: ArrayLike<number>, n: number, kh: number, kw: number, c: number): Matrix {
  const m = matrix(c * kh, n * kw);
  for (let o = 0; o < n; o++)
    for (let i = 0; i < kh; i++)
      for (let j = 0; j < kw; j++)
        for (let s = 0; s < c; s++) m.data[(s * kh + i) * n * kw + o * kw + j] = weights[((o * kh + i) * kw + j) * c + s] as number;
  return m;
}

export interface SpatialFactors {
  /** [K, kh, 1, C] */
  readonly vertical: Float32Array;
  /** [N, 1, kw, K] */
  readonly horizontal: Float32Array;
  readonly rank: number;
  /** Squared singular values of M. */
  readonly energies: Float64Array;
}

export function spatialFactors(layer: Layer, chooseOf: (energies: Float64Array, m: Matrix) => number): SpatialFactors {
  const [kh, kw] = windowOfLayer(layer).kernel;
  const [n, c] = [layer.outputs, layer.inputs];
  const m = unfoldSpatial(layer.weights, n, kh, kw, c);
  const { u, values, v } = svd(m);
  const energies = values.map((value) => value * value);
  const rank = Math.min(values.length, chooseOf(energies, m));
  const vertical = new Float32Array(rank * kh * c);
  const horizontal = new Float32Array(n * kw * rank);
  for (let k = 0; k < rank; k++) {
    const root = Math.sqrt(values[k] as number);
    for (let s = 0; s < c; s++)
      for (let i = 0; i < kh; i++) vertical[(k * kh + i) * c + s] = (u.data[(s * kh + i) * u.columns + k] as number) * root;
    for (let o = 0; o < n; o++)
      for (let j = 0; j < kw; j++) horizontal[(o * kw + j) * rank + k] = (v.data[(o * kw + j) * v.columns + k] as number) * root;
  }
  return { vertical, horizontal, rank, energies };
}

/** Factors: vertical [K, kh·C], horizontal [N·kw, K]; W[(n, i, j, c)] = Σ_k horizontal[(n, j), k] vertical[k, (i, c)]. */
function formOf(layer: Layer): FactorForm {
  const window = windowOfLayer(layer);
  const [kh, kw] = window.kernel;
  const { outputs: n, inputs: c } = layer;
  return {
    compose([vertical, horizontal]) {
      const { data } = multiply(horizontal as Matrix, vertical as Matrix);
      return matrix(n, layer.columns, permuteModes({ shape: [n, kw, kh, c], data }, [0, 2, 1, 3]).data);
    },
    pullBack([vertical, horizontal], gradient) {
      const turned = matrix(n * kw, kh * c, permuteModes({ shape: [n, kh, kw, c], data: gradient.data }, [0, 2, 1, 3]).data);
      return [transposedMultiply(horizontal as Matrix, turned), multiplyTransposed(turned, vertical as Matrix)];
    },
    start(rank) {
      const { vertical, horizontal } = spatialFactors(layer, () => rank);
      return [
        matrix(vertical.length / (kh * c), kh * c, Float64Array.from(vertical)),
        matrix(n * kw, vertical.length / (kh * c), Float64Array.from(horizontal)),
      ];
    },
    chain: ([vertical, horizontal]) => [
      { outputs: (vertical as Matrix).rows, weights: (vertical as Matrix).data, window: verticalPart(window) },
      { outputs: n, weights: (horizontal as Matrix).data, bias: layer.bias, window: horizontalPart(window) },
    ],
  };
}

/** By the spectrum of the unfolded weights. */
function rankOfWeights(layer: Layer, rule: Options): number {
  const [kh, kw] = windowOfLayer(layer).kernel;
  const question = { parametersPerRank: kh * layer.inputs + kw * layer.outputs, parameters: layer.weights.length };
  return spatialFactors(layer, (energies, m) =>
    rule.vbmf ? Math.max(1, vbmf(m).rank) : chooseRank({ energies, total: squaredNorm(m), ...question }, rule),
  ).rank;
}

export const spatialFactorization = defineMethod({
  name: 'spatial-factors',
  summary: 'a convolution becomes a vertical one and a horizontal one',
  source: 'Tai et al., ICLR 2016; methods.md 9',
  needs: 'weights',
  defaultLayers: ['*', '!@first', '!@depthwise', '!@dense'],
  options,
  search: { target: 'layer', kind: 'factors', settings: [0.8, 0.65, 0.5, 0.35].map((ratio) => ({ ratio })) },

  apply: (context, layers, rule) =>
    factorizeLayers(context, layers, rule, { refuse: lineReason, formOf, rankOf: (layer) => rankOfWeights(layer, rule) }),
});
