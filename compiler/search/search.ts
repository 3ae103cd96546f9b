/**
 * The search of a recipe for a goal (post-training.md 2.2, after SPDY): every option is measured alone, the best plan is
 * a knapsack of the increments, the plan is measured as a whole, and what that teaches goes into the next plan. Exchanges
 * around the best plan are measured in its company, since options do not simply add up. Where plans lose so little that
 * predictions do not tell them apart, those beside the best one are tried (neighbourhood.ts).
 */
import { uniformRandom } from '../linalg/random.ts';
import type { Decision, Option } from './decisions.ts';
import { type Costs, type Goal, hasBudget, isBetter, type Metric, metrics, violation } from './goal.ts';
import type { Measured } from './laboratory.ts';
import { Neighbourhood } from './neighbourhood.ts';
import { type Plan, Predictor, SURE_LOSS } from './predictor.ts';
import { kindsFor, Prober } from './probe.ts';
import { singleMethods } from './single-methods.ts';
import { type Candidate, type TrialOptions, Trials } from './trials.ts';

export interface SearchOptions extends TrialOptions {
  readonly decisions: readonly Decision[];
  readonly seed: number;
  readonly onNote?: (text: string) => void;
  readonly onProgress?: (label: string, done: number, total: number) => void;
}

export interface SearchResult {
  readonly best: Candidate;
  /** Everything that was measured on all validation samples, the model without options first. */
  readonly candidates: readonly Candidate[];
  readonly isMet: boolean;
  /** Whether the time was up before the search had no more ideas. */
  readonly isCut: boolean;
}

/** Exchanges that are measured around a plan, and variants that are measured as a whole, per round. */
const EXCHANGES = 8;
const VARIANTS = 5;
/** Losses are multiplied by up to 1 ± this for variants; by more when that gives a plan that is known already. */
const VARIATION = 0.35;
/** Losses of what the best plan has are multiplied by this: its neighbours share what makes it good. */
const INERTIA = 0.5;
const DRAWS = 12;
const CORRECTIONS = 5;
/** Neighbours of the best plan that are tried per round. */
const NEIGHBOURS = 30;
const IDLE_ROUNDS = 4;
/** Of the time: whatever methods and options there are, plans are to be measured, too. */
const SINGLES_SHARE = 0.3;
const PROBING_SHARE = 0.5;
/** Of the methods alone, so many are measured as a whole. */
const SINGLES = 6;
/** Where no plan is better any more, so many of the series that were left out are probed. */
const LATE_PROBES = 12;
/** A plan is aimed a little below its budgets: the last bytes are not predictable. */
const AIM = 0.997;
/** The costs of a neighbour are told from those of the plan beside it. */
const NEIGHBOUR_AIM = 0.9995;

/** The cost that is made small: the first budget, or the size where the drop alone is limited. */
function metricsOf({ budgets }: Goal): Metric[] {
  const limited = metrics.filter((metric) => budgets[metric] !== undefined);
  return limited.length ? limited : ['size'];
}

/**
 * What the next plan may cost. Without budgets the size is brought down as far as the drop allows: below the best plan
 * that keeps it, or between that one and the smallest that does not.
 */
function budgetsFor(goal: Goal, trials: Trials, base: Measured): Costs {
  if (hasBudget(goal)) return Object.fromEntries(Object.entries(goal.budgets).map(([metric, limit]) => [metric, limit * AIM]));
  const sizeOf = ({ measured }: Candidate) => measured.costs.size as number;
  const kept = trials.candidates.filter(({ measured }) => violation(goal, measured) === 0).map(sizeOf);
  const smallest = Math.min(base.costs.size as number, ...kept);
  const failed = trials.candidates.map(sizeOf).filter((size) => size < smallest);
  return { size: failed.length ? (smallest + Math.max(...failed)) / 2 : smallest * 0.85 };
}

export async function searchRecipe(options: SearchOptions): Promise<SearchResult> {
  const { goal, seed, onNote = () => {}, onProgress = () => {} } = options;
  const trials = new Trials(options);
  const random = uniformRandom(seed);
  const base = (await trials.measure(new Map(), 'full')) as Measured;
  const probeBase = (await trials.measure(new Map(), 'probe')) as Measured;
  const chosenMetrics = metricsOf(goal);
  const kinds = kindsFor(chosenMetrics);
  const probe = (plan: Plan) => trials.measure(plan, 'probe');
  const limits = budgetsFor(goal, trials, base);
  const singles = await singleMethods({
    decisions: options.decisions,
    kinds: kinds.filter((kind) => kind !== 'rounding' && kind !== 'ranges'),
    base: probeBase,
    fits: ({ costs }) => Object.entries(limits).every(([metric, limit]) => (costs[metric as Metric] ?? 0) <= limit),
    measure: probe,
    isOver: () => trials.isOver(SINGLES_SHARE),
    onProgress,
  });
  const { decisions, refused } = singles;
  const predictor = new Predictor(decisions, chosenMetrics, probeBase);
  const prober = new Prober({ decisions, kinds, refused, metrics: chosenMetrics, predictor, measure: probe, base: probeBase, onProgress });
  await prober.probe(() => trials.isOver(PROBING_SHARE), prober.promising);
  predictor.anchorAt(new Map(), base);
  const neighbourhood = new Neighbourhood({ decisions, predictor, random, probe: probeAlone });

  /** Measures a plan as a whole; the best one is what predictions start from. */
  const attempt = async (plan: Plan, single?: string): Promise<boolean> => {
    if (trials.isKnown(plan)) return false;
    const before = trials.best;
    const measured = await trials.measure(plan, 'full', single);
    if (!measured) return false;
    const { drop, costs } = measured;
    onNote(`${chosenMetrics.map((metric) => `${metric} ${Math.round(costs[metric] ?? 0)}`).join(', ')}, drop ${drop.toFixed(2)}`);
    if (trials.best === before && violation(goal, measured) > 0) predictor.anchorAt(plan, measured);
    return trials.best !== before;
  };

  /** Measures a plan as a whole when the samples on which answers change promise a better one. */
  const attemptPromising = async (plan: Plan): Promise<boolean> => {
    const reference = await trials.measure((trials.best as Candidate).plan, 'contested');
    const measured = await trials.measure(plan, 'contested');
    return measured !== undefined && isBetter(goal, measured, reference as Measured) && attempt(plan);
  };

  for (const { name, plan } of singles.found.slice(0, SINGLES)) {
    if (trials.isOver()) break;
    await attempt(plan, name);
  }
  predictor.anchorAt(new Map(), base);
  for (let i = 0; i < CORRECTIONS && !trials.isOver(); i++) {
    const plan = predictor.best(budgetsFor(goal, trials, base));
    if (trials.isKnown(plan)) break;
    await attempt(plan);
    const measured = await trials.measure(plan, 'full');
    if (!measured) break;
    predictor.anchorAt(plan, measured);
  }
  let idle = 0;
  while (idle < IDLE_ROUNDS && !trials.isOver()) {
    const best = trials.best as Candidate;
    await probeUnknown(best.plan);
    predictor.anchorAt(best.plan, best.measured);
    const improved = [await climb(), await round()].some(Boolean);
    idle = improved ? 0 : idle + 1;
    if (!improved) await prober.probe(() => trials.isOver(), LATE_PROBES);
  }

  /** What each option of a plan saves cannot be told from the whole: a method alone is measured everywhere at once. */
  async function probeUnknown(plan: Plan): Promise<void> {
    for (const decision of decisions) {
      const option = plan.get(decision.name);
      if (!option || predictor.knows(option) || trials.isOver()) continue;
      await probeAlone(decision, option);
    }
  }

  async function probeAlone(decision: Decision, option: Option): Promise<void> {
    const measured = await probe(new Map([[decision.name, option]]));
    if (measured) predictor.learn(new Map(), decision, option, probeBase, measured);
  }

  /** From the best plan to a better one beside it, and on from there. */
  async function climb(): Promise<boolean> {
    const start = trials.best;
    for (let i = 0; i < NEIGHBOURS && !trials.isOver(); i++) {
      const { plan, measured } = trials.best as Candidate;
      predictor.anchorAt(plan, measured);
      const { budgets } = hasBudget(goal) ? goal : { budgets: { size: measured.costs.size as number } };
      const limits = Object.entries(budgets).map(([metric, limit]) => [metric, NEIGHBOUR_AIM * limit]);
      const next = await neighbourhood.draw(plan, Object.fromEntries(limits));
      if (!next) break;
      onProgress('neighbour', i, NEIGHBOURS);
      if (await attemptPromising(next)) i = 0;
    }
    return trials.best !== start;
  }

  async function round(): Promise<boolean> {
    const { plan, measured } = trials.best as Candidate;
    const budgets = budgetsFor(goal, trials, base);
    await probeExchanges(plan, measured, budgets);
    let improved = false;
    for (let variant = 0; variant <= VARIANTS && !trials.isOver(); variant++) {
      const next = variant === 0 ? predictor.best(budgets) : newVariant(budgets);
      if (next && (await attemptPromising(next))) {
        predictor.anchorAt(next, (trials.best as Candidate).measured);
        improved = true;
      }
    }
    return improved;
  }

  /** A plan near the best one, nearly as good by prediction, that was not measured yet. */
  function newVariant(budgets: Costs): Plan | undefined {
    const kept = new Set(trials.best?.plan.values());
    for (let draw = 1; draw <= DRAWS; draw++) {
      const weights = new Map<Option, number>();
      const variation = VARIATION ** (1 / draw);
      const weigh = (option: Option) => {
        if (!weights.has(option)) weights.set(option, (kept.has(option) ? INERTIA : 1) * (1 + variation * (2 * random() - 1)));
        return weights.get(option) as number;
      };
      const plan = predictor.best(budgets, weigh);
      if (!trials.isKnown(plan)) return plan;
    }
    return undefined;
  }

  async function probeExchanges(plan: Plan, measured: Measured, budgets: Costs): Promise<void> {
    const reference = await trials.measure(plan, 'probe');
    // Where a plan loses that little, its neighbours do, too: only all validation samples tell them apart.
    if (!reference || reference.loss - probeBase.loss < 2 * SURE_LOSS) return;
    const exchanges = predictor.promising(plan, budgets, EXCHANGES);
    for (const [i, { decision, option }] of exchanges.entries()) {
      if (trials.isOver()) return;
      onProgress('exchange', i, exchanges.length);
      const changed = new Map(plan);
      if (option) changed.set(decision.name, option);
      else changed.delete(decision.name);
      const outcome = await trials.measure(changed, 'probe');
      if (!outcome) continue;
      const current = plan.get(decision.name);
      // What an option is worth is counted from leaving the target alone: leaving it alone re-values what is there.
      if (option) predictor.learn(plan, decision, option, reference, outcome);
      else if (current) predictor.learn(changed, decision, current, outcome, reference);
    }
    predictor.anchorAt(plan, measured);
  }

  const best = trials.best as Candidate;
  return { best, candidates: trials.candidates, isMet: violation(goal, best.measured) === 0, isCut: trials.isOver() };
}
