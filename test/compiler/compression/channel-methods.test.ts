/** Methods that remove whole channels: duplicates, dead, rare, by norm and by importance. */
import { describe, expect, test } from 'vitest';
import { channelIntervals } from '../../../compiler/compression/channel-intervals.ts';
import { traceChannels } from '../../../compiler/compression/channels.ts';
import { keptWidth } from '../../../compiler/compression/choose-channels.ts';
import { layersOf, withWeights } from '../../../compiler/compression/layers.ts';
import { Referee } from '../../../compiler/compression/measure.ts';
import { mergeDuplicateChannels } from '../../../compiler/compression/merge-duplicate-channels.ts';
import type { CompressionMethod } from '../../../compiler/compression/method.ts';
import { originalNetwork } from '../../../compiler/compression/network.ts';
import { pruneByImportance, unitImportance } from '../../../compiler/compression/prune-by-importance.ts';
import { pruneFilters } from '../../../compiler/compression/prune-filters.ts';
import { removeDeadChannels } from '../../../compiler/compression/remove-dead-channels.ts';
import { removeRareChannels } from '../../../compiler/compression/remove-rare-channels.ts';
import type { SampleSet } from '../../../compiler/compression/values.ts';
import type { Graph } from '../../../compiler/graph.ts';
import { Add } from '../../../compiler/ops/add.ts';
import { unclamped } from '../../../compiler/ops/elementwise.ts';
import { MaxPool } from '../../../compiler/ops/max-pool.ts';
import { Reshape } from '../../../compiler/ops/reshape.ts';
import { addConv, buildGraph } from '../passes/pass-case.ts';
import { lcg } from './lcg.ts';
import { addDense, contextOf, largestDifference, randomSamples } from './network-case.ts';

const widths = (graph: Graph) => layersOf(graph).map(({ outputs }) => outputs);
const window3 = { kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1] } as const;

async function apply(method: CompressionMethod, graph: Graph, samples: SampleSet, options: Record<string, unknown> = {}): Promise<Graph> {
  return (await method.apply(contextOf(graph, samples), layersOf(graph), method.options.parse(options))).network.graph;
}

describe('duplicates', () => {
  test('rows of [W | b] that are positive multiples merge exactly behind a ReLU', async () => {
    const first = lcg(1, 6 * 5);
    const bias = [...lcg(2, 6)];
    for (let i = 0; i < 5; i++) first[3 * 5 + i] = 2.5 * first[5 + i]!;
    bias[3] = 2.5 * bias[1]!;
    const graph = buildGraph({ x: [1, 5] }, (g) => [addDense(g, addDense(g, 'x', 'a', first, bias, true), 'b', lcg(3, 24), lcg(4, 4))]);
    const samples = randomSamples(graph, 50);
    const merged = await apply(mergeDuplicateChannels, graph, samples);
    expect(widths(merged)).toEqual([5, 4]);
    expect(await largestDifference(graph, merged, samples)).toBeLessThan(1e-5);
  });

  test('an affine copy without activation merges; a copy that only correlates does not', async () => {
    const first = lcg(1, 4 * 5);
    for (let i = 0; i < 5; i++) {
      first[5 + i] = -2 * first[i]!;
      first[10 + i] = first[i]! + (i === 0 ? 0.15 : 0);
    }
    const graph = buildGraph({ x: [1, 5] }, (g) => [
      addDense(g, addDense(g, 'x', 'a', first, [0.1, 3, 0.2, 0.3]), 'b', lcg(3, 16), lcg(4, 4)),
    ]);
    const samples = randomSamples(graph, 50);
    const merged = await apply(mergeDuplicateChannels, graph, samples, { correlation: 0.95 });
    expect(widths(merged)).toEqual([3, 4]);
    expect(await largestDifference(graph, merged, samples)).toBeLessThan(1e-5);
  });

  test('a shifted copy stays where the layer behind pads: its border would be another', async () => {
    const build = (pad: number) => {
      const graph = buildGraph({ x: [1, 5, 5, 2] }, (g) => [
        addConv(g, addConv(g, 'x', 'a', 4), 'b', 3, pad ? window3 : { kernel: [3, 3] }),
      ]);
      const layer = layersOf(graph)[0]!;
      return withWeights(
        graph,
        layer,
        layer.weights.map((w, i) => (i >= 6 ? layer.weights[i - 6]! : w)),
        [0.1, 0.2, 0.3, 0.9],
      );
    };
    for (const [pad, expected] of [
      [1, 4],
      [0, 3],
    ] as const) {
      const graph = build(pad);
      const samples = randomSamples(graph, 20);
      const merged = await apply(mergeDuplicateChannels, graph, samples);
      expect(widths(merged)[0]).toBe(expected);
      expect(await largestDifference(graph, merged, samples)).toBeLessThan(1e-5);
    }
  });
});

describe('dead channels', () => {
  test('are found by their weights alone, through pools, flattening and shortcuts, and nothing changes', async () => {
    const graph = buildGraph({ x: [1, 4, 4, 2] }, (g) => {
      const stem = addConv(g, 'x', 'stem', 6, { clamp: [0, Infinity] });
      const branch = addConv(g, stem, 'branch', 6, { ...window3, clamp: [0, Infinity] });
      const sum = g.addOne(Add, [stem, branch], unclamped);
      const pooled = g.addOne(MaxPool, [sum], {
        kernel: [2, 2],
        stride: [2, 2],
        dilation: [1, 1],
        padBefore: [0, 0],
        padAfter: [0, 0],
        ceil: false,
      });
      return [addDense(g, g.addOne(Reshape, [pooled], { shape: [1, 24] }), 'fc', lcg(3, 72), lcg(4, 3))];
    });
    const [stem, branch, fc] = layersOf(graph) as [never, never, never] as unknown as ReturnType<typeof layersOf>;
    const zeroRow = (layer: typeof stem, row: number) => layer!.weights.map((w, i) => (Math.floor(i / layer!.columns) === row ? 0 : w));
    // Channel 1: both producers can only answer max(0, -0.5) = 0. Channel 4: nobody reads it. Channel 2: the branch alone is dead.
    let changed = withWeights(graph, stem!, zeroRow(stem!, 1), [0.1, -0.5, 0.2, 0.3, 0.1, 0.2]);
    changed = withWeights(
      changed,
      branch!,
      zeroRow(branch!, 1).map((w, i) => (i % 6 === 4 || Math.floor(i / 54) === 2 ? 0 : w)),
      [0.1, -0.5, -1, 0.3, 0.1, 0.2],
    );
    changed = withWeights(
      changed,
      fc!,
      fc!.weights.map((w, i) => (i % 6 === 4 ? 0 : w)),
    );
    const dead = await apply(removeDeadChannels, changed, { count: 0, at: () => [] });
    expect(widths(dead)).toEqual([4, 4, 3]);
    expect(await largestDifference(changed, dead, randomSamples(graph, 5))).toBeLessThan(1e-6);
  });

  test('intervals hold everything that a channel can be', () => {
    const graph = buildGraph({ x: [1, 3] }, (g) => [
      addDense(g, addDense(g, 'x', 'a', [1, 0, 0, 0, 0, 0], [0.5, -0.25], true), 'b', [1, -2, -1, 0], [0.5, -1], true),
    ]);
    const intervals = channelIntervals(graph);
    expect([...intervals.get('a')!.low, ...intervals.get('a')!.high]).toEqual([0, 0, Infinity, 0]);
    // b0 = relu(0.5 + a0 - 2 · 0), b1 = relu(-1 - a0): never more than 0.
    expect([...intervals.get('b')!.low]).toEqual([expect.closeTo(0.5, 4), 0]);
    expect([...intervals.get('b')!.high]).toEqual([Infinity, 0]);
  });
});

test('rare channels are replaced by their mean, and the rest is refitted', async () => {
  const graph = buildGraph({ x: [1, 5] }, (g) => [
    addDense(g, addDense(g, 'x', 'a', lcg(1, 30), [0, 0, -1.6, 0, 0, 0], true), 'b', lcg(3, 24), lcg(4, 4)),
  ]);
  const samples = randomSamples(graph, 200);
  const refitted = await apply(removeRareChannels, graph, samples, { firing: 0.1 });
  expect(widths(refitted)).toEqual([5, 4]);
  const folded = await apply(removeRareChannels, graph, samples, { firing: 0.1, refit: false });
  expect(await largestDifference(graph, folded, samples)).toBeLessThan(1.5);
  expect(widths(await apply(removeRareChannels, graph, samples, { firing: 0 }))).toEqual([6, 4]);
});

describe('by score', () => {
  const residual = () =>
    buildGraph({ x: [1, 6, 6, 3] }, (g) => {
      const stem = addConv(g, 'x', 'stem', 8, { ...window3, clamp: [0, Infinity] });
      const inner = addConv(g, stem, 'inner', 6, { ...window3, clamp: [0, Infinity] });
      const sum = g.addOne(Add, [stem, addConv(g, inner, 'outer', 8)], unclamped, { output: 'sum' });
      return [addConv(g, sum, 'head', 2)];
    });

  test('widths are rounded up to the multiple and never to nothing', () => {
    expect(keptWidth(100, { keep: 0.5, multiple: 1 })).toBe(50);
    expect(keptWidth(100, { keep: 0.5, multiple: 16 })).toBe(64);
    expect(keptWidth(10, { keep: 0.01, multiple: 4 })).toBe(4);
    expect(keptWidth(3, { keep: 1, multiple: 8 })).toBe(3);
  });

  test('filters with small norms go; tied layers add up', async () => {
    const graph = residual();
    const [stem, , outer] = layersOf(graph);
    // Channel 5 is smallest in the sum of both producers, though not in each of them.
    const norm = (layer: NonNullable<typeof stem>, row: number) =>
      layer.weights.slice(row * layer.columns, (row + 1) * layer.columns).reduce((sum, w) => sum + Math.abs(w), 0);
    const order = Array.from({ length: 8 }, (_, i) => i).sort(
      (i, j) => norm(stem!, j) + norm(outer!, j) - norm(stem!, i) - norm(outer!, i),
    );
    const { network } = await pruneFilters.apply(
      contextOf(graph, randomSamples(graph, 2)),
      layersOf(graph),
      pruneFilters.options.parse({ keep: 0.5, refit: false }),
    );
    expect(widths(network.graph)).toEqual([4, 3, 4, 2]);
    expect([...network.channels.get('sum')!]).toEqual(order.slice(0, 4).sort((a, b) => a - b));
  });

  test('refitting what reads them helps', async () => {
    const graph = residual();
    const samples = randomSamples(graph, 60);
    const referee = await Referee.create(graph, samples);
    const error = async (refit: boolean) =>
      (await referee.measure(await apply(pruneFilters, graph, samples, { keep: 0.75, refit }))).outputError;
    expect(await error(true)).toBeLessThan(0.75 * (await error(false)));
  });

  test('importance is what flows back through absolute weights', async () => {
    const graph = buildGraph({ x: [1, 2] }, (g) => [
      addDense(
        g,
        addDense(g, addDense(g, 'x', 'a', [1, 1, 1, 1], [0, 0], true), 'b', [1, -2, 3, -4], [0, 0], true),
        'y',
        [0.5, -1, 2, 0],
        [0, 0],
      ),
    ]);
    const traced = traceChannels(graph);
    const importance = unitImportance(originalNetwork(graph), traced);
    const of = (name: string) => [...traced.units.get(name)!].map((unit) => importance.get(unit));
    // s_b = |[[0.5, -1], [2, 0]]|ᵀ [1, 1]; s_a = |[[1, -2], [3, -4]]|ᵀ s_b.
    expect(of('b')).toEqual([2.5, 1]);
    expect(of('a')).toEqual([5.5, 9]);
    const { network } = await pruneByImportance.apply(
      contextOf(graph, randomSamples(graph, 2)),
      layersOf(graph),
      pruneByImportance.options.parse({}),
    );
    expect([...network.channels.get('a')!, ...network.channels.get('b')!]).toEqual([1, 0]);
  });
});
