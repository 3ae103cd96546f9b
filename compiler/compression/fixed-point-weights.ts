/**
 * Fixed point as lectures teach it (Kolesnikov, HSE 2020; methods.md 18.1): numbers in [-a, a) become q = ⌊128 x / a⌋, one a
 * for the whole layer, and come back as a q / 128. For comparison with what the quantizer does: rounding down costs half a
 * step on average in every weight, and one scale serves small channels badly.
 */
import { z } from 'zod';
import { INT8_MAX, INT8_MIN } from '../quantization/affine.ts';
import { layerByLayer } from './layer-by-layer.ts';
import { defineMethod } from './method.ts';
import { withGrid } from './weight-grid.ts';

const STEPS = 128;

/** ⌊128 x / a⌋, saturated: the half-open range cannot hold a itself. */
export function fixedPoint(values: ArrayLike<number>, range: number): Int8Array {
  return Int8Array.from(values, (value) => Math.max(INT8_MIN, Math.min(INT8_MAX, Math.floor((STEPS * value) / range))));
}

export const fixedPointWeights = defineMethod({
  name: 'fixed-point-weights',
  summary: 'weights as ⌊128 w / a⌋ with one a per layer, the scheme of textbooks, for comparison',
  source: 'Kolesnikov, HSE 2020; methods.md 18.1',
  needs: 'weights',
  defaultLayers: ['*'],
  options: z.object({
    range: z.number().gt(0).optional().describe('a; default: the largest weight of the layer, which is saturated'),
  }),

  apply(context, layers, { range }) {
    return layerByLayer(context, layers, (network, layer) => {
      const a = Math.fround(range ?? (layer.weights.reduce((max, weight) => Math.max(max, Math.abs(weight)), 0) || 1));
      const grid = { integers: fixedPoint(layer.weights, a), scales: new Float64Array(layer.outputs).fill(a / STEPS) };
      return {
        network: { ...network, graph: withGrid(network.graph, layer, grid, layer.bias) },
        outcome: { layer: layer.name, action: 'rounded', facts: { range: a } },
      };
    });
  },
});
