/** Judging on all samples, and on those that the original is least sure of. */
import { expect, test } from 'vitest';
import { indexOfMaximum } from '../../../compiler/compression/measure.ts';
import { Executor } from '../../../compiler/execute.ts';
import type { Graph, TypedArray } from '../../../compiler/graph.ts';
import { uniformRandom } from '../../../compiler/linalg/random.ts';
import { Judge } from '../../../compiler/search/judge.ts';
import { threeConvolutions } from './three-convolutions.ts';

const graph = threeConvolutions();
const random = uniformRandom(1);
const inputs = Array.from({ length: 60 }, () => [Float32Array.from({ length: 8 * 8 * 4 }, () => random() - 0.5)]);
const samples = { count: 60, at: (index: number) => inputs[index] as Float32Array[], label: (index: number) => index % 64 };

/** The graph with other weights in its first layer. */
function changed(amount: number): Graph {
  const name = graph.nodes[0]?.inputs[1] as string;
  const value = graph.values.get(name) as NonNullable<ReturnType<Graph['values']['get']>>;
  const noise = uniformRandom(2);
  const constant = Float32Array.from(value.constant as Float32Array, (weight) => weight + amount * (noise() - 0.5));
  return { ...graph, values: new Map(graph.values).set(name, { ...value, constant }) };
}

async function answers(of: Graph): Promise<TypedArray[]> {
  const executor = await Executor.create(of);
  return inputs.map((input) => executor.run(input)[0]?.data as TypedArray);
}

test('an unchanged network keeps every answer, on whatever is run', async () => {
  const full = await Judge.create(graph, samples);
  for (const judge of [full, full.contested(12), full.contested(1000)]) {
    expect(await judge.judge(graph)).toMatchObject({ drop: 0, agreement: 1, loss: 0 });
    expect(judge.originalTop1).toBe(full.originalTop1);
  }
});

test('the contested samples have the smallest margins; on the others the choice counts as the original one', async () => {
  const [before, after] = [await answers(graph), await answers(changed(0.2))];
  const margins = before.map((answer) => {
    const [first, second] = Float64Array.from(answer).sort().reverse() as unknown as [number, number];
    return first - second;
  });
  const run = [...margins.keys()].sort((a, b) => (margins[a] as number) - (margins[b] as number)).slice(0, 20);
  const choices = before.map((answer, i) => indexOfMaximum(run.includes(i) ? (after[i] as TypedArray) : answer));
  const agreement = choices.filter((choice, i) => choice === indexOfMaximum(before[i] as TypedArray)).length / 60;
  const top1 = choices.filter((choice, i) => choice === samples.label(i)).length / 60;
  const full = await Judge.create(graph, samples);
  const judged = await full.contested(20).judge(changed(0.2));
  expect(judged.agreement).toBeCloseTo(agreement, 12);
  expect(judged.agreement).toBeLessThan(1);
  expect(judged.top1).toBeCloseTo(top1, 12);
  expect(judged.drop).toBeCloseTo(100 * ((full.originalTop1 as number) - top1), 10);
});

test('without labels the drop is that of agreement', async () => {
  const { count, at } = samples;
  const full = await Judge.create(graph, { count, at });
  const { agreement, drop } = await full.contested(20).judge(changed(0.2));
  expect(drop).toBeCloseTo(100 * (1 - agreement), 10);
  expect(full.originalTop1).toBeUndefined();
});
