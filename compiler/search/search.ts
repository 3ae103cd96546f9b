/**
 * The search of a recipe for a goal (post-training.md 2.2, after SPDY): every option is measured alone, the best plan is
 * a knapsack of the increments, the plan is measured as a whole, and what that teaches goes into the next plan. Exchanges
 * around the best plan are measured in its company, since options do not simply add up.
 */
import type { CompiledModel } from '../compile.ts';
import { DeviceError, InputFileError } from '../errors.ts';
import type { Graph } from '../graph.ts';
import { uniformRandom } from '../linalg/random.ts';
import { type Decision, type Option, type RecipeFrame, recipeText } from './decisions.ts';
import { type Costs, type Goal, hasBudget, isBetter, type Metric, metrics, violation } from './goal.ts';
import type { Fidelity, Laboratory, Measured } from './laboratory.ts';
import { type Plan, Predictor } from './predictor.ts';
import { probeOptions } from './probe.ts';
import type { SearchState } from './state.ts';

export interface Candidate {
  readonly plan: Plan;
  readonly recipe: string;
  readonly measured: Measured;
}

export interface SearchOptions {
  readonly goal: Goal;
  readonly graph: Graph;
  readonly decisions: readonly Decision[];
  readonly frame: RecipeFrame;
  readonly laboratory: Laboratory;
  readonly state: SearchState;
  readonly seconds: number;
  readonly seed: number;
  readonly onNote?: (text: string) => void;
  /** An option that could not be measured. */
  readonly onFailure?: (text: string) => void;
  readonly onProgress?: (label: string, done: number, total: number) => void;
  /** A plan that is better than all before; `compiled` when it was not measured in an earlier call. */
  readonly onBest?: (candidate: Candidate, compiled: CompiledModel | undefined) => void;
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
const EXCHANGES = 14;
const VARIANTS = 3;
/** Losses are multiplied by up to 1 ± this for variants; by more when that gives a plan that is known already. */
const VARIATION = 0.35;
const DRAWS = 12;
const CORRECTIONS = 5;
const IDLE_ROUNDS = 8;
/** Of the time: whatever options there are, plans are to be measured, too. */
const PROBING_SHARE = 0.5;
const UNIFORM_SHARE = 0.65;
const UNIFORM_PLANS = 3;
/** A plan is aimed a little below its budgets: the last bytes are not predictable. */
const AIM = 0.997;

/** Runs trials, or remembers them; counts the time. */
export class Trials {
  private readonly start = performance.now();
  readonly candidates: Candidate[] = [];
  /** Recipes that could not be run. */
  private readonly failed = new Set<string>();
  best: Candidate | undefined;

  constructor(private readonly options: SearchOptions) {}

  /** @param share of the time that may be used */
  isOver(share = 1): boolean {
    return (performance.now() - this.start) / 1000 > share * this.options.seconds;
  }

  recipeOf(plan: Plan): string {
    const { graph, frame } = this.options;
    return recipeText(graph, [...plan.values()], frame, 'found by whittle search');
  }

  /**
   * @returns undefined when a method cannot do this here: that says something of the option, not of the search
   * @throws when not even the model without options can be measured
   */
  async measure(plan: Plan, fidelity: Fidelity): Promise<Measured | undefined> {
    const { state, onFailure } = this.options;
    const recipe = this.recipeOf(plan);
    if (this.failed.has(recipe)) return undefined;
    const known = state.find(recipe, fidelity);
    try {
      const run = known ? { measured: known, compiled: undefined } : await this.options.laboratory.run(recipe, fidelity);
      if (!known) state.record(recipe, fidelity, run.measured);
      if (fidelity === 'full') this.keep({ plan, recipe, measured: run.measured }, run.compiled);
      return run.measured;
    } catch (error) {
      if (plan.size === 0 || !(error instanceof Error) || error instanceof DeviceError || error instanceof InputFileError) throw error;
      this.failed.add(recipe);
      onFailure?.(`left out: ${[...plan.values()].map(({ name }) => name).join('; ')}: ${error.message}`);
      return undefined;
    }
  }

  /** Whether the plan was measured as a whole, or cannot be. */
  isKnown(plan: Plan): boolean {
    const recipe = this.recipeOf(plan);
    return this.failed.has(recipe) || this.candidates.some((candidate) => candidate.recipe === recipe);
  }

  private keep(candidate: Candidate, compiled: CompiledModel | undefined): void {
    const { goal, onBest } = this.options;
    if (this.candidates.some(({ recipe }) => recipe === candidate.recipe)) return;
    this.candidates.push(candidate);
    if (this.best && !isBetter(goal, candidate.measured, this.best.measured)) return;
    this.best = candidate;
    onBest?.(candidate, compiled);
  }
}

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

/** For each series the mildest setting that fits by prediction, on all of its targets: those with the least predicted loss. */
function uniformPlans(decisions: readonly Decision[], predictor: Predictor, budgets: Costs): Plan[] {
  const names = new Set(decisions.flatMap(({ series }) => series.map(({ name }) => name)));
  const fits = ({ costs }: { costs: Costs }) => Object.entries(budgets).every(([metric, limit]) => (costs[metric as Metric] ?? 0) <= limit);
  const plans = [...names].flatMap((name) => {
    const members = decisions.flatMap((decision) =>
      decision.series.filter((series) => series.name === name).map((series) => ({ decision, series })),
    );
    const settings = Math.max(...members.map(({ series }) => series.options.length));
    for (let at = 0; at < settings; at++) {
      const chosen = members.flatMap(({ decision, series }) => {
        const option = series.options[at];
        return option && predictor.knows(option) ? [[decision.name, option] as const] : [];
      });
      const plan: Plan = new Map(chosen);
      const outcome = predictor.predict(plan);
      if (plan.size > 0 && fits(outcome)) return [{ plan, loss: outcome.loss }];
    }
    return [];
  });
  return plans
    .sort((a, b) => a.loss - b.loss)
    .slice(0, UNIFORM_PLANS)
    .map(({ plan }) => plan);
}

export async function searchRecipe(options: SearchOptions): Promise<SearchResult> {
  const { goal, decisions, seed, onNote = () => {}, onProgress = () => {} } = options;
  const trials = new Trials(options);
  const random = uniformRandom(seed);
  const base = (await trials.measure(new Map(), 'full')) as Measured;
  const probeBase = (await trials.measure(new Map(), 'probe')) as Measured;
  const chosenMetrics = metricsOf(goal);
  const predictor = new Predictor(decisions, chosenMetrics, probeBase);
  await probeOptions({
    decisions,
    metrics: chosenMetrics,
    predictor,
    measure: (plan) => trials.measure(plan, 'probe'),
    isOver: () => trials.isOver(PROBING_SHARE),
    base: probeBase,
    onProgress,
  });
  predictor.anchorAt(new Map(), base);

  /** Measures a plan as a whole; the best one is what predictions start from. */
  const attempt = async (plan: Plan): Promise<boolean> => {
    if (trials.isKnown(plan)) return false;
    const before = trials.best;
    const measured = await trials.measure(plan, 'full');
    if (!measured) return false;
    const { drop, costs } = measured;
    onNote(`${chosenMetrics.map((metric) => `${metric} ${Math.round(costs[metric] ?? 0)}`).join(', ')}, drop ${drop.toFixed(2)}`);
    if (trials.best === before && violation(goal, measured) > 0) predictor.anchorAt(plan, measured);
    return trials.best !== before;
  };

  // One method at one strength everywhere: what a plan of many has to beat is measured, not assumed.
  for (const plan of uniformPlans(decisions, predictor, budgetsFor(goal, trials, base))) {
    if (trials.isOver(UNIFORM_SHARE)) break;
    await attempt(plan);
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
    predictor.anchorAt(best.plan, best.measured);
    const improved = await round();
    idle = improved ? 0 : idle + 1;
  }

  async function round(): Promise<boolean> {
    const { plan, measured } = trials.best as Candidate;
    const budgets = budgetsFor(goal, trials, base);
    await probeExchanges(plan, measured, budgets);
    let improved = false;
    for (let variant = 0; variant <= VARIANTS && !trials.isOver(); variant++) {
      const next = variant === 0 ? predictor.best(budgets) : newVariant(budgets);
      if (next) improved = (await attempt(next)) || improved;
    }
    return improved;
  }

  /** A plan that nearly is the best one by prediction, and was not measured yet. */
  function newVariant(budgets: Costs): Plan | undefined {
    for (let draw = 1; draw <= DRAWS; draw++) {
      const weights = new Map<Option, number>();
      const variation = VARIATION ** (1 / draw);
      const weigh = (option: Option) => {
        if (!weights.has(option)) weights.set(option, 1 + variation * (2 * random() - 1));
        return weights.get(option) as number;
      };
      const plan = predictor.best(budgets, weigh);
      if (!trials.isKnown(plan)) return plan;
    }
    return undefined;
  }

  async function probeExchanges(plan: Plan, measured: Measured, budgets: Costs): Promise<void> {
    const reference = await trials.measure(plan, 'probe');
    if (!reference) return;
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
