/** How many components are kept: the rules of methods.md 7, the same for every factorization. */
import { z } from 'zod';

/** Options that say so; exactly one of them counts, in this order. */
export const rankOptions = {
  rank: z.int().min(1).optional().describe('keep this many components'),
  ratio: z.number().positive().max(1).optional().describe('keep as many as give this share of the parameters of the layer'),
  error: z.number().min(0).max(1).optional().describe('keep the fewest whose relative error is at most this'),
  energy: z.number().min(0).max(1).default(0.9).describe('keep the fewest that hold this share of the energy'),
  roundTo: z.int().min(1).default(1).describe('round the rank up to a multiple of this (SIMD: 4, 8 or 16)'),
  keepUnprofitable: z.boolean().default(false).describe('factorize even where the pair has more parameters than the layer'),
};

export type RankRule = z.output<z.ZodObject<typeof rankOptions>>;

export interface RankQuestion {
  /** Squared singular values, or eigenvalues: what each component holds, descending. */
  readonly energies: ArrayLike<number>;
  /** All of it, where `energies` is not complete. */
  readonly total?: number;
  /** Parameters of one component, and of the layer. */
  readonly parametersPerRank: number;
  readonly parameters: number;
}

/** Rounding must not ask for one more than all of it. */
const SLACK = 1e-12;

function rankOfEnergy({ energies, total }: RankQuestion, share: number): number {
  const sum = total ?? Array.from(energies).reduce((a, b) => a + Math.max(0, b), 0);
  let missing = (share - SLACK) * sum;
  let rank = 0;
  while (rank < energies.length && missing > 0) missing -= energies[rank++] as number;
  return rank;
}

/** At least 1, at most as many as there are. */
export function chooseRank(question: RankQuestion, rule: RankRule): number {
  const { energies, parametersPerRank, parameters } = question;
  const wanted =
    rule.rank ??
    (rule.ratio !== undefined
      ? Math.floor((rule.ratio * parameters) / parametersPerRank)
      : rankOfEnergy(question, rule.error !== undefined ? 1 - rule.error : rule.energy));
  return Math.max(1, Math.min(energies.length, Math.ceil(wanted / rule.roundTo) * rule.roundTo));
}

/** Why the factors are not worth it; undefined when they are (methods.md 7: t < h·d / (h + d)). */
export function unprofitable(
  factored: number,
  parameters: number,
  { keepUnprofitable }: Pick<RankRule, 'keepUnprofitable'>,
): string | undefined {
  if (keepUnprofitable || factored < parameters) return undefined;
  return `the factors would have ${factored} parameters, the layer has ${parameters}`;
}
