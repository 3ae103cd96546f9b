/** What every int8 kernel with an int32 accumulator derives from the quantization of its operands (architecture.md 4). */
import { elementCount, type Quantization, type Value } from '../graph.ts';
import type { Operand } from './op.ts';

/** Up to here adding 1.5 · 2^23 rounds a float32 exactly (architecture.md 4). */
export const LARGEST_REQUANTIZED = 2 ** 22;

/** The integer of a real number, rounded to nearest even, not clamped. */
export function quantizeNumber(value: number, quantization: Quantization): number {
  return roundHalfEven(value / (quantization.scale[0] as number)) + quantization.zeroPoint;
}

export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const fraction = value - floor;
  if (fraction !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Largest symmetric int16. */
export const INT16_MAX = 32767;

/** A fused activation's limits as integers between `lowest` and `highest`. */
export function clampLimits(clamp: readonly [number, number], output: Quantization, lowest = -128, highest = 127): [number, number] {
  const limit = (value: number, fallback: number) =>
    Number.isFinite(value) ? Math.max(lowest, Math.min(highest, quantizeNumber(value, output))) : fallback;
  return [limit(clamp[0], lowest), limit(clamp[1], highest)];
}

/**
 * bias[o] - zeroPoint · sum of the channel's weights: with it the accumulator needs only raw inputs, and padding writes
 * the zero point. Weights are [O, …]; bias is int32 with scale s_x · s_w.
 */
export function foldInputZeroPoint(bias: Value, weights: Value, zeroPoint: number): Operand {
  const channels = elementCount(bias.type.shape);
  const w = weights.constant as Int8Array;
  const perChannel = w.length / channels;
  const folded = new Int32Array(channels);
  for (let o = 0; o < channels; o++) {
    let sum = 0;
    for (let k = 0; k < perChannel; k++) sum += w[o * perChannel + k] as number;
    folded[o] = ((bias.constant as Int32Array)[o] as number) - zeroPoint * sum;
  }
  return { name: `${bias.name}.folded`, type: { dtype: 'int32', shape: [channels] }, data: folded };
}

/** f32(s_x · s_w), the scale of the accumulator: one, or one per output channel. */
export function accumulatorScales(x: Value, weights: Value): number[] {
  const sx = Math.fround(x.type.quantization?.scale[0] as number);
  const scales = weights.type.quantization?.scale as readonly number[];
  return scales.map((sw) => Math.fround(sx * Math.fround(sw)));
}

/** m[o] = f32(f32(s_x · s_w[o]) / s_y), as ONNX Runtime's QLinearConv computes it. */
export function requantizationMultipliers(x: Value, weights: Value, y: Value): Operand {
  const sy = Math.fround(y.type.quantization?.scale[0] as number);
  const scales = accumulatorScales(x, weights);
  const channels = weights.type.shape[0] as number;
  const data = Float32Array.from({ length: channels }, (_, o) => ((scales.length === 1 ? scales[0] : scales[o]) as number) / sy);
  return { name: `${y.name}.multipliers`, type: { dtype: 'float32', shape: [channels] }, data };
}
