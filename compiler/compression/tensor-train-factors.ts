/**
 * A dense layer in Tensor-Train form (Oseledets 2011; Novikov et al., NIPS 2015; methods.md 12). Published rates of
 * thousands come from training the cores; without training, a trained layer is not of low TT rank, and the error says so.
 */
import { z } from 'zod';
import { type TensorTrainCore, tensorTrain, tensorTrainParameters } from '../linalg/tensor-train.ts';
import { channelRanges } from './balance-chain.ts';
import { groupWeights, relativeError } from './covariances.ts';
import { fitOptions, fitToAnswers } from './factor-form.ts';
import { kept, layerByLayer } from './layer-by-layer.ts';
import { type Layer, layerNamed, parametersOfLayer, windowOfLayer } from './layers.ts';
import { defineMethod, type MethodContext } from './method.ts';
import type { Network } from './network.ts';
import { unprofitable } from './rank.ts';
import { fittedBias } from './refit.ts';
import type { LayerStatistics } from './statistics.ts';
import { coreName, replaceByTensorTrain } from './tensor-train-graph.ts';
import { coresOfFactors, factorOfCore, type TensorTrainShape, tensorTrainWeights } from './tensor-train-weights.ts';

const extents = z.array(z.int().min(1)).min(2).optional();

const options = z.object({
  outputs: extents.describe('m_1 … m_d, whose product is the outputs of the layer; default: `order` factors of about the same size'),
  inputs: extents.describe('n_1 … n_d, whose product is the inputs'),
  order: z.int().min(2).max(8).default(2).describe('number of cores, where `outputs` and `inputs` are not given'),
  rank: z.int().min(1).optional().describe('rank between all cores; default: what `ratio` gives'),
  ratio: z.number().positive().max(1).default(0.2).describe('share of the parameters of the layer that the cores may have'),
  fit: fitOptions.fit,
  iterations: fitOptions.iterations,
  ridge: fitOptions.ridge,
  balance: fitOptions.balance,
  keepUnprofitable: fitOptions.keepUnprofitable,
});

type Options = z.output<typeof options>;

/** `count` factors of n, as equal as they can be, ascending. */
export function nearlyEqualFactors(n: number, count: number): number[] {
  if (count === 1) return [n];
  const target = n ** (1 / count);
  let best = 1;
  for (let factor = 1; factor <= Math.ceil(target); factor++) if (n % factor === 0) best = factor;
  return [best, ...nearlyEqualFactors(n / best, count - 1)];
}

/** Dense, or point-wise without a stride. */
function isMatrixPerPosition(layer: Layer): boolean {
  const { stride, padBefore, padAfter } = windowOfLayer(layer);
  return (
    layer.groups === 1 &&
    layer.taps === 1 &&
    [...stride].every((step) => step === 1) &&
    [...padBefore, ...padAfter].every((pad) => pad === 0)
  );
}

/** The shape of the cores, or why there is none. */
function shapeOf(layer: Layer, rule: Options): TensorTrainShape | string {
  const outputs = rule.outputs ?? nearlyEqualFactors(layer.outputs, rule.inputs?.length ?? rule.order);
  const inputs = rule.inputs ?? nearlyEqualFactors(layer.inputs, outputs.length);
  const product = (list: readonly number[]) => list.reduce((a, b) => a * b, 1);
  if (outputs.length !== inputs.length) return `${outputs.length} extents of outputs do not fit ${inputs.length} of inputs`;
  if (product(outputs) !== layer.outputs) return `${outputs.join('·')} is not the ${layer.outputs} outputs of the layer`;
  if (product(inputs) !== layer.inputs) return `${inputs.join('·')} is not the ${layer.inputs} inputs of the layer`;
  return { outputs, inputs };
}

/** The same rank between all cores, as far as there is one. */
function ranksOf({ outputs, inputs }: TensorTrainShape, rank: number): number[] {
  const sizes = outputs.map((m, k) => m * (inputs[k] as number));
  const product = (list: readonly number[]) => list.reduce((a, b) => a * b, 1);
  return sizes.slice(1).map((_, k) => Math.min(rank, product(sizes.slice(0, k + 1)), product(sizes.slice(k + 1))));
}

/** Σ m_k n_k r_{k-1} r_k with this rank between all cores, as far as there is one. */
export function parametersOfRank(shape: TensorTrainShape, rank: number): number {
  const ranks = [1, ...ranksOf(shape, rank), 1];
  return shape.outputs.reduce((sum, m, k) => sum + m * (shape.inputs[k] as number) * (ranks[k] as number) * (ranks[k + 1] as number), 0);
}

function rankOfRatio(layer: Layer, shape: TensorTrainShape, ratio: number): number {
  let rank = 1;
  while (rank < layer.outputs * layer.inputs && parametersOfRank(shape, rank + 1) <= ratio * layer.weights.length) {
    if (parametersOfRank(shape, rank + 1) === parametersOfRank(shape, rank)) break;
    rank++;
  }
  return rank;
}

function coresOf(layer: Layer, shape: TensorTrainShape, rank: number, statistics: LayerStatistics | undefined, rule: Options) {
  const ranks = ranksOf(shape, rank);
  const start = tensorTrain(groupWeights(layer, layer.weights, 0), shape.outputs, shape.inputs, { ranks });
  if (!statistics) return start;
  return coresOfFactors(fitToAnswers(tensorTrainWeights(shape), start.map(factorOfCore), statistics, rule).factors, shape);
}

/** Every component between two cores gets the same range on the samples: what core k gives is scaled, core k + 1 scales back. */
async function balanceCores(context: MethodContext, network: Network, name: string, cores: readonly TensorTrainCore[]) {
  const layers = cores.slice(0, -1).map((_, k) => layerNamed(network.graph, coreName({ name }, k)) as Layer);
  const ranges = await channelRanges(network.graph, layers, context.samples);
  const scales = ranges.map((range, k) => {
    const { right } = cores[k] as TensorTrainCore;
    const ofRank = new Float64Array(right);
    range.forEach((value, channel) => {
      ofRank[channel % right] = Math.max(ofRank[channel % right] as number, value);
    });
    const largest = ofRank.reduce((a, b) => Math.max(a, b), 0);
    return ofRank.map((value) => (value > 0 ? largest / value : 1));
  });
  return cores.map((core, k) => {
    const block = core.data.length / core.left;
    const data = core.data.map((value, i) => (value * (scales[k]?.[i % core.right] ?? 1)) / (scales[k - 1]?.[Math.floor(i / block)] ?? 1));
    return { ...core, data };
  });
}

export const tensorTrainFactors = defineMethod({
  name: 'tensor-train-factors',
  summary: 'a dense or point-wise layer becomes a train of small ones, with its inputs and outputs seen as tensors',
  source: 'Oseledets, SISC 2011; Novikov et al., NIPS 2015; methods.md 12',
  needs: 'weights',
  defaultLayers: ['@dense', '@pointwise', '!@last'],
  options,
  search: { target: 'layer', kind: 'factors', settings: [0.6, 0.4, 0.2].map((ratio) => ({ ratio })) },

  apply: (context, layers, rule) =>
    layerByLayer(context, layers, async (network, layer) => {
      if (!isMatrixPerPosition(layer)) return kept(network, layer.name, 'its window reaches further than a point: cp-factors separate it');
      const shape = shapeOf(layer, rule);
      if (typeof shape === 'string') return kept(network, layer.name, shape);
      const rank = rule.rank ?? rankOfRatio(layer, shape, rule.ratio);
      const statistics = context.samples.count > 0 ? (await context.statistics([layer], network)).get(layer.name) : undefined;
      let cores = coresOf(layer, shape, rank, rule.fit === 'responses' ? statistics : undefined, rule);
      const product = tensorTrainWeights(shape).compose(cores.map(factorOfCore)).data;
      const facts = { outputs: shape.outputs, inputs: shape.inputs, ranks: cores.slice(0, -1).map(({ right }) => right) };
      const reason = unprofitable(tensorTrainParameters(cores) + layer.outputs, parametersOfLayer(layer), rule);
      if (reason) return kept(network, layer.name, reason, facts);
      const bias = statistics ? fittedBias(layer, statistics, product) : layer.bias;
      const place = () => ({ ...network, graph: replaceByTensorTrain(network.graph, layer, cores, bias) });
      if (rule.balance && statistics) cores = await balanceCores(context, place(), layer.name, cores);
      const error = statistics && { relativeError: relativeError(layer, statistics, product, bias) };
      return { network: place(), outcome: { layer: layer.name, action: 'factorized', facts, ...error } };
    }),
});
