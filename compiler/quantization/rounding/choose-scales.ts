/**
 * The scale of each row that errs least after rounding, by H instead of by the largest weight (post-training.md 2.2): at few
 * bits it pays to clip a large weight so that the many others get finer steps.
 */
import { gptq } from './gptq.ts';
import { type RoundingProblem, rowErrors } from './problem.ts';

/** Shares of the scale that the largest weight demands. */
const SHARES = Array.from({ length: 13 }, (_, i) => 1.1 - 0.05 * i);

/** The problem with the scales that are best for GPTQ, which is the fastest of those that see H. */
export function withChosenScales(problem: RoundingProblem): RoundingProblem {
  const best = Float64Array.from(problem.scales);
  const least = new Float64Array(best.length).fill(Number.POSITIVE_INFINITY);
  for (const share of SHARES) {
    const scales = Float64Array.from(problem.scales, (scale) => Math.fround(scale * share));
    const candidate = { ...problem, scales };
    rowErrors(candidate, gptq(candidate)).forEach((error, row) => {
      if (error < (least[row] as number)) [least[row], best[row]] = [error, scales[row] as number];
    });
  }
  return { ...problem, scales: best };
}
