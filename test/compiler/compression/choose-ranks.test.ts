/** Ranks under one budget: the greedy choice is the best one on convex curves, and budgets are kept. */
import { expect, test } from 'vitest';
import { chooseRanks, evenRanks, type RankCurve } from '../../../compiler/compression/choose-ranks.ts';
import { methodNamed } from '../../../compiler/compression/index.ts';
import { macsOfChain } from '../../../compiler/compression/layer-chain.ts';
import { layersOf } from '../../../compiler/compression/layers.ts';
import type { CompressionMethod } from '../../../compiler/compression/method.ts';
import { networkCost } from '../../../compiler/compression/network-cost.ts';
import { UsageError } from '../../../compiler/errors.ts';
import { contextOf, convolutions, randomSamples } from './network-case.ts';

const easy: RankCurve = { layer: 'easy', macs: 100, macsPerRank: 10, losses: [0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001] };
const hard: RankCurve = { layer: 'hard', macs: 120, macsPerRank: 20, losses: [4, 3, 2, 1, 0.5] };

test('no other choice of the same size loses less', () => {
  for (const budget of [200, 150, 110, 60, 35]) {
    const ranks = chooseRanks([easy, hard], budget);
    const cost = (curve: RankCurve, rank: number | undefined) => (rank === undefined ? curve.macs : rank * curve.macsPerRank);
    const loss = (curve: RankCurve, rank: number | undefined) => (rank === undefined ? 0 : (curve.losses[rank - 1] as number));
    const total = cost(easy, ranks?.get('easy')) + cost(hard, ranks?.get('hard'));
    expect(total).toBeLessThanOrEqual(budget);
    const found = loss(easy, ranks?.get('easy')) + loss(hard, ranks?.get('hard'));
    for (const a of [undefined, 1, 2, 3, 4, 5, 6, 7, 8, 9])
      for (const b of [undefined, 1, 2, 3, 4, 5])
        if (cost(easy, a) + cost(hard, b) <= total) expect(loss(easy, a) + loss(hard, b)).toBeGreaterThanOrEqual(found - 1e-12);
  }
});

test('layers stay as they are where the budget allows it, and a budget below rank 1 cannot be met', () => {
  expect(chooseRanks([easy, hard], 220)?.size).toBe(0);
  expect(chooseRanks([easy, hard], 29)).toBeUndefined();
});

test('an even share leaves no room for a larger one', () => {
  expect(evenRanks([easy, hard], 110)).toEqual(
    new Map([
      ['easy', 5],
      ['hard', 3],
    ]),
  );
  expect(evenRanks([easy, hard], 220)?.size).toBe(0);
  expect(evenRanks([easy, hard], 29)).toBeUndefined();
});

test.for(['even', 'energy'])('the network keeps its budget, counted as it runs: %s', async (spread) => {
  const graph = convolutions();
  const context = contextOf(graph, randomSamples(graph, 60));
  const method = methodNamed('cp-factors') as CompressionMethod;
  const layers = layersOf(graph).filter(({ name }) => name !== 'c');
  const { network } = await method.apply(context, layers, method.options.parse({ macs: 0.7, iterations: 30, spread }));
  const before = networkCost(graph).macs;
  expect(networkCost(network.graph).macs).toBeLessThanOrEqual(0.7 * before);
  expect(networkCost(network.graph).macs).toBeGreaterThan(0.5 * before);
  await expect(method.apply(context, layers, method.options.parse({ macs: 0.01 }))).rejects.toThrow(UsageError);
});

test('a chain before a stride runs at the resolution of the input', () => {
  const graph = convolutions();
  const b = layersOf(graph).find(({ name }) => name === 'b');
  const window = { kernel: [3, 3], stride: [2, 2], dilation: [1, 1], padBefore: [1, 1], padAfter: [1, 1] } as const;
  const links = [
    { outputs: 2, weights: new Float64Array(16) },
    { outputs: 2, weights: new Float64Array(18), window, groups: 2 },
    { outputs: 6, weights: new Float64Array(12) },
  ];
  expect(macsOfChain(graph, b!, links)).toBe(16 * 36 + 18 * 9 + 12 * 9);
});
