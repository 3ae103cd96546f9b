/** R and G against the definition: patches gathered by hand from the operators' own references. */
import { describe, expect, test } from 'vitest';
import { relativeError } from '../../../compiler/compression/covariances.ts';
import { layersOf, withWeights } from '../../../compiler/compression/layers.ts';
import { gatherStatistics } from '../../../compiler/compression/statistics.ts';
import type { Graph } from '../../../compiler/graph.ts';
import { tensor } from '../../../compiler/graph.ts';
import { Unary } from '../../../compiler/ops/unary.ts';
import { addConv, buildGraph, evaluateGraph } from '../passes/pass-case.ts';
import { randomSamples } from './network-case.ts';

function convolutions(groups: number): Graph {
  return buildGraph({ x: [1, 5, 4, 4] }, (g) => {
    const a = g.addOne(Unary, [addConv(g, 'x', 'first', 4)], { function: 'Relu', alpha: 0, beta: 0 });
    return [addConv(g, a, 'second', 4, { kernel: [3, 2], stride: [2, 1], dilation: [1, 2], padBefore: [1, 0], padAfter: [1, 1], groups })];
  });
}

describe.for([1, 2, 4])('with %i groups', (groups) => {
  const graph = convolutions(groups);
  const samples = randomSamples(graph, 6);
  const layer = layersOf(graph)[1] as NonNullable<ReturnType<typeof layersOf>[number]>;

  test('G = W R + b E[x]ᵀ when inputs are the original ones', async () => {
    const { correlation, cross, inputMean, count } = (await gatherStatistics(graph, graph, [layer], samples)).get('second')!;
    expect(count).toBe(6 * layer.positions);
    for (let o = 0; o < layer.outputs; o++) {
      const group = Math.floor(o / (layer.outputs / groups));
      const r = correlation[group]!;
      for (let j = 0; j < layer.columns; j++) {
        let expected = layer.bias[o]! * inputMean[group]![j]!;
        for (let i = 0; i < layer.columns; i++) expected += layer.weights[o * layer.columns + i]! * r.data[i * layer.columns + j]!;
        expect(cross[group]!.data[(o % (layer.outputs / groups)) * layer.columns + j]).toBeCloseTo(expected, 6);
      }
    }
  });

  test('the error that they predict is the one that is measured', async () => {
    const statistics = (await gatherStatistics(graph, graph, [layer], samples)).get('second')!;
    const weights = layer.weights.map((w, i) => (i % 3 ? w : 0.5 * w));
    const bias = layer.bias.map((b) => b + 0.1);
    const changed = withWeights(graph, layer, weights, bias);
    let [error, variance] = [0, 0];
    const answers = (g: Graph) =>
      Array.from({ length: samples.count }, (_, i) => evaluateGraph(g, [tensor('float32', [1, 5, 4, 4], samples.at(i)[0]!)])[0]!.data);
    const [expected, actual] = [answers(graph), answers(changed)];
    const mean = Array.from({ length: layer.outputs }, (_, o) => {
      const own = expected.flatMap((data) => [...data].filter((_, i) => i % layer.outputs === o));
      return own.reduce((a, b) => a + b, 0) / own.length;
    });
    expected.forEach((data, n) => {
      data.forEach((y, i) => {
        error += (y - actual[n]![i]!) ** 2;
        variance += (y - mean[i % layer.outputs]!) ** 2;
      });
    });
    expect(relativeError(layer, statistics, weights, bias)).toBeCloseTo(error / variance, 5);
    expect(relativeError(layer, statistics, layer.weights, layer.bias)).toBeLessThan(1e-6);
  });
});

test('targets are those of the original, inputs those of the network as it is', async () => {
  const original = convolutions(1);
  const [first, second] = layersOf(original) as [ReturnType<typeof layersOf>[number], ReturnType<typeof layersOf>[number]];
  const current = withWeights(
    original,
    first,
    first.weights.map((w) => 0.9 * w),
  );
  const samples = randomSamples(original, 6);
  const [layer] = layersOf(current).slice(1);
  const both = (await gatherStatistics(original, current, [layer!], samples)).get('second')!;
  const own = (await gatherStatistics(original, original, [second], samples)).get('second')!;
  expect(both.targetMean).toEqual(own.targetMean);
  expect(both.inputMean[0]![0]).not.toBeCloseTo(own.inputMean[0]![0]!, 6);
  expect(relativeError(layer!, both, second.weights, second.bias)).toBeGreaterThan(1e-4);
});
