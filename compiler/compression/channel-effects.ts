/** How much each channel of a layer's input matters to its answers. */
import { type Layer, windowOfLayer } from './layers.ts';

/** What is known of the channels of a value that layers read. */
export interface Observed {
  readonly mean: ArrayLike<number>;
  readonly variance: ArrayLike<number>;
}

/** Whether the layer sees zeros around its input. */
export function pads(layer: Layer): boolean {
  const { padBefore, padAfter } = windowOfLayer(layer);
  return [...padBefore, ...padAfter].some((pad) => pad > 0);
}

/**
 * Var(a_c) · ‖W[:, c]‖² for each channel c of the layer's input. A layer that pads sees zeros at the borders, so there
 * E[a_c²] takes the place of the variance.
 */
export function channelEffects(layer: Layer, { mean, variance }: Observed): Float64Array {
  const isPadded = pads(layer);
  return Float64Array.from({ length: layer.inputs }, (_, c) => {
    let norm = 0;
    for (let o = 0; o < layer.outputs; o++)
      for (let tap = 0; tap < layer.taps; tap++) norm += (layer.weights[o * layer.columns + tap * layer.inputs + c] as number) ** 2;
    return norm * ((variance[c] as number) + (isPadded ? (mean[c] as number) ** 2 : 0));
  });
}
