/** Methods alone, in a laboratory where sizes and losses are known. */
import { expect, test } from 'vitest';
import { type Decision, decisionsOf } from '../../../compiler/search/decisions.ts';
import type { Measured } from '../../../compiler/search/laboratory.ts';
import type { Plan } from '../../../compiler/search/predictor.ts';
import { singleMethods } from '../../../compiler/search/single-methods.ts';
import { threeConvolutions } from './three-convolutions.ts';

const settingsOf = (plan: Plan) => [...plan.values()].map(({ step, bits }) => ({ ...step?.settings, ...bits, method: step?.method.name }));

/** 8 bytes for each of the shared values; bits lose more than they are worth; nothing else can be applied. */
function measure(plan: Plan): Promise<Measured | undefined> {
  const settings = settingsOf(plan) as { method?: string; clusters?: number; bits?: number }[];
  const result = (size: number, loss: number): Measured => ({
    costs: { size },
    ...{ loss, drop: 0, agreement: 1, parameters: 1, arenaBytes: 1 },
  });
  const mean = (values: (number | undefined)[]) => values.reduce<number>((sum, value) => sum + (value ?? 0) / values.length, 0);
  if (settings.every(({ clusters }) => clusters !== undefined)) {
    const clusters = mean(settings.map((entry) => entry.clusters));
    return Promise.resolve(result(8 * clusters, 0.01 + 1 / clusters));
  }
  const bits = mean(settings.map((entry) => entry.bits));
  return Promise.resolve(bits > 0 ? result(100 * bits, 0.4 + 0.05 * (8 - bits)) : undefined);
}

async function singles(limit: number) {
  const decisions = decisionsOf(threeConvolutions(), true);
  const measured: Plan[] = [];
  const found = await singleMethods({
    decisions,
    kinds: ['precision', 'zeros'],
    base: { costs: { size: 1000 }, loss: 0.01, drop: 0, agreement: 1, parameters: 1, arenaBytes: 1 },
    fits: ({ costs }) => (costs.size as number) <= limit,
    measure: (plan) => {
      measured.push(plan);
      return measure(plan);
    },
    isOver: () => false,
    onProgress: () => {},
  });
  return { ...found, measured };
}

const clustersOf = (decisions: readonly Decision[]) =>
  decisions
    .flatMap(({ target, series }) => (target === 'conv1' ? series : []))
    .find(({ name }) => name === 'k-means-codebook')
    ?.options.map((option) => settingsOf(new Map([['', option]]))[0] as unknown as { clusters: number })
    .map(({ clusters }) => clusters);

test('a method is as mild as the limit allows, on all of its layers, between the listed strengths, too', async () => {
  const { found, decisions, refused } = await singles(8 * 55);
  const [best] = found;
  expect(best?.name).toBe('k-means-codebook sweeps 0');
  expect(settingsOf(best?.plan as Plan)).toEqual([
    { clusters: 55, sweeps: 0, method: 'k-means-codebook' },
    { clusters: 55, sweeps: 0, method: 'k-means-codebook' },
  ]);
  expect(best?.loss).toBeCloseTo(1 / 55);
  const clusters = clustersOf(decisions) as number[];
  expect(clusters).toEqual(expect.arrayContaining([56, 55, 54, 52, 48]));
  expect(clusters).toEqual([...clusters].sort((a, b) => b - a));
  expect(refused).not.toContain('k-means-codebook');
});

test('what loses clearly more than the best, or fails, is refused: after one measurement', async () => {
  const { found, refused, measured } = await singles(8 * 55);
  expect(found.map(({ name }) => name)).toEqual(['k-means-codebook sweeps 0', 'k-means-codebook']);
  expect([...refused]).toEqual(expect.arrayContaining(['weight bits', 'magnitude-pruning', 'sparse-gpt']));
  expect(measured.filter((plan) => settingsOf(plan).some(({ method }) => method === 'sparse-gpt'))).toHaveLength(1);
});
