/** The knapsack against all plans, one by one. */
import { describe, expect, test } from 'vitest';
import { uniformRandom } from '../../../compiler/linalg/random.ts';
import { type Item, solveKnapsack } from '../../../compiler/search/knapsack.ts';

function randomClasses(seed: number, costs: number): Item[][] {
  const random = uniformRandom(seed);
  return Array.from({ length: 5 }, () =>
    Array.from({ length: 4 }, () => ({
      loss: random() - 0.2,
      costs: Array.from({ length: costs }, () => Math.round(200 * (random() - 0.5))),
    })),
  );
}

function* plans(classes: readonly Item[][]): Generator<Item[]> {
  const [first, ...rest] = classes;
  if (!first) return yield [];
  for (const item of first) for (const plan of plans(rest)) yield [item, ...plan];
}

const sum = (plan: readonly Item[], value: (item: Item) => number) => plan.reduce((total, item) => total + value(item), 0);

function leastLoss(classes: readonly Item[][], budgets: readonly number[]): number {
  const fitting = [...plans(classes)].filter((plan) =>
    budgets.every((budget, k) => sum(plan, ({ costs }) => costs[k] as number) <= budget),
  );
  return Math.min(...fitting.map((plan) => sum(plan, ({ loss }) => loss)));
}

describe('solveKnapsack', () => {
  test.for([1, 2, 3, 4, 5, 6, 7, 8])('one budget: the least loss there is (%i)', (seed) => {
    const classes = randomClasses(seed, 1);
    const cheapest = classes.reduce((total, items) => total + Math.min(...items.map(({ costs }) => costs[0] as number)), 0);
    for (const budget of [cheapest, cheapest + 40, cheapest + 170, 1000]) {
      const chosen = (solveKnapsack(classes, [budget]) as number[]).map((index, c) => (classes[c] as Item[])[index] as Item);
      expect(sum(chosen, ({ costs }) => costs[0] as number)).toBeLessThanOrEqual(budget);
      expect(sum(chosen, ({ loss }) => loss)).toBeCloseTo(leastLoss(classes, [budget]));
    }
    expect(solveKnapsack(classes, [cheapest - 1])).toBeUndefined();
  });

  test('two budgets: both are kept, and the loss is close to the least', () => {
    let [found, least] = [0, 0];
    for (let seed = 1; seed <= 20; seed++) {
      const classes = randomClasses(seed, 2);
      const budgets = [-20, 0];
      const chosen = solveKnapsack(classes, budgets)?.map((index, c) => (classes[c] as Item[])[index] as Item);
      if (!chosen) continue;
      for (const [k, budget] of budgets.entries()) expect(sum(chosen, ({ costs }) => costs[k] as number)).toBeLessThanOrEqual(budget);
      found += sum(chosen, ({ loss }) => loss) + 1;
      least += leastLoss(classes, budgets) + 1;
    }
    expect(least).toBeGreaterThan(10);
    expect(found / least).toBeLessThan(1.05);
  });
});
