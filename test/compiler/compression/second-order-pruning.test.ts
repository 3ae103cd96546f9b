/** Optimal Brain Surgeon and SparseGPT: exact counts, patterns, zeros that stay, and less error than magnitudes. */
import { describe, expect, test } from 'vitest';
import { relativeError } from '../../../compiler/compression/covariances.ts';
import { groupObjectives } from '../../../compiler/compression/group-objectives.ts';
import { countNonzero, type Layer, layersOf, withWeights } from '../../../compiler/compression/layers.ts';
import { magnitudePruning } from '../../../compiler/compression/magnitude-pruning.ts';
import { Referee } from '../../../compiler/compression/measure.ts';
import type { CompressionMethod } from '../../../compiler/compression/method.ts';
import { optimalBrainSurgeon } from '../../../compiler/compression/optimal-brain-surgeon.ts';
import { refit } from '../../../compiler/compression/refit.ts';
import { sparseGpt, sweep } from '../../../compiler/compression/sparse-gpt.ts';
import type { LayerStatistics } from '../../../compiler/compression/statistics.ts';
import { cheapestRemovals, surgeonTraces } from '../../../compiler/compression/surgeon-traces.ts';
import type { Graph } from '../../../compiler/graph.ts';
import { damped } from '../../../compiler/linalg/cholesky.ts';
import { matrix, trace } from '../../../compiler/linalg/matrix.ts';
import { multiply, multiplyTransposed } from '../../../compiler/linalg/multiply.ts';
import { addConv, buildGraph } from '../passes/pass-case.ts';
import { lcg, lcgMatrix } from './lcg.ts';
import { addDense, contextOf, randomSamples } from './network-case.ts';

function network(): Graph {
  return buildGraph({ x: [1, 6, 6, 3] }, (g) => {
    const a = addConv(g, 'x', 'a', 8, { kernel: [3, 3], clamp: [0, Infinity] });
    const b = addConv(g, a, 'b', 8, { kernel: [3, 3], groups: 2, clamp: [0, Infinity] });
    return [addConv(g, b, 'c', 10)];
  });
}

const apply = async (method: CompressionMethod, graph: Graph, options: Record<string, unknown>, samples = randomSamples(graph, 40)) =>
  (await method.apply(contextOf(graph, samples), layersOf(graph), method.options.parse(options))).network.graph;

const zeros = (graph: Graph) => layersOf(graph).map(({ weights }) => weights.length - countNonzero(weights));
const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

describe('counts are exact', () => {
  const sizes = layersOf(network()).map(({ weights }) => weights.length);
  const total = sum(sizes);

  test('over the network', async () => {
    const left = zeros(await apply(optimalBrainSurgeon, network(), { sparsity: 0.5 }));
    expect(sum(left)).toBe(Math.ceil(total / 2));
    // Layers differ in what they bear.
    expect(new Set(left.map((count, i) => (count / (sizes[i] as number)).toFixed(2))).size).toBeGreaterThan(1);
  });

  test('in each layer', async () => {
    expect(zeros(await apply(optimalBrainSurgeon, network(), { sparsity: 0.4, scope: 'layer' }))).toEqual(
      sizes.map((n) => Math.ceil(0.4 * n - 1e-9)),
    );
  });

  test.for([
    ['optimal-brain-surgeon', optimalBrainSurgeon],
    ['sparse-gpt', sparseGpt],
  ] as const)('in each row: %s', async ([, method]) => {
    for (const { weights, columns, outputs } of layersOf(await apply(method, network(), { sparsity: 0.25, scope: 'row' })))
      for (let row = 0; row < outputs; row++)
        expect(countNonzero(weights.slice(row * columns, (row + 1) * columns))).toBe(columns - Math.ceil(0.25 * columns));
  });

  test('in patterns', async () => {
    for (const { weights, columns } of layersOf(await apply(sparseGpt, network(), { pattern: '2:4', block: 6 })))
      for (let i = 0; i + 4 <= columns; i += 4) expect(countNonzero(weights.slice(i, i + 4))).toBe(2);
  });
});

test.for([
  ['optimal-brain-surgeon', optimalBrainSurgeon],
  ['sparse-gpt', sparseGpt],
] as const)('%s keeps zeros at zero, and counts them', async ([, method]) => {
  let graph = network();
  for (const layer of layersOf(graph)) {
    const numbers = lcg(8, layer.weights.length);
    graph = withWeights(
      graph,
      layer,
      layer.weights.map((weight, i) => ((numbers[i] as number) > 0.4 ? 0 : weight)),
    );
  }
  const before = layersOf(graph);
  const after = layersOf(await apply(method, graph, { sparsity: 0.6, scope: 'layer' }));
  after.forEach(({ weights }, at) => {
    before[at]?.weights.forEach((weight, i) => {
      if (weight === 0) expect(weights[i]).toBe(0);
    });
    // Shares are rounded up in each group.
    expect(Math.abs(weights.length - countNonzero(weights) - 0.6 * weights.length)).toBeLessThan(2);
  });
});

test('less of the answers is lost than by magnitudes, refitted', async () => {
  const graph = buildGraph({ x: [1, 24] }, (g) => [
    addDense(g, addDense(g, 'x', 'a', lcg(5, 480), lcg(6, 20), true), 'b', lcg(7, 200), lcg(8, 10)),
  ]);
  const samples = randomSamples(graph, 300);
  const referee = await Referee.create(graph, samples);
  const error = async (method: CompressionMethod) =>
    (await referee.measure(await apply(method, graph, { sparsity: 0.5 }, samples))).outputError;
  const byMagnitude = await error(magnitudePruning);
  expect(await error(optimalBrainSurgeon)).toBeLessThan(0.95 * byMagnitude);
  expect(await error(sparseGpt)).toBeLessThan(byMagnitude);
});

describe('on the data of post-training.md 2.1', () => {
  // X = max(0, T(1) T(2)), W = T(3), H damped by 1 % (../shared/prototypes/numerics/layerwise_obs_gptq.py).
  const [rows, columns, count] = [8, 24, 256];
  const x = matrix(
    columns,
    count,
    multiply(lcgMatrix(1, columns, columns), lcgMatrix(2, columns, count)).data.map((value) => Math.max(0, value)),
  );
  const gram = multiplyTransposed(x, x);
  const plain = matrix(
    columns,
    columns,
    gram.data.map((value) => value / count),
  );
  const hessian = damped(plain, (0.01 * trace(plain)) / columns);
  const target = lcgMatrix(3, rows, columns);
  const energy = trace(multiplyTransposed(multiply(target, hessian), target));
  const weights = Float32Array.from(target.data);
  const layer = { outputs: rows, columns, groups: 1, weights, bias: new Float32Array(rows), name: 'toy' } as Layer;
  const statistics: LayerStatistics = {
    layer: 'toy',
    count,
    correlation: [hessian],
    cross: [multiply(target, hessian)],
    inputMean: [new Float64Array(columns)],
    targetMean: new Float64Array(rows),
    targetEnergy: Float64Array.from({ length: rows }, (_, o) => {
      const row = matrix(1, columns, target.data.slice(o * columns, (o + 1) * columns));
      return multiplyTransposed(multiply(row, hessian), row).data[0] as number;
    }),
  };

  test.for([
    [0.25, 8.399e-3],
    [0.5, 5.314e-2],
    [0.75, 2.043e-1],
  ] as const)('the traces lose the golden value in each row at sparsity %f: %f', ([sparsity, golden]) => {
    const traces = surgeonTraces(layer, statistics, { damping: 0, largest: 1 });
    // Losses that fall are lifted to the one before, so that they are no less than what is lost.
    const lost = sum(traces.map(({ losses }) => losses.subarray(0, sparsity * columns).reduce((a, b) => a + b, 0)));
    expect(lost / energy / golden).toBeGreaterThan(0.999);
    expect(lost / energy / golden).toBeLessThan(1.1);
  });

  test('rows that bear more lose more, and the whole loses less', () => {
    const traces = surgeonTraces(layer, statistics, { damping: 0, largest: 1 });
    const traced = { name: 'toy', traces, factor: 1 };
    const removals = cheapestRemovals([traced], (rows * columns) / 2).get('toy') as Int32Array;
    expect(sum([...removals])).toBe((rows * columns) / 2);
    expect(new Set(removals).size).toBeGreaterThan(1);
    const lost = sum(traces.map(({ losses }, row) => losses.subarray(0, removals[row]).reduce((a, b) => a + b, 0)));
    expect(lost / energy).toBeLessThan(5.314e-2);
  });

  test('a sweep chooses better than magnitudes', () => {
    const [group] = groupObjectives(layer, statistics, 0);
    const { support, weights: swept } = sweep(group!, { sparsity: 0.5, scope: 'row', block: columns });
    expect(countNonzero(support)).toBe((rows * columns) / 2);
    const errorOf = (values: ArrayLike<number>) => relativeError(layer, statistics, values, layer.bias);
    const fitted = errorOf(refit(layer, statistics, support, 0).weights);
    // What the columns behind make up for is part of what all columns can.
    expect(fitted).toBeLessThan(errorOf(swept));
    expect(fitted).toBeLessThan(0.0725);
    expect(errorOf(swept)).toBeLessThan(0.1186);
  });
});
