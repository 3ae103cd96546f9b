/** Weights and biases of a layer that accumulates → int8 per channel and int32, and the proof that the accumulator is safe. */
import { layerOf } from '../compression/layers.ts';
import { type Graph, type Node, type Quantization, type Value, valueOf } from '../graph.ts';
import { LARGEST_REQUANTIZED, roundHalfEven } from '../ops/accumulate.ts';
import { channelMagnitudes, channelMaxima, INT8_MAX, INT8_MIN, quantizeArray, weightScales } from './affine.ts';
import { fitQuads } from './quad-fit.ts';
import { areQuadsFitted, DEFAULT_WEIGHT_BITS, largestWeight, type WeightBits } from './weight-bits.ts';
import { fitWindow, hasWindows } from './window-fit.ts';

const LARGEST_ACCUMULATOR = 2 ** 31;

/** A layer's integers, or the reason why it must stay float32. */
export type QuantizedLayer = { readonly weights: Value; readonly bias: Value } | { readonly reason: string };

/** The parameters that came with the weights (QDQ), when the kernels can run them; else symmetric per channel. */
function weightQuantization(weights: Value, biases: ArrayLike<number>, axis: number, inputScale: number, bits: WeightBits): Quantization {
  const given = weights.type.quantization;
  if (given && given.zeroPoint === 0 && (given.scale.length === 1 || given.axis === axis)) return given;
  const maxima = channelMaxima(weights.constant as Float32Array, weights.type.shape, axis);
  return { scale: weightScales(maxima, biases, inputScale, largestWeight(bits)), zeroPoint: 0, axis };
}

/**
 * The weights as integers, and their parameters.
 * @param fitRow what makes a row of weights of 7 or 7.5 bits fit relaxed dot products
 */
export function quantizeWeights(
  weights: Value,
  biases: ArrayLike<number>,
  axis: number,
  inputScale: number,
  bits: WeightBits,
  fitRow: typeof fitQuads = fitQuads,
) {
  const quantization = weightQuantization(weights, biases, axis, inputScale, bits);
  const real = weights.constant as Float32Array;
  const isGiven = weights.type.quantization === quantization;
  if (isGiven || !areQuadsFitted(bits) || axis !== 0) {
    return { quantization, data: quantizeArray(real, weights.type.shape, quantization, isGiven ? INT8_MIN : -127) };
  }
  const length = real.length / quantization.scale.length;
  const data = new Int8Array(real.length);
  const scale = quantization.scale.map((s, row) => {
    const fitted = fitRow(real.subarray(row * length, (row + 1) * length), s);
    data.set(fitted.integers, row * length);
    return fitted.scale;
  });
  return { quantization: { ...quantization, scale }, data };
}

/** f32(s_x · s_w), the scale of the accumulator and of the bias, per channel. */
function accumulatorScale(inputScale: number, { scale }: Quantization, channel: number): number {
  return Math.fround(Math.fround(inputScale) * Math.fround((scale.length === 1 ? scale[0] : scale[channel]) as number));
}

/**
 * Quantizes inputs 1 (weights) and 2 (bias) of a node whose rule is `accumulate`.
 * @param input parameters of the int8 input
 * @param output parameters of the int8 output
 * @param bits of the weights; those that came with a scale (QDQ) keep it
 * @param farthest distance of an input's integer from its zero point; default: of int8
 */
export function quantizeLayer(
  graph: Graph,
  node: Node,
  input: Quantization,
  output: Quantization,
  bits: WeightBits = DEFAULT_WEIGHT_BITS,
  farthest = Math.max(INT8_MAX - input.zeroPoint, input.zeroPoint - INT8_MIN),
): QuantizedLayer {
  const rule = node.op.quantize;
  if (rule.kind !== 'accumulate') throw new Error(`${node.op.name} "${node.name}" has no weights`);
  const weights = valueOf(graph, node.inputs[1] as string);
  const bias = valueOf(graph, node.inputs[2] as string);
  if (!weights.constant || !bias.constant) return { reason: 'its weights are computed at run time' };
  if (weights.type.dtype !== 'float32')
    return { reason: 'its weights are int8 and its inputs quantized per call: it runs as the model has it' };
  const axis = rule.weightAxis(node.attributes);
  const inputScale = input.scale[0] as number;
  const layer = layerOf(graph, node);
  const { quantization, data } = quantizeWeights(
    weights,
    bias.constant,
    axis,
    inputScale,
    bits,
    layer && hasWindows(layer) ? fitWindow : fitQuads,
  );

  const scales = Array.from(bias.constant, (_, channel) => accumulatorScale(inputScale, quantization, channel));
  const biases = Float64Array.from(bias.constant, (b, channel) => roundHalfEven(b / (scales[channel] as number)));
  const magnitudes = channelMagnitudes(data, weights.type.shape, axis);
  for (let channel = 0; channel < biases.length; channel++) {
    const largest = (magnitudes[channel] as number) * farthest + Math.abs(biases[channel] as number);
    if (!(largest < LARGEST_ACCUMULATOR)) {
      return {
        reason: `channel ${channel} can accumulate ${largest.toExponential(2)}, int32 holds ${LARGEST_ACCUMULATOR.toExponential(2)}`,
      };
    }
    const requantized = (largest * (scales[channel] as number)) / (output.scale[0] as number);
    if (!(requantized < LARGEST_REQUANTIZED)) {
      return {
        reason: `channel ${channel} can reach ${requantized.toExponential(2)} output steps, rounding is exact below ${LARGEST_REQUANTIZED.toExponential(2)}`,
      };
    }
  }
  return {
    weights: { name: weights.name, type: { dtype: 'int8', shape: weights.type.shape, quantization }, constant: data },
    bias: { name: bias.name, type: { dtype: 'int32', shape: bias.type.shape }, constant: Int32Array.from(biases) },
  };
}
