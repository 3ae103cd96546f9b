/** Weight sharing: few values on the int8 grid, zeros that stay, integers that reach the kernels unchanged, a fit that pays. */
import { describe, expect, test } from 'vitest';
import { relativeError } from '../../../compiler/compression/covariances.ts';
import { clusterWeights, entropyOf, kMeansCodebook } from '../../../compiler/compression/k-means-codebook.ts';
import { type Layer, layersOf } from '../../../compiler/compression/layers.ts';
import { type Graph, valueOf } from '../../../compiler/graph.ts';
import { quantizeGraph } from '../../../compiler/quantization/quantize.ts';
import { addConv, buildGraph } from '../passes/pass-case.ts';
import { lcg } from './lcg.ts';
import { addDense, contextOf, randomSamples } from './network-case.ts';

/** Two dense layers whose inputs depend on each other; a third of the second one's weights are zeros, and its last row is all zeros. */
function denseGraph(): Graph {
  const second = lcg(7, 200).map((w, i) => (i % 3 === 0 || i >= 180 ? 0 : w));
  return buildGraph({ x: [1, 24] }, (g) => [addDense(g, addDense(g, 'x', 'a', lcg(5, 480), lcg(6, 20), true), 'b', second, lcg(8, 10))]);
}

const share = (graph: Graph, options: Record<string, unknown>, samples = randomSamples(graph, 40)) =>
  kMeansCodebook.apply(contextOf(graph, samples), layersOf(graph), kMeansCodebook.options.parse(options));

const noSamples = { count: 0, at: () => [] };

/** The layer's weights in units of their channels' scales. */
function integersOf(graph: Graph, { outputs, columns, node, weights }: Layer): number[] {
  const { scale } = valueOf(graph, node.inputs[1] as string).type.quantization ?? { scale: [] };
  expect(scale).toHaveLength(outputs);
  return Array.from(weights, (weight, i) => weight / (scale[Math.floor(i / columns)] as number));
}

describe('a layer of few values', () => {
  test.for([2, 5, 16])('at most %i, all of them int8 numbers of the channel', async (clusters) => {
    const graph = denseGraph();
    for (const samples of [noSamples, randomSamples(graph, 40)]) {
      const { network } = await share(graph, { clusters }, samples);
      for (const layer of layersOf(network.graph)) {
        const integers = integersOf(network.graph, layer);
        for (const integer of integers) expect(Math.abs(integer - Math.round(integer))).toBeLessThan(1e-5);
        expect(new Set(integers.map(Math.round)).size).toBeLessThanOrEqual(clusters);
        expect(Math.max(...integers.map(Math.abs))).toBeLessThanOrEqual(127.001);
      }
    }
  });

  test('zeros stay zeros, and nothing else becomes zero but what k-means rounds there', async () => {
    const graph = denseGraph();
    const { network } = await share(graph, { clusters: 8 });
    const [before, after] = [graph, network.graph].map((g) => (layersOf(g)[1] as Layer).weights) as [Float32Array, Float32Array];
    before.forEach((weight, i) => {
      if (weight === 0) expect(after[i]).toBe(0);
    });
    expect(after.some((weight) => weight !== 0)).toBe(true);
  });

  test('the quantizer takes scales and integers as they are', async () => {
    const { network } = await share(denseGraph(), { clusters: 6 });
    const ranges = new Map([...network.graph.values.keys()].map((name) => [name, { min: -4, max: 4 }]));
    const { graph, islands } = quantizeGraph(network.graph, ranges);
    expect(islands).toEqual([]);
    for (const layer of layersOf(network.graph)) {
      const expected = integersOf(network.graph, layer).map(Math.round);
      const node = graph.nodes.find(({ name }) => name === layer.name);
      expect([...(valueOf(graph, node?.inputs[1] as string).constant ?? [])]).toEqual(expected.map((integer) => integer + 0));
    }
  });
});

describe('fitting', () => {
  test('more than halves the error of plain k-means where inputs go together, and the report has it', async () => {
    const graph = buildGraph({ x: [1, 8] }, (g) => [
      addDense(g, addDense(g, 'x', 'a', lcg(5, 160), lcg(6, 20), true), 'b', lcg(7, 200), lcg(8, 10)),
    ]);
    const context = contextOf(graph, randomSamples(graph, 400));
    const layer = layersOf(graph)[1] as Layer;
    const statistics = (await context.statistics([layer])).get(layer.name);
    if (!statistics) throw new Error('no statistics');
    const plain = clusterWeights(layer, 6);
    const columns = layer.columns;
    const weights = Float32Array.from(plain.grid.integers, (q, i) => q * (plain.grid.scales[Math.floor(i / columns)] as number));
    const { layers } = await kMeansCodebook.apply(context, [layer], kMeansCodebook.options.parse({ clusters: 6 }));
    expect(layers[0]?.relativeError).toBeLessThan(0.5 * relativeError(layer, statistics, weights, layer.bias));
    expect(layers[0]?.facts?.values).toBeLessThanOrEqual(6);
  });

  test('enough values give the weights back to int8', async () => {
    const graph = denseGraph();
    const { layers } = await share(graph, { clusters: 255 });
    for (const { relativeError: error } of layers) expect(error).toBeLessThan(1e-4);
  });

  test('depthwise convolutions: every channel by its own statistics', async () => {
    const graph = buildGraph({ x: [1, 6, 6, 8] }, (g) => [addConv(g, 'x', 'd', 8, { kernel: [3, 3], groups: 8 })]);
    const [outcome] = (await share(graph, { clusters: 16 })).layers;
    expect(outcome?.relativeError).toBeLessThan(0.02);
  });
});

test('entropy in bits per weight', () => {
  expect(entropyOf(Int8Array.of(1, 1, 1, 1))).toBe(0);
  expect(entropyOf(Int8Array.of(1, 2, 3, 4))).toBe(2);
  expect(entropyOf(Int8Array.of(0, 0, 0, 5))).toBeCloseTo(0.811278, 6);
});
