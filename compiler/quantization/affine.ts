/** Real ranges → scale and zero point. Scales are float32 numbers, as the kernels and ONNX Runtime hold them. */
import { elementCount, type Quantization } from '../graph.ts';
import { roundHalfEven } from '../ops/accumulate.ts';
import type { Range } from './range.ts';

export const INT8_MIN = -128;
export const INT8_MAX = 127;

/** Below this a float32 scale would lose bits to subnormal numbers. */
const SMALLEST_SCALE = 2 ** -100;

function clampInt8(value: number): number {
  return Math.max(INT8_MIN, Math.min(INT8_MAX, value));
}

/**
 * int8 asymmetric parameters for an activation: the range, widened to hold zero, lands on [-128, 127]; zero is exact.
 */
export function asymmetricQuantization(range: Range): Quantization {
  const min = Math.min(0, range.min);
  const max = Math.max(0, range.max);
  if (max - min === 0) return { scale: [1], zeroPoint: 0 };
  const scale = Math.fround(Math.max((max - min) / (INT8_MAX - INT8_MIN), SMALLEST_SCALE));
  return { scale: [scale], zeroPoint: clampInt8(roundHalfEven(INT8_MIN - min / scale)) };
}

/** The real numbers that the int8 parameters can stand for. */
export function representableRange({ scale, zeroPoint }: Quantization): Range {
  const s = scale[0] as number;
  return { min: (INT8_MIN - zeroPoint) * s, max: (INT8_MAX - zeroPoint) * s };
}

export function sameQuantization(a: Quantization, b: Quantization): boolean {
  return (
    a.zeroPoint === b.zeroPoint &&
    a.axis === b.axis &&
    a.scale.length === b.scale.length &&
    a.scale.every((scale, i) => scale === b.scale[i])
  );
}

/** Index of the scale of each element: which channel of `axis` it belongs to. */
function channelOf(shape: readonly number[], axis: number): (index: number) => number {
  const inner = elementCount(shape.slice(axis + 1));
  const channels = shape[axis] as number;
  return (index) => Math.floor(index / inner) % channels;
}

/** Largest magnitude of each channel of `axis`. */
export function channelMaxima(data: ArrayLike<number>, shape: readonly number[], axis: number): Float64Array {
  const maxima = new Float64Array(shape[axis] as number);
  const channel = channelOf(shape, axis);
  for (let i = 0; i < data.length; i++) {
    const c = channel(i);
    maxima[c] = Math.max(maxima[c] as number, Math.abs(data[i] as number));
  }
  return maxima;
}

/** Sum over each channel of `axis` of the magnitudes. */
export function channelMagnitudes(data: ArrayLike<number>, shape: readonly number[], axis: number): Float64Array {
  const sums = new Float64Array(shape[axis] as number);
  const channel = channelOf(shape, axis);
  for (let i = 0; i < data.length; i++) {
    const c = channel(i);
    sums[c] = (sums[c] as number) + Math.abs(data[i] as number);
  }
  return sums;
}

/**
 * Symmetric weight scales per channel, max |w| / `largest`. A channel of (nearly) nothing but its bias gets a scale large
 * enough that the int32 bias, with scale inputScale · s_w, stays below 2^30.
 */
export function weightScales(maxima: ArrayLike<number>, biases: ArrayLike<number>, inputScale: number, largest = INT8_MAX): number[] {
  return Array.from(maxima, (max, channel) => {
    const forBias = Math.abs((biases[channel] as number | undefined) ?? 0) / (inputScale * 2 ** 30);
    const scale = Math.fround(Math.max(max / largest, forBias, SMALLEST_SCALE));
    return max === 0 && forBias === 0 ? 1 : scale;
  });
}

/** int8 integers of real numbers; `limit` -127 for weights. One scale, or one per index of `quantization.axis`. */
export function quantizeArray(
  data: ArrayLike<number>,
  shape: readonly number[],
  { scale, zeroPoint, axis }: Quantization,
  lowest = INT8_MIN,
): Int8Array {
  const inner = axis === undefined || scale.length === 1 ? data.length : elementCount(shape.slice(axis + 1));
  const result = new Int8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const s = scale[Math.floor(i / inner) % scale.length] as number;
    result[i] = Math.max(lowest, Math.min(INT8_MAX, roundHalfEven((data[i] as number) / s) + zeroPoint));
  }
  return result;
}

/** real = scale · (integer - zeroPoint), per tensor. */
export function dequantizeArray(data: ArrayLike<number>, { scale, zeroPoint }: Quantization): Float32Array {
  const [step] = scale as [number];
  const result = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) result[i] = ((data[i] as number) - zeroPoint) * step;
  return result;
}
