/**
 * The multiple-choice knapsack: of every class one item, the least loss within budgets.
 *
 *     minimise Σ loss   such that   Σ cost_k ≤ budget_k
 *
 * The first budget by exact dynamic programming over discretised costs (SPDY; post-training.md 2.2), further ones by
 * Lagrangian multipliers; then exchanges of single items repair what rounding lost.
 */

export interface Item {
  readonly loss: number;
  /** One per budget; may be negative. */
  readonly costs: readonly number[];
}

/** Steps of the first budget: rounding wastes less than a thousandth of it for up to ten classes. */
const BUCKETS = 10_000;
const MULTIPLIER_STEPS = 24;

/** @returns the index of the item of each class; undefined when even the cheapest do not fit. */
export function solveKnapsack(classes: readonly (readonly Item[])[], budgets: readonly number[]): number[] | undefined {
  if (budgets.length === 0) return classes.map((items) => indexOfLeast(items.map(({ loss }) => loss)));
  const weights = budgets.map(() => 0);
  let best: number[] | undefined;
  for (let step = 0; step < MULTIPLIER_STEPS; step++) {
    const found = solveFirst(weighted(classes, weights), budgets[0] as number);
    if (!found) return undefined;
    const exceeded = budgets.map((budget, k) => k > 0 && total(classes, found, k) > budget);
    if (!exceeded.some(Boolean)) {
      if (!best || lossOf(classes, found) < lossOf(classes, best)) best = found;
      if (weights.every((weight) => weight === 0)) break;
    }
    budgets.forEach((_, k) => {
      if (k === 0) return;
      const unit = unitOf(classes, k);
      weights[k] = exceeded[k] ? Math.max((weights[k] as number) * 1.6, unit) : (weights[k] as number) / 1.25;
    });
  }
  return best && exchange(classes, budgets, best);
}

/** A first guess of what one unit of this cost is worth in loss. */
function unitOf(classes: readonly (readonly Item[])[], k: number): number {
  const spread = (values: number[]) => Math.max(...values) - Math.min(...values);
  const losses = classes.reduce((sum, items) => sum + spread(items.map(({ loss }) => loss)), 0);
  const costs = classes.reduce((sum, items) => sum + spread(items.map((item) => item.costs[k] as number)), 0);
  return costs > 0 ? (0.01 * losses) / costs : 0;
}

function weighted(classes: readonly (readonly Item[])[], weights: readonly number[]): Item[][] {
  return classes.map((items) =>
    items.map(({ loss, costs }) => ({ loss: weights.reduce((sum, weight, k) => sum + weight * (costs[k] as number), loss), costs })),
  );
}

function total(classes: readonly (readonly Item[])[], chosen: readonly number[], k: number): number {
  return classes.reduce((sum, items, c) => sum + ((items[chosen[c] as number] as Item).costs[k] as number), 0);
}

function lossOf(classes: readonly (readonly Item[])[], chosen: readonly number[]): number {
  return classes.reduce((sum, items, c) => sum + (items[chosen[c] as number] as Item).loss, 0);
}

function indexOfLeast(values: readonly number[]): number {
  return values.reduce((best, value, i) => (value < (values[best] as number) ? i : best), 0);
}

/** Exact for whole costs up to `BUCKETS`; others are rounded up to buckets, so that what is found always fits. */
function solveFirst(classes: readonly (readonly Item[])[], budget: number): number[] | undefined {
  const least = classes.map((items) => Math.min(...items.map(({ costs }) => costs[0] as number)));
  const room = budget - least.reduce((sum, cost) => sum + cost, 0);
  if (room < 0) return undefined;
  const isWhole = room <= BUCKETS && classes.every((items) => items.every(({ costs }) => Number.isInteger(costs[0])));
  const bucket = isWhole ? 1 : room / BUCKETS;
  const needed = ({ costs }: Item, c: number) => {
    const above = (costs[0] as number) - (least[c] as number);
    return above === 0 ? 0 : Math.ceil(above / bucket - 1e-9);
  };
  const last = isWhole ? Math.floor(room) : BUCKETS;
  let losses = new Float64Array(last + 1);
  const picks = classes.map((items, c) => {
    const next = new Float64Array(last + 1).fill(Number.POSITIVE_INFINITY);
    const pick = new Int32Array(last + 1);
    items.forEach((item, index) => {
      const buckets = needed(item, c);
      for (let used = buckets; used <= last; used++) {
        const value = (losses[used - buckets] as number) + item.loss;
        if (value < (next[used] as number)) {
          next[used] = value;
          pick[used] = index;
        }
      }
    });
    losses = next;
    return pick;
  });
  const chosen = new Array<number>(classes.length);
  let used = last;
  for (let c = classes.length - 1; c >= 0; c--) {
    const index = (picks[c] as Int32Array)[used] as number;
    chosen[c] = index;
    used -= needed((classes[c] as Item[])[index] as Item, c);
  }
  return chosen;
}

/** As long as the exchange of one item lowers the loss within the exact budgets. */
function exchange(classes: readonly (readonly Item[])[], budgets: readonly number[], start: readonly number[]): number[] {
  const chosen = [...start];
  for (;;) {
    const spent = budgets.map((_, k) => total(classes, chosen, k));
    let best: { c: number; index: number; gain: number } | undefined;
    classes.forEach((items, c) => {
      const current = items[chosen[c] as number] as Item;
      items.forEach(({ loss, costs }, index) => {
        const gain = current.loss - loss;
        const fits = budgets.every((budget, k) => (spent[k] as number) + (costs[k] as number) - (current.costs[k] as number) <= budget);
        if (fits && gain > (best?.gain ?? 0)) best = { c, index, gain };
      });
    });
    if (!best) return chosen;
    chosen[best.c] = best.index;
  }
}
