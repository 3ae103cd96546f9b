/**
 * What a plan will cost and lose, predicted from measurements of single options: increments add up around an *anchor*, a
 * plan that was measured as a whole. Whenever a plan is measured it can become the anchor, so that the prediction is
 * exact there; `scale` learns how much less options save together than alone.
 */
import type { Decision, Option, Series } from './decisions.ts';
import type { Costs, Metric } from './goal.ts';
import { type Item, solveKnapsack } from './knapsack.ts';

/** One option, or nothing, for every decision by its name. */
export type Plan = ReadonlyMap<string, Option>;

export interface Outcome {
  readonly loss: number;
  readonly costs: Costs;
}

/** Increments against leaving the decision's target as it is. */
interface Increment {
  loss: number;
  costs: number[];
}

/** What a probe's few samples tell from nothing: beside the errors of int8 itself, which are of this size, smaller ones are noise. */
export const SURE_LOSS = 5e-4;

export class Predictor {
  private readonly increments = new Map<Option, Increment>();
  private anchor: { readonly plan: Plan; readonly outcome: Outcome };

  /** @param base the outcome of the plan that chooses nothing */
  constructor(
    private readonly decisions: readonly Decision[],
    private readonly metrics: readonly Metric[],
    base: Outcome,
  ) {
    this.anchor = { plan: new Map(), outcome: base };
  }

  private costsOf({ costs }: Outcome): number[] {
    return this.metrics.map((metric) => costs[metric] ?? 0);
  }

  /** Whether it was measured alone, or told from its neighbours in strength. */
  knows(option: Option): boolean {
    return this.increments.has(option);
  }

  private incrementOf(option: Option | undefined): Increment {
    return (option && this.increments.get(option)) ?? { loss: 0, costs: this.metrics.map(() => 0) };
  }

  /** What it adds to the first cost. */
  costOf(option: Option | undefined): number {
    return this.incrementOf(option).costs[0] as number;
  }

  /** `option` in the place of what `plan` has for its decision turned `before` into `after`. */
  learn(plan: Plan, decision: Decision, option: Option, before: Outcome, after: Outcome): void {
    const replaced = this.incrementOf(plan.get(decision.name));
    const [was, is] = [this.costsOf(before), this.costsOf(after)];
    this.increments.set(option, {
      loss: replaced.loss + after.loss - before.loss,
      costs: replaced.costs.map((cost, k) => cost + (is[k] as number) - (was[k] as number)),
    });
  }

  /**
   * Completes and smooths a series: losses grow by equal factors with the cost that is saved, as those of rounding do with
   * the bits that are left. Small ones are noise in a probe; they are told from larger ones of stronger settings.
   */
  smooth({ options }: Series): void {
    const known = options.flatMap((option) => this.increments.get(option) ?? []);
    const sure = known.filter(({ loss }) => loss >= SURE_LOSS);
    const [milder, stronger] = sure as [Increment?, Increment?];
    const saved = ({ costs }: Increment) => -(costs[0] as number);
    for (const increment of known) {
      if (increment.loss >= SURE_LOSS) continue;
      const slope = milder && stronger ? Math.log(stronger.loss / milder.loss) / (saved(stronger) - saved(milder)) : Number.NaN;
      const told = milder ? milder.loss * Math.exp(slope * (saved(increment) - saved(milder))) : Number.NaN;
      increment.loss = slope > 0 && told < SURE_LOSS ? told : Math.max(0, increment.loss);
    }
    this.interpolate(options);
  }

  /** Settings between two that are known lie between them. */
  interpolate(options: readonly Option[]): void {
    const known = options.flatMap((option, at) => (this.increments.has(option) ? [at] : []));
    known.slice(1).forEach((to, k) => {
      const from = known[k] as number;
      const [mild, strong] = [from, to].map((at) => this.incrementOf(options[at])) as [Increment, Increment];
      for (let at = from + 1; at < to; at++) {
        const share = (at - from) / (to - from);
        const between = (a: number, b: number) => a + share * (b - a);
        const isSome = mild.loss > 0 && strong.loss > 0;
        this.increments.set(options[at] as Option, {
          loss: isSome ? mild.loss * (strong.loss / mild.loss) ** share : between(mild.loss, strong.loss),
          costs: mild.costs.map((cost, i) => between(cost, strong.costs[i] as number)),
        });
      }
    });
  }

  /** This plan was measured: predictions start from it, and savings are scaled to what it shows. */
  anchorAt(plan: Plan, outcome: Outcome): void {
    this.attribute(plan, outcome);
    const predicted = this.costsOf(this.predict(plan));
    const [from, to] = [this.costsOf(this.anchor.outcome), this.costsOf(outcome)];
    this.metrics.forEach((_, k) => {
      const [expected, found] = [(predicted[k] as number) - (from[k] as number), (to[k] as number) - (from[k] as number)];
      const ratio = Math.abs(expected) > 0.02 * (from[k] as number) ? found / expected : 1;
      // Beyond this something else than an interaction is the reason.
      if (ratio < 0.5 || ratio > 2) return;
      for (const { costs } of this.increments.values()) costs[k] = (costs[k] as number) * ratio;
    });
    this.anchor = { plan, outcome };
  }

  /** Options that were never measured alone: what the others of this plan do not explain, by the size of their targets. */
  private attribute(plan: Plan, outcome: Outcome): void {
    const unknown = this.decisions.flatMap(({ name, share }) => {
      const option = plan.get(name);
      return option && !this.increments.has(option) ? [{ option, share }] : [];
    });
    const total = unknown.reduce((sum, { share }) => sum + share, 0);
    const predicted = this.predict(plan);
    const [from, to] = [this.costsOf(predicted), this.costsOf(outcome)];
    for (const { option, share } of unknown) {
      const part = share / total;
      const costs = to.map((cost, k) => part * (cost - (from[k] as number)));
      this.increments.set(option, { loss: part * (outcome.loss - predicted.loss), costs });
    }
  }

  predict(plan: Plan): Outcome {
    const { outcome } = this.anchor;
    const costs = this.costsOf(outcome);
    let { loss } = outcome;
    for (const { name } of this.decisions) {
      const [to, from] = [this.incrementOf(plan.get(name)), this.incrementOf(this.anchor.plan.get(name))];
      loss += to.loss - from.loss;
      costs.forEach((_, k) => {
        costs[k] = (costs[k] as number) + (to.costs[k] as number) - (from.costs[k] as number);
      });
    }
    return { loss, costs: Object.fromEntries(this.metrics.map((metric, k) => [metric, costs[k] as number])) };
  }

  /**
   * The plan with the least predicted loss within the budgets; where they cannot be kept, the cheapest one.
   * @param weigh multiplies the loss of an option, to try other plans of nearly the same worth
   */
  best(budgets: Costs, weigh: (option: Option) => number = () => 1): Plan {
    const choices = this.decisions.map(({ series }) => [
      undefined,
      ...series.flatMap(({ options }) => options).filter((option) => this.increments.has(option)),
    ]);
    const classes = choices.map((list) =>
      list.map((option): Item => {
        const { loss, costs } = this.incrementOf(option);
        return { loss: option ? loss * weigh(option) : 0, costs };
      }),
    );
    const start = this.costsOf(this.predict(new Map()));
    const limits = this.metrics.map((metric, k) => {
      const cheapest = classes.reduce((sum, items) => sum + Math.min(...items.map(({ costs }) => costs[k] as number)), 0);
      return Math.max((budgets[metric] ?? Number.MAX_SAFE_INTEGER) - (start[k] as number), cheapest);
    });
    const chosen = solveKnapsack(classes, limits) ?? solveKnapsack(classes, limits.slice(0, 1)) ?? [];
    return new Map(
      this.decisions.flatMap(({ name }, d) => {
        const option = choices[d]?.[chosen[d] ?? 0];
        return option ? [[name, option] as const] : [];
      }),
    );
  }

  /**
   * Exchanges of single options that promise most at the price that the budget has: loss per unit of the first cost.
   * @returns at most `count`, the best first
   */
  promising(plan: Plan, budgets: Costs, count: number): { decision: Decision; option: Option | undefined }[] {
    const metric = this.metrics[0] as Metric;
    const budget = budgets[metric] ?? 0;
    const [tight, loose] = [0.97, 1.03].map((factor) => this.predict(this.best({ ...budgets, [metric]: budget * factor }))) as [
      Outcome,
      Outcome,
    ];
    const spread = (loose.costs[metric] ?? 0) - (tight.costs[metric] ?? 0);
    const price = spread > 0 ? Math.max(0, (tight.loss - loose.loss) / spread) : 0;
    const worth = (option: Option | undefined) => {
      const { loss, costs } = this.incrementOf(option);
      return loss + price * (costs[0] as number);
    };
    return this.decisions
      .flatMap((decision) => {
        const current = plan.get(decision.name);
        const others = decision.series.flatMap(({ options }) => options).filter((option) => this.increments.has(option));
        return [undefined, ...others]
          .filter((option) => option !== current)
          .map((option) => ({ decision, option, gain: worth(current) - worth(option) }));
      })
      .sort((a, b) => b.gain - a.gain)
      .slice(0, count)
      .map(({ decision, option }) => ({ decision, option }));
  }
}
