/** The order of the passes, to be read from top to bottom. */
import { absorbTransposeIntoWeights } from './absorb-transpose-into-weights.ts';
import { convertToChannelsLast } from './convert-to-channels-last.ts';
import { foldConstants } from './fold-constants.ts';
import { foldPadIntoWindow } from './fold-pad-into-window.ts';
import { fuseActivation } from './fuse-activation.ts';
import { fuseAffine } from './fuse-affine.ts';
import { fuseAffineForward } from './fuse-affine-forward.ts';
import { fuseQuantizeDequantize } from './fuse-quantize-dequantize.ts';
import { mergeAffine } from './merge-affine.ts';
import { mergeReshapes } from './merge-reshapes.ts';
import type { Pass } from './pass.ts';
import { recognizeFunctions } from './recognize-functions.ts';
import { removeIdentities } from './remove-identities.ts';

export const defaultPasses: readonly Pass[] = [
  fuseQuantizeDequantize,
  foldConstants,
  removeIdentities,
  recognizeFunctions,
  convertToChannelsLast,
  absorbTransposeIntoWeights,
  mergeReshapes,
  removeIdentities,
  foldPadIntoWindow,
  fuseAffine,
  fuseAffineForward,
  mergeAffine,
  fuseActivation,
];
