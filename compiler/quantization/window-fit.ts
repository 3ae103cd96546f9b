/**
 * Depthwise 3x3 weights that fit relaxed dot products: of the first and the third row of a window, which one 16-bit sum may hold together
 * (runtime-as/microkernels/depthwise-fours-simd.ts), no column has two of one sign that exceed 128 together. A column is a quad of
 * quad-fit.ts, and each weight between them, too.
 */
import { type Layer, windowOfLayer } from '../compression/layers.ts';
import { cutQuads, fitQuads } from './quad-fit.ts';

/** Where the nine weights stand in a row of quads. */
const places = [0, 2, 8, 10, 16, 18, 1, 3, 9] as const;
const ROW = 24;

/** Whether a layer's rows are such windows. */
export function hasWindows(layer: Layer): boolean {
  return layer.kind === 'depthwise' && windowOfLayer(layer).kernel.every((extent) => extent === 3);
}

function spread<T extends Float64Array | Int8Array>(window: ArrayLike<number>, row: T): T {
  for (const [tap, place] of places.entries()) row[place] = window[tap] as number;
  return row;
}

function gathered(row: Int8Array): Int8Array {
  return Int8Array.from(places, (place) => row[place] as number);
}

/** As fitQuads, of one window. */
export function fitWindow(window: ArrayLike<number>, scale: number): { readonly scale: number; readonly integers: Int8Array } {
  const fitted = fitQuads(spread(window, new Float64Array(ROW)), scale);
  return { scale: fitted.scale, integers: gathered(fitted.integers) };
}

/** As cutQuads, of one window. */
export function cutWindow(real: ArrayLike<number>, scale: number, window: Int8Array): void {
  const row = spread(window, new Int8Array(ROW));
  cutQuads(spread(real, new Float64Array(ROW)), scale, row);
  window.set(gathered(row));
}

/** Whether the windows of weights [3, 3, C] fit. */
export function areWindowsFitting(weights: Int8Array): boolean {
  const third = (weights.length / 9) * 6;
  for (let i = 0; third + i < weights.length; i++) {
    const [a, b] = [weights[i] as number, weights[third + i] as number];
    // Twice the sum of the sign that has more.
    if (Math.abs(a) + Math.abs(b) + Math.abs(a + b) > 256) return false;
  }
  return true;
}
