/** Cross-layer equalization and the biases behind it: equal ranges, unchanged answers, and what both must leave alone. */
import { describe, expect, test } from 'vitest';
import { absorbHighBiases } from '../../../compiler/compression/absorb-high-biases.ts';
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

describe('high biases', () => {
  const absorb = async (graph: Graph, samples = randomSamples(graph, 200)) =>
    absorbHighBiases.apply(contextOf(graph, samples), layersOf(graph), absorbHighBiases.options.parse({}));

  /** Samples are independent and uniform in [-1, 1): variance 1/3. */
  const dense = (bias: readonly number[]) =>
    buildGraph({ x: [1, 2] }, (g) => [
      addDense(g, addDense(g, 'x', 'a', [0.3, 0, 0, 0.6, 1, 1], bias, true), 'b', [2, -1, 3, 1, 1, 1], [0.5, 0]),
    ]);

  test('c = max(0, β - 3 γ) moves into the bias behind, and the answers stay', async () => {
    const graph = dense([5, 0.1, 4]);
    const { network, layers } = await absorb(graph);
    const [a, b] = layersOf(network.graph) as [Layer, Layer];
    // By the formula: 5 - 3 · 0.3 / √3, nothing, 4 - 3 · √2 / √3.
    const spare = [0, 1, 2].map((i) => [5, 0.1, 4][i]! - a.bias[i]!);
    expect(spare[0]).toBeCloseTo(5 - 0.9 / Math.sqrt(3), 1);
    expect(spare[1]).toBeCloseTo(0, 6);
    expect(Math.abs(spare[2]! - (4 - Math.sqrt(6)))).toBeLessThan(0.2);
    [0.5 + 2 * spare[0]! + 3 * spare[2]!, spare[0]! + spare[2]!].forEach((value, i) => expect(b.bias[i]).toBeCloseTo(value, 4));
    expect(a.weights).toEqual(layersOf(graph)[0]?.weights);
    expect(layers[0]).toMatchObject({ action: 'folded', facts: { into: 'b', channels: 2 } });
    expect(layersOf(network.graph)[0]?.output).toBe('a.absorbed');
    // The smallest of the third channel, 4 - 2, is above what was taken: nothing is cut off.
    expect(await largestDifference(graph, network.graph, randomSamples(graph, 50, 7))).toBeLessThan(1e-5);
  });

  test('where a layer pads, the activation ends, or nothing is to spare, all stays', async () => {
    const conv = (pad: number, clamp: [number, number] = [0, Infinity]) => {
      const graph = buildGraph({ x: [1, 6, 6, 2] }, (g) => {
        const a = addConv(g, 'x', 'a', 4, { clamp });
        return [addConv(g, pool(g, a), 'b', 3, { kernel: [3, 3], padBefore: [pad, pad], padAfter: [pad, pad] })];
      });
      const [first] = layersOf(graph) as [Layer];
      return withWeights(graph, first, first.weights, [9, 8, 7, 0]);
    };
    const open = await absorb(conv(0));
    expect(open.layers[0]).toMatchObject({ action: 'folded', facts: { channels: 3 } });
    expect(await largestDifference(conv(0), open.network.graph, randomSamples(conv(0), 20))).toBeLessThan(1e-4);
    expect((await absorb(conv(1))).layers[0]).toMatchObject({ action: 'kept', reason: expect.stringContaining('pads') });
    expect((await absorb(conv(0, [0, 6]))).layers[0]).toMatchObject({ action: 'kept', reason: expect.stringContaining('ends at 6') });
    expect((await absorb(dense([0.1, 0.1, 0.1]))).layers[0]).toMatchObject({
      action: 'kept',
      reason: expect.stringContaining('above zero'),
    });
  });
});
