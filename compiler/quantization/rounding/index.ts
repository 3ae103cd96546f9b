/** The one list of roundings, by the names of recipes and options. */
import { adaround } from './adaround.ts';
import { coordinateDescent } from './coordinate-descent.ts';
import { gptq } from './gptq.ts';
import { optimalBrainQuantizer } from './optimal-brain-quantizer.ts';
import type { Rounding } from './problem.ts';

/** All but `nearest`, which needs no statistics and is what the quantizer does anyway. */
export const roundings = {
  gptq,
  'optimal-brain-quantizer': optimalBrainQuantizer,
  'coordinate-descent': coordinateDescent,
  adaround,
} satisfies Record<string, Rounding>;

export const roundingNames = ['nearest', 'gptq', 'optimal-brain-quantizer', 'coordinate-descent', 'adaround'] as const;
export type RoundingName = (typeof roundingNames)[number];

export const DEFAULT_ROUNDING: RoundingName = 'nearest';
