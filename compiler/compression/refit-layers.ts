/**
 * Least-squares refit of what is left of layers, from input to output (methods.md 15, top-down; 19): each layer answers as
 * the original did, on the inputs that the compressed network gives it. Zeros stay zeros.
 */
import { z } from 'zod';
import { refitLayers } from './choose-channels.ts';
import { defineMethod } from './method.ts';
import { DEFAULT_RIDGE } from './refit.ts';

export const refitMethod = defineMethod({
  name: 'refit-layers',
  summary: 'fits the remaining weights of each layer to the original answers; zeros stay zeros',
  source: 'methods.md 1, 15 and 19',
  needs: 'samples',
  defaultLayers: ['*'],
  options: z.object({
    ridge: z.number().min(0).default(DEFAULT_RIDGE).describe('damping of the fit, as a share of the mean of the diagonal of R'),
  }),

  async apply(context, layers, { ridge }) {
    const names = layers.map(({ name }) => name);
    const { network, outcomes } = await refitLayers(context, context.network, names, ridge);
    return { network, layers: outcomes };
  },
});
