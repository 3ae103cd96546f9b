/** Magnitude pruning: exact counts, granularities, scopes, and the golden values of methods.md 1. */
import { describe, expect, test } from 'vitest';
import { relativeError } from '../../../compiler/compression/covariances.ts';
import {
  granularities,
  groupScores,
  keepInPattern,
  keepLargest,
  supportOf,
  weightGroups,
} from '../../../compiler/compression/granularity.ts';
import { countNonzero, type Layer, layersOf } from '../../../compiler/compression/layers.ts';
import { lampScores, magnitudePruning, sparsitySchedule } from '../../../compiler/compression/magnitude-pruning.ts';
import { Referee } from '../../../compiler/compression/measure.ts';
import { refit } from '../../../compiler/compression/refit.ts';
import type { LayerStatistics } from '../../../compiler/compression/statistics.ts';
import { UsageError } from '../../../compiler/errors.ts';
import type { Graph } from '../../../compiler/graph.ts';
import { damped } from '../../../compiler/linalg/cholesky.ts';
import { matrix, trace } from '../../../compiler/linalg/matrix.ts';
import { multiply, multiplyTransposed } from '../../../compiler/linalg/multiply.ts';
import { addConv, buildGraph } from '../passes/pass-case.ts';
import { lcg, lcgMatrix } from './lcg.ts';
import { addDense, contextOf, largestDifference, randomSamples } from './network-case.ts';

function denseGraph(): Graph {
  return buildGraph({ x: [1, 24] }, (g) => [
    addDense(g, addDense(g, 'x', 'a', lcg(5, 480), lcg(6, 20), true), 'b', lcg(7, 200), lcg(8, 10)),
  ]);
}

const prune = async (graph: Graph, options: Record<string, unknown>, samples = randomSamples(graph, 30)) =>
  (await magnitudePruning.apply(contextOf(graph, samples), layersOf(graph), magnitudePruning.options.parse(options))).network.graph;

const nonzeros = (graph: Graph) => layersOf(graph).map(({ weights }) => countNonzero(weights));

describe('counts', () => {
  test.for([0, 0.1, 0.25, 0.37, 0.9, 1])('are exact at sparsity %f', async (sparsity) => {
    expect(nonzeros(await prune(denseGraph(), { sparsity, refit: false }))).toEqual(
      [480, 200].map((n) => n - Math.ceil(sparsity * n - 1e-9)),
    );
  });

  test('are exact where all magnitudes are equal', () => {
    expect([...keepLargest([1, 1, 1, 1], 0.5)]).toEqual([0, 0, 1, 1]);
    expect([...keepLargest(new Array(30).fill(2), 0.1)].filter((kept) => kept === 0)).toHaveLength(3);
  });

  test('are exact over all layers', async () => {
    for (const scope of ['global', 'lamp']) {
      const left = nonzeros(await prune(denseGraph(), { sparsity: 0.3, scope, refit: false }));
      expect(left[0]! + left[1]!, scope).toBe(680 - 204);
    }
  });

  test('sparsity 0 changes nothing', async () => {
    const graph = denseGraph();
    expect(await largestDifference(graph, await prune(graph, { sparsity: 0, refit: false }), randomSamples(graph, 3))).toBe(0);
  });
});

describe('thresholds', () => {
  test('compare magnitudes, not signed weights', async () => {
    const graph = await prune(denseGraph(), { threshold: 0.5, refit: false });
    const [before, after] = [layersOf(denseGraph())[0]!, layersOf(graph)[0]!];
    before.weights.forEach((weight, i) => expect(after.weights[i]).toBe(Math.abs(weight) >= 0.5 ? weight : 0));
    expect(after.weights.some((weight) => weight < 0)).toBe(true);
  });

  test('in standard deviations', async () => {
    const graph = await prune(denseGraph(), { deviations: 1, refit: false });
    // Uniform in [-1, 1): one standard deviation is 1 / √3.
    expect(nonzeros(graph)[0]! / 480).toBeCloseTo(1 - 1 / Math.sqrt(3), 1);
  });

  test('by what the layer bears', async () => {
    const strict = nonzeros(await prune(denseGraph(), { sensitivity: 0.001 }));
    const lax = nonzeros(await prune(denseGraph(), { sensitivity: 0.2 }));
    expect(lax[0]).toBeLessThan(strict[0]!);
    const samples = randomSamples(denseGraph(), 30);
    const result = await magnitudePruning.apply(
      contextOf(denseGraph(), samples),
      layersOf(denseGraph()),
      magnitudePruning.options.parse({ sensitivity: 0.2 }),
    );
    for (const { relativeError: error } of result.layers) expect(error).toBeLessThan(0.2);
  });

  test('LAMP scores divide by the sum of what is not smaller', () => {
    expect([...lampScores([3, -1, 2])]).toEqual([1, 1 / 14, 4 / 13]);
  });
});

describe('granularity', () => {
  const layer = layersOf(buildGraph({ x: [1, 6, 6, 5] }, (g) => [addConv(g, 'x', 'c', 20, { kernel: [3, 2] })]))[0] as Layer;
  const sizes: Record<(typeof granularities)[number], [count: number, size: number]> = {
    weight: [600, 1],
    vector: [20 * 5 * 3, 2],
    kernel: [100, 6],
    filter: [20, 30],
    column: [30, 20],
    'block-1x16': [40, 16],
    'block-16x4': [16, 64],
  };

  test.for(granularities)('%s', (granularity) => {
    const { groupOf, count } = weightGroups(layer, granularity);
    expect(count).toBe(sizes[granularity][0]);
    expect(Math.max(...Array.from({ length: count }, (_, group) => groupOf.filter((g) => g === group).length))).toBe(sizes[granularity][1]);
  });

  test('groups are zeros of the stored matrix: a kernel is one channel at every tap, a vector one row of it', () => {
    const members = (granularity: (typeof granularities)[number], group: number) => {
      const { groupOf } = weightGroups(layer, granularity);
      return [...groupOf.keys()].filter((i) => groupOf[i] === group);
    };
    // Columns are tap · 5 + channel; kernel 7 is row 1, channel 2.
    expect(members('kernel', 7)).toEqual([0, 1, 2, 3, 4, 5].map((tap) => 30 + tap * 5 + 2));
    expect(members('vector', 7 * 3 + 1)).toEqual([2, 3].map((tap) => 30 + tap * 5 + 2));
    expect(members('block-1x16', 3)).toEqual(Array.from({ length: 14 }, (_, i) => 30 + 16 + i));
  });

  test('smaller blocks at the edge are judged by their mean', () => {
    const groups = weightGroups(layer, 'block-1x16');
    for (const norm of ['l1', 'l2'] as const) {
      const scores = groupScores(new Float32Array(600).fill(0.5), groups, norm);
      scores.forEach((score) => expect(score).toBeCloseTo(0.5, 6));
    }
    const support = supportOf(groups, keepLargest(groupScores(layer.weights, groups, 'l2'), 0.5));
    const { groupOf } = groups;
    expect(new Set([...groupOf].filter((_, i) => support[i] === 0)).size).toBe(20);
  });

  test('2:4 keeps two of every four neighbours', () => {
    const kept = keepInPattern([4, 3, 2, 1, 1, 1, 1, 1, 5, 6], 10, 2, 4);
    expect([...kept]).toEqual([1, 1, 0, 0, 1, 1, 0, 0, 1, 1]);
  });
});

describe('the golden values of methods.md 1', () => {
  // X = max(0, T(1) T(2)), W = T(3), H damped by 1 % (../shared/prototypes/numerics/layerwise_obs_gptq.py).
  const [rows, d, n] = [8, 24, 256];
  const product = multiply(lcgMatrix(1, d, d), lcgMatrix(2, d, n));
  const x = matrix(
    d,
    n,
    product.data.map((value) => Math.max(0, value)),
  );
  const gram = multiplyTransposed(x, x);
  const plain = matrix(
    d,
    d,
    gram.data.map((value) => value / n),
  );
  const r = damped(plain, (0.01 * trace(plain)) / d);
  const w = lcgMatrix(3, rows, d);
  const weights = Float32Array.from(w.data);
  const layer = { outputs: rows, columns: d, groups: 1, weights, name: 'toy' } as Layer;
  const statistics: LayerStatistics = {
    layer: 'toy',
    count: n,
    correlation: [r],
    cross: [multiply(w, r)],
    inputMean: [new Float64Array(d)],
    targetMean: new Float64Array(rows),
    targetEnergy: Float64Array.from({ length: rows }, (_, o) => {
      const row = matrix(1, d, w.data.slice(o * d, (o + 1) * d));
      return multiplyTransposed(multiply(row, r), row).data[0]!;
    }),
  };

  test.for([
    [0.25, 2.018e-2, 1.157e-2],
    [0.5, 0.1186, 0.0725],
    [0.75, 0.4475, 0.2971],
  ] as const)('sparsity %f: mask only %f, refitted %f', ([sparsity, masked, refitted]) => {
    const support = new Uint8Array(rows * d);
    for (let o = 0; o < rows; o++) support.set(keepLargest(weights.slice(o * d, (o + 1) * d).map(Math.abs), sparsity), o * d);
    const bias = new Float32Array(rows);
    const only = weights.map((value, i) => value * support[i]!);
    expect(relativeError(layer, statistics, only, bias)).toBeCloseTo(masked, 4);
    const fitted = refit(layer, statistics, support, 0);
    expect(relativeError(layer, statistics, fitted.weights, bias)).toBeCloseTo(refitted, 4);
    expect(countNonzero(fitted.weights)).toBe(countNonzero(only));
  });
});

test('refitting uses the inputs of the pruned layers before it, and helps', async () => {
  const graph = denseGraph();
  const samples = randomSamples(graph, 200);
  const difference = async (refits: boolean) =>
    largestDifference(graph, await prune(graph, { sparsity: 0.4, refit: refits }, samples), samples);
  expect(await difference(true)).toBeLessThan(0.8 * (await difference(false)));
});

describe('rounds', () => {
  test('rise fast at first and end at the final share', () => {
    expect(sparsitySchedule(0.8, 1)).toEqual([0.8]);
    const shares = sparsitySchedule(0.8, 4);
    [0.4625, 0.7, 0.7875, 0.8].forEach((share, i) => expect(shares[i]).toBeCloseTo(share, 9));
  });

  test('prune as many, and lose less than one round', async () => {
    const graph = denseGraph();
    const samples = randomSamples(graph, 200);
    const referee = await Referee.create(graph, samples);
    const [once, often] = [await prune(graph, { sparsity: 0.6 }, samples), await prune(graph, { sparsity: 0.6, rounds: 4 }, samples)];
    expect(nonzeros(often)).toEqual(nonzeros(once));
    expect((await referee.measure(often)).outputError).toBeLessThan((await referee.measure(once)).outputError);
  });

  test('make no sense for thresholds', async () => {
    await expect(prune(denseGraph(), { threshold: 0.1, rounds: 2 })).rejects.toThrow(UsageError);
  });
});
