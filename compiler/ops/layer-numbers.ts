/**
 * What the references of Conv2d and Dense multiply, by the dtypes of their operands: float32 or half-precision weights with
 * float32 activations, or int8 weights with activations that are quantized per call.
 */
import type { Quantization, Tensor } from '../graph.ts';
import { quantizeDynamically } from './dynamic-range.ts';
import { halfValue } from './half.ts';

export interface LayerNumbers {
  readonly input: ArrayLike<number>;
  readonly weights: ArrayLike<number>;
  /** What the sum of a channel starts from. */
  readonly bias: ArrayLike<number>;
  /** The answer of a channel, from its sum. */
  finish(sum: number, channel: number): number;
}

export function layerNumbers([x, w, b]: readonly [Tensor, Tensor, Tensor], [low, high]: readonly [number, number]): LayerNumbers {
  const clamp = (value: number) => Math.min(Math.max(value, low), high);
  if (w.type.dtype === 'float16') return { input: x.data, weights: Float64Array.from(w.data, halfValue), bias: b.data, finish: clamp };
  if (w.type.dtype !== 'int8' || x.type.dtype !== 'float32') return { input: x.data, weights: w.data, bias: b.data, finish: clamp };
  const { scale, distances } = quantizeDynamically(x.data);
  const scales = (w.type.quantization as Quantization).scale;
  return {
    input: distances,
    weights: w.data,
    bias: new Float64Array(b.data.length),
    finish(sum, channel) {
      const factor = Math.fround(scale * Math.fround((scales.length === 1 ? scales[0] : scales[channel]) as number));
      return clamp(Math.fround(Math.fround(Math.fround(sum) * factor) + (b.data[channel] as number)));
    },
  };
}
