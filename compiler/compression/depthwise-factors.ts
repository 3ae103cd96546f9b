/**
 * A convolution as M depthwise windows per input channel and a point-wise layer over them (Guo et al., Network
 * Decoupling, BMVC 2018): cp-factors without the first point-wise layer. A strided layer saves more this way: nothing is
 * computed at the resolution of the input.
 */
import { z } from 'zod';
import { type Matrix, matrix } from '../linalg/matrix.ts';
import { svd } from '../linalg/svd.ts';
import { macsOption, spreadOption } from './choose-ranks.ts';
import { type FactorForm, fitOptions } from './factor-form.ts';
import { factorizeLayers, pointReason } from './factorize-layers.ts';
import { windowed } from './layer-chain.ts';
import type { Layer } from './layers.ts';
import { defineMethod } from './method.ts';

const options = z.object({
  rank: z.int().min(1).optional().describe('windows per input channel; default: what `ratio` gives'),
  ratio: z.number().positive().max(1).default(0.5).describe('share of the parameters of the layer that the factors may have'),
  macs: macsOption,
  spread: spreadOption,
  ...fitOptions,
});

/** W[t, (p, s)] = Σ_m A[t, (s, m)] D[(s, m), p]. */
export function depthwiseForm(layer: Layer): FactorForm {
  const { outputs, inputs, taps, weights } = layer;
  /** Where W has what row q of D gives to output t, without the tap. */
  const columnOf = (q: number, rank: number) => Math.floor(q / rank);
  return {
    compose([a, d]) {
      const [mixed, windows] = [a as Matrix, d as Matrix];
      const rank = windows.rows / inputs;
      const w = matrix(outputs, taps * inputs);
      for (let t = 0; t < outputs; t++)
        for (let q = 0; q < windows.rows; q++) {
          const factor = mixed.data[t * windows.rows + q] as number;
          for (let p = 0; p < taps; p++) {
            const at = t * w.columns + p * inputs + columnOf(q, rank);
            w.data[at] = (w.data[at] as number) + factor * (windows.data[q * taps + p] as number);
          }
        }
      return w;
    },

    pullBack([a, d], gradient) {
      const [mixed, windows] = [a as Matrix, d as Matrix];
      const rank = windows.rows / inputs;
      const [ofMixed, ofWindows] = [matrix(outputs, windows.rows), matrix(windows.rows, taps)];
      for (let t = 0; t < outputs; t++)
        for (let q = 0; q < windows.rows; q++) {
          const factor = mixed.data[t * windows.rows + q] as number;
          let sum = 0;
          for (let p = 0; p < taps; p++) {
            const slope = gradient.data[t * gradient.columns + p * inputs + columnOf(q, rank)] as number;
            sum += slope * (windows.data[q * taps + p] as number);
            ofWindows.data[q * taps + p] = (ofWindows.data[q * taps + p] as number) + slope * factor;
          }
          ofMixed.data[t * windows.rows + q] = sum;
        }
      return [ofMixed, ofWindows];
    },

    /** The singular triples of each input channel's [outputs, taps]: the best factors for white inputs. */
    start(rank) {
      const [a, d] = [matrix(outputs, inputs * rank), matrix(inputs * rank, taps)];
      for (let s = 0; s < inputs; s++) {
        const kernel = matrix(outputs, taps);
        for (let i = 0; i < kernel.data.length; i++) kernel.data[i] = weights[i * inputs + s] as number;
        const { u, values, v } = svd(kernel);
        for (let m = 0; m < Math.min(rank, values.length); m++) {
          const root = Math.sqrt(values[m] as number);
          for (let t = 0; t < outputs; t++) a.data[t * a.columns + s * rank + m] = root * (u.data[t * u.columns + m] as number);
          for (let p = 0; p < taps; p++) d.data[(s * rank + m) * taps + p] = root * (v.data[p * v.columns + m] as number);
        }
      }
      return [a, d];
    },

    chain([a, d]) {
      const [mixed, windows] = [a as Matrix, d as Matrix];
      return [
        windowed(layer, { outputs: windows.rows, groups: inputs, weights: windows.data }),
        { outputs, weights: mixed.data, bias: layer.bias },
      ];
    },
  };
}

export const depthwiseFactors = defineMethod({
  name: 'depthwise-factors',
  summary: 'a convolution becomes a few depthwise windows per input channel and a point-wise layer: best where it is strided',
  source: 'Guo et al., BMVC 2018; methods.md 8 and 11',
  needs: 'weights',
  defaultLayers: ['*', '!@first', '!@depthwise', '!@dense'],
  options,
  search: { target: 'layer', kind: 'factors', settings: [0.75, 0.5, 0.35].map((ratio) => ({ ratio })) },

  apply: (context, layers, rule) => factorizeLayers(context, layers, rule, { refuse: pointReason, formOf: depthwiseForm }),
});
