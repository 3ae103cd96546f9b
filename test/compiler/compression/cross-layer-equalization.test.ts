/** Cross-layer equalization: equal ranges, unchanged answers, and what it must leave alone. */
import { describe, expect, test } from 'vitest';
import { crossLayerEqualization } from '../../../compiler/compression/cross-layer-equalization.ts';
import { type Layer, layersOf, withWeights } from '../../../compiler/compression/layers.ts';
import type { Graph } from '../../../compiler/graph.ts';
import type { GraphBuilder } from '../../../compiler/onnx/builder.ts';
import { Add } from '../../../compiler/ops/add.ts';
import { MaxPool } from '../../../compiler/ops/max-pool.ts';
import { addConv, buildGraph } from '../passes/pass-case.ts';
import { lcg } from './lcg.ts';
import { addDense, contextOf, largestDifference, randomSamples } from './network-case.ts';

const equalize = async (graph: Graph) =>
  crossLayerEqualization.apply(contextOf(graph, randomSamples(graph, 2)), layersOf(graph), crossLayerEqualization.options.parse({}));

const pool = (g: GraphBuilder, x: string) =>
  g.addOne(MaxPool, [x], { kernel: [2, 2], stride: [2, 2], dilation: [1, 1], padBefore: [0, 0], padAfter: [0, 0], ceil: false });

/** Convolution, depthwise convolution, pool, convolution, with channels of very different size. */
function chain(clamp: [number, number] = [0, Infinity]): Graph {
  const graph = buildGraph({ x: [1, 8, 8, 3] }, (g) => {
    const a = addConv(g, 'x', 'a', 6, { kernel: [3, 3], clamp });
    const b = addConv(g, a, 'b', 6, { kernel: [3, 3], groups: 6, clamp });
    return [addConv(g, pool(g, b), 'c', 4)];
  });
  const [first] = layersOf(graph) as [Layer];
  const factors = [100, 1, 0.01, 10, 0, 3];
  const weights = first.weights.map((weight, i) => weight * (factors[Math.floor(i / first.columns)] as number));
  return withWeights(graph, first, weights);
}

const rowMaxima = ({ weights, columns, outputs }: Layer) =>
  Array.from({ length: outputs }, (_, row) => Math.max(...weights.slice(row * columns, (row + 1) * columns).map(Math.abs)));

describe('a chain', () => {
  test('answers as before, and its channels reach equally far in all three layers', async () => {
    const graph = chain();
    const { network, layers } = await equalize(graph);
    const samples = randomSamples(graph, 5);
    const scale = await largestDifference(graph, withWeights(graph, layersOf(graph)[2] as Layer, new Float32Array(24)), samples);
    expect(await largestDifference(graph, network.graph, samples)).toBeLessThan(1e-5 * scale);
    const [a, b, c] = layersOf(network.graph) as [Layer, Layer, Layer];
    const reading = Array.from({ length: 6 }, (_, i) => Math.max(...c.weights.filter((_, k) => k % 6 === i).map(Math.abs)));
    rowMaxima(a).forEach((largest, i) => {
      if (largest === 0) return;
      expect(largest / (rowMaxima(b)[i] as number)).toBeCloseTo(1, 3);
      expect(largest / (reading[i] as number)).toBeCloseTo(1, 3);
    });
    expect(layers.map(({ action }) => action)).toEqual(['equalized', 'equalized', 'kept']);
  });

  test('whose activation ends at 6 is left alone', async () => {
    const { network, layers } = await equalize(chain([0, 6]));
    expect(layers[0]).toMatchObject({ action: 'kept', reason: expect.stringContaining('ends at 6') });
    expect(layersOf(network.graph)[0]?.output).toBe('a');
  });
});

test('two rows: s = √(r / r′)', async () => {
  const graph = buildGraph({ x: [1, 2] }, (g) => [
    addDense(g, addDense(g, 'x', 'a', [8, 4, 1, -1], [8, 1], true), 'b', [2, 9, 1, -4], [0, 0]),
  ]);
  const [a, b] = layersOf((await equalize(graph)).network.graph) as [Layer, Layer];
  // r = 8, 1; r′ = 2, 9; s = 2, 1/3.
  [
    [4, 2, 3, -3],
    [4, 3],
    [4, 3, 2, -4 / 3],
  ].forEach((expected, i) => {
    const actual = [a.weights, a.bias, b.weights][i] as Float32Array;
    expected.forEach((value, k) => {
      expect(actual[k]).toBeCloseTo(value, 5);
    });
  });
});

test('what two layers read, or an Add, stays; scaled values lose the name by which the original is their target', async () => {
  const graph = buildGraph({ x: [1, 4, 4, 3] }, (g) => {
    const a = addConv(g, 'x', 'a', 5, { clamp: [0, Infinity] });
    const b = addConv(g, a, 'b', 5, { clamp: [0, Infinity] });
    const c = addConv(g, b, 'c', 5);
    return [g.addOne(Add, [a, c], { clamp: [-Infinity, Infinity] })];
  });
  const { network, layers } = await equalize(graph);
  expect(layers.map(({ action }) => action)).toEqual(['kept', 'equalized', 'kept']);
  expect(layersOf(network.graph).map(({ output }) => output)).toEqual(['a', 'b.equalized', 'c']);
  expect(await largestDifference(graph, network.graph, randomSamples(graph, 3))).toBeLessThan(1e-4);
});

test('chains of random layers keep their answers', async () => {
  const graph = buildGraph({ x: [1, 10] }, (g) => {
    const hidden = [1, 2, 3].reduce((x, i) => addDense(g, x, `d${i}`, lcg(i, 100), lcg(10 + i, 10), true), 'x');
    return [addDense(g, hidden, 'y', lcg(7, 50), lcg(8, 5))];
  });
  expect(await largestDifference(graph, (await equalize(graph)).network.graph, randomSamples(graph, 5))).toBeLessThan(1e-4);
});
