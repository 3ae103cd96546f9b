/** Plans beside a plan. */
import { expect, test } from 'vitest';
import { kMeansCodebook } from '../../../compiler/compression/k-means-codebook.ts';
import { uniformRandom } from '../../../compiler/linalg/random.ts';
import type { Decision, Option } from '../../../compiler/search/decisions.ts';
import { Neighbourhood } from '../../../compiler/search/neighbourhood.ts';
import { type Plan, Predictor } from '../../../compiler/search/predictor.ts';

const option = (target: string, clusters: number): Option => ({
  name: `k-means-codebook ${clusters} on ${target}`,
  step: { method: kMeansCodebook, layers: [target], settings: { clusters } },
});
const decision = (target: string): Decision => ({
  name: `precision ${target}`,
  kind: 'precision',
  target,
  share: 0.5,
  series: [{ name: 'k-means-codebook', options: [96, 64, 32].map((clusters) => option(target, clusters)) }],
});
const decisions = ['a', 'b'].map(decision);
const strengthsOf = (plan: Plan) =>
  decisions.map(({ name }) => (plan.get(name)?.step?.settings as { clusters: number } | undefined)?.clusters);

/** Every cluster costs a byte; 64 on each layer is the plan. */
function around(budget: number) {
  const base = { loss: 0, costs: { size: 256 } };
  const predictor = new Predictor(decisions, ['size'], base);
  const start: Plan = new Map(decisions.map((each) => [each.name, each.series[0]?.options[1] as Option]));
  const probed: string[] = [];
  const probe = (each: Decision, of: Option) => {
    probed.push(of.name);
    const { clusters } = (of.step as NonNullable<Option['step']>).settings as { clusters: number };
    predictor.learn(new Map(), each, of, base, { loss: 0.001, costs: { size: 128 + clusters } });
    return Promise.resolve();
  };
  for (const each of decisions)
    predictor.learn(new Map(), each, each.series[0]?.options[1] as Option, base, { loss: 0.001, costs: { size: 192 } });
  predictor.anchorAt(start, { loss: 0.002, costs: { size: 128 } });
  const neighbourhood = new Neighbourhood({ decisions, predictor, random: uniformRandom(0), probe });
  return { probed, draw: () => neighbourhood.draw(start, { size: budget }) };
}

test('neighbours fit, are drawn once, and have strengths in between; what lies beside the plan is probed for it', async () => {
  const { draw, probed } = around(128);
  const found: (number | undefined)[][] = [];
  for (let plan = await draw(); plan; plan = await draw()) found.push(strengthsOf(plan));
  expect(probed.sort()).toEqual([32, 96].flatMap((clusters) => ['a', 'b'].map((target) => option(target, clusters).name)).sort());
  expect(new Set(found.map(String)).size).toBe(found.length);
  expect(found.length).toBeGreaterThan(8);
  for (const [a = 128, b = 128] of found) {
    expect(a + b).toBeLessThanOrEqual(128);
    expect([a, b]).not.toEqual([64, 64]);
  }
  expect(found.some(([a, b]) => (a ?? 0) > 64 && (b ?? 0) < 64)).toBe(true);
  expect(found.flat().some((clusters) => clusters !== undefined && ![96, 64, 32].includes(clusters))).toBe(true);
});

test('none where nothing fits', async () => {
  expect(await around(50).draw()).toBeUndefined();
});
