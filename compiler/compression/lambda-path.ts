/** How many groups a λ leaves, and the λ that leaves so many: along the path of solutions, each the start of the next. */
import type { ReaderProblem } from './reader-problem.ts';

/** A problem that is solved for several λ. */
export interface PreparedProblem {
  readonly groups: number;
  /** Nothing stays from here on. */
  readonly largestLambda: number;
  /** Strength of each group; 0: it is not used. */
  solve(lambda: number): ArrayLike<number>;
}

export type Prepare = (problem: ReaderProblem) => PreparedProblem;

/** λ of a choice is searched between its largest value and this share of it. */
const SMALLEST_LAMBDA = 1e-6;

/** From one λ of a path to the next, as a logarithm. */
const PATH_STEP = Math.log(3);

/** So many halvings (of the logarithm) find a width. */
const BISECTIONS = 8;

/** The groups that stay at this λ; never none: where all are constants, the first. */
export function usedGroups(prepared: PreparedProblem, lambda: number): boolean[] {
  if (!(prepared.largestLambda > 0)) return Array.from({ length: prepared.groups }, (_, i) => i === 0);
  const strengths = Array.from(prepared.solve(Math.min(lambda, 0.99 * prepared.largestLambda)));
  return strengths.map((strength) => strength > 0);
}

/**
 * The most groups, but at most `count`, that a λ selects: down from the largest λ, each solution the start of the next,
 * then between the last two.
 */
export function mostGroups(prepared: PreparedProblem, count: number): boolean[] {
  let best = usedGroups(prepared, prepared.largestLambda);
  if (!(prepared.largestLambda > 0)) return best;
  let high = Math.log(prepared.largestLambda);
  let low = high;
  let most = best.filter(Boolean).length;
  const least = Math.log(SMALLEST_LAMBDA) + high;
  for (let halvings = 0; halvings < BISECTIONS && most !== count; ) {
    const isDescending = low === high;
    const lambda = isDescending ? high - PATH_STEP : (low + high) / 2;
    if (lambda < least) break;
    if (!isDescending) halvings++;
    const used = usedGroups(prepared, Math.exp(lambda));
    const found = used.filter(Boolean).length;
    if (found > count) low = lambda;
    else if (isDescending) low = high = lambda;
    else high = lambda;
    if (found <= count && found >= most) [best, most] = [used, found];
  }
  return best;
}
