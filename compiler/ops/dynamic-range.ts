/**
 * Activations quantized per call (methods.md 18.2, "dynamic range"), as ONNX's DynamicQuantizeLinear does it and in the same
 * float32 steps: range [min(0, x), max(0, x)] on 0 … 255.
 */
import { roundHalfEven } from './accumulate.ts';

const LEVELS = 255;

export interface DynamicIntegers {
  readonly scale: number;
  /** Of the uint8 integers. */
  readonly zeroPoint: number;
  /** Integers minus the zero point, in [-255, 255]. */
  readonly distances: Int16Array;
}

export function quantizeDynamically(data: ArrayLike<number>): DynamicIntegers {
  let [low, high] = [0, 0];
  for (let i = 0; i < data.length; i++) {
    low = Math.min(low, data[i] as number);
    high = Math.max(high, data[i] as number);
  }
  const scale = high === low ? 1 : Math.fround(Math.fround(high - low) / LEVELS);
  const zeroPoint = roundHalfEven(Math.max(0, Math.min(LEVELS, Math.fround(0 - Math.fround(low / scale)))));
  const distances = Int16Array.from(data, (value) => {
    const steps = Math.fround(value / scale);
    return Number.isNaN(steps) ? 0 : roundHalfEven(Math.max(-zeroPoint, Math.min(LEVELS - zeroPoint, steps)));
  });
  return { scale, zeroPoint, distances };
}
