/**
 * Plans beside a plan: they differ from it in one decision, or in two whose costs make up for each other. Where plans lose
 * as little as the validation samples tell apart, no prediction says which of them is the best: they are tried.
 */
import { type Decision, type Option, optionBetween } from './decisions.ts';
import type { Costs } from './goal.ts';
import type { Outcome, Plan, Predictor } from './predictor.ts';
import { SURE_LOSS } from './predictor.ts';

export interface NeighbourhoodOptions {
  readonly decisions: readonly Decision[];
  readonly predictor: Predictor;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Measures an option alone, for the predictor. */
  readonly probe: (decision: Decision, option: Option) => Promise<void>;
}

/** Of the options of a decision, so many whose costs are nearest to those of the present one. */
const NEAR = 8;
/** Neighbours may be predicted to lose so many times what the plan itself does. */
const TOLERANCE = 1.5;
const DRAWS = 40;

export class Neighbourhood {
  /** By decision: its series, with the strengths that were added in between. */
  private readonly series: ReadonlyMap<Decision, Option[][]>;
  /** Options that were measured alone, or could not be. */
  private readonly probed = new Set<Option>();
  private readonly drawn = new Set<string>();

  constructor(private readonly options: NeighbourhoodOptions) {
    this.series = new Map(options.decisions.map((decision) => [decision, decision.series.map((series) => [...series.options])]));
  }

  /**
   * A neighbour that was not drawn before and is predicted to fit; undefined when there is hardly one left.
   * @param plan that predictions are anchored at
   */
  async draw(plan: Plan, budgets: Costs): Promise<Plan | undefined> {
    const { decisions, predictor } = this.options;
    const { loss } = predictor.predict(plan);
    const fits = (candidate: Plan) => {
      const predicted: Outcome = predictor.predict(candidate);
      const isCheap = Object.entries(budgets).every(([metric, limit]) => (predicted.costs[metric as keyof Costs] ?? 0) <= limit);
      return isCheap && predicted.loss <= TOLERANCE * loss + SURE_LOSS;
    };
    for (let i = 0; i < DRAWS; i++) {
      const [first, second] = [this.pick(decisions), this.pick(decisions)] as [Decision, Decision];
      for (const decision of [first, second]) await this.refine(decision, plan.get(decision.name));
      const changed = this.exchange(plan, first, () => true);
      const isPair = changed && (this.options.random() < 0.5 || !fits(changed));
      const candidate = isPair ? this.exchange(changed, second, fits) : changed;
      const key = candidate && keyOf(candidate);
      if (!key || first === second || key === keyOf(plan) || this.drawn.has(key)) continue;
      this.drawn.add(key);
      return candidate;
    }
    return undefined;
  }

  private pick<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.options.random() * list.length)];
  }

  /** The plan with another option for the decision, one that `accept` takes. */
  private exchange(plan: Plan, decision: Decision, accept: (plan: Plan) => boolean): Plan | undefined {
    const plans = this.near(decision, plan.get(decision.name)).map((option) => {
      const changed = new Map(plan);
      if (option) changed.set(decision.name, option);
      else changed.delete(decision.name);
      return changed;
    });
    return this.pick(plans.filter(accept));
  }

  private near(decision: Decision, current: Option | undefined): (Option | undefined)[] {
    const { predictor } = this.options;
    const known = (this.series.get(decision) as Option[][]).flat().filter((option) => predictor.knows(option));
    const distance = (option: Option | undefined) => Math.abs(predictor.costOf(option) - predictor.costOf(current));
    return [undefined, ...known]
      .filter((option) => option !== current)
      .sort((a, b) => distance(a) - distance(b))
      .slice(0, NEAR);
  }

  /** Makes the strengths beside an option known, and those between it and them. */
  private async refine(decision: Decision, current: Option | undefined): Promise<void> {
    const list = (this.series.get(decision) as Option[][]).find((options) => current && options.includes(current));
    if (!list || !current) return;
    const at = list.indexOf(current);
    for (const option of [list[at - 1], list[at + 1]]) {
      if (!option || this.probed.has(option) || this.options.predictor.knows(option)) continue;
      this.probed.add(option);
      await this.options.probe(decision, option);
    }
    for (const to of [at + 1, at]) {
      const [mild, strong] = [list[to - 1], list[to]];
      const between = mild && strong && optionBetween(decision, mild, strong);
      if (between) list.splice(to, 0, between);
    }
    this.options.predictor.interpolate(list);
  }
}

function keyOf(plan: Plan): string {
  return [...plan]
    .map(([name, option]) => `${name}: ${option.name}`)
    .sort()
    .join('\n');
}
