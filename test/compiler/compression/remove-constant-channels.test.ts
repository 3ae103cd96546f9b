/** A duplicated and a constant hidden neuron, dead ones, unread ones: gone, and the answers stay (methods.md 2). */
import { expect, test } from 'vitest';
import { layersOf, withWeights } from '../../../compiler/compression/layers.ts';
import { removeConstantChannels } from '../../../compiler/compression/remove-constant-channels.ts';
import { addConv, buildGraph } from '../passes/pass-case.ts';
import { lcg } from './lcg.ts';
import { addDense, contextOf, largestDifference, randomSamples } from './network-case.ts';

const widths = (graph: Parameters<typeof layersOf>[0]) => layersOf(graph).map(({ outputs }) => outputs);

test('constant, dead and unread neurons of dense layers are folded', async () => {
  const first = lcg(1, 6 * 4);
  first.fill(0, 4, 8); // Neuron 1 is relu(bias), neuron 2 relu(-10 + small), neuron 5 is read by nobody.
  const second = lcg(2, 3 * 6);
  for (let o = 0; o < 3; o++) second[o * 6 + 5] = 0;
  const graph = buildGraph({ x: [1, 4] }, (g) => {
    const hidden = addDense(g, 'x', 'hidden', first, [0.1, 0.7, -10, 0.2, 0.3, 0.1], true);
    return [addDense(g, hidden, 'y', second, [0.1, 0.2, 0.3])];
  });
  const samples = randomSamples(graph, 20);
  const { network, layers } = await removeConstantChannels.apply(contextOf(graph, samples), [], { criterion: 'effect', tolerance: 1e-4 });
  expect(widths(network.graph)).toEqual([3, 3]);
  expect([...(network.channels.get('hidden') ?? [])]).toEqual([0, 3, 4]);
  expect(layers.map(({ action }) => action)).toEqual(['narrowed', 'narrowed']);
  expect(await largestDifference(graph, network.graph, samples)).toBeLessThan(1e-6);
});

test('a constant that a padded convolution reads stays, unless it is zero', async () => {
  const build = (pad: number, bias: number) => {
    const graph = buildGraph({ x: [1, 6, 6, 2] }, (g) => {
      const a = addConv(g, 'x', 'a', 4);
      return [addConv(g, a, 'b', 3, { kernel: [3, 3], padBefore: [pad, pad], padAfter: [pad, pad] })];
    });
    const [layer] = layersOf(graph);
    const weights = layer!.weights.map((w, i) => (Math.floor(i / 2) === 2 ? 0 : w));
    return withWeights(graph, layer!, weights, [0.5, 0.4, bias, 0.3]);
  };
  const widthsOf = async (pad: number, bias: number) => {
    const graph = build(pad, bias);
    const samples = randomSamples(graph, 5);
    const { network } = await removeConstantChannels.apply(contextOf(graph, samples), [], { criterion: 'effect', tolerance: 1e-4 });
    expect(await largestDifference(graph, network.graph, samples)).toBeLessThan(1e-5);
    return widths(network.graph);
  };
  expect(await widthsOf(1, 0.6)).toEqual([4, 3]);
  expect(await widthsOf(1, 0)).toEqual([3, 3]);
  expect(await widthsOf(0, 0.6)).toEqual([3, 3]);
});

test('a constant behind a depthwise layer takes that layer and the one before it along', async () => {
  const graph = buildGraph({ x: [1, 6, 6, 2] }, (g) => {
    const a = addConv(g, 'x', 'a', 5, { clamp: [0, 6] });
    const b = addConv(g, a, 'b', 5, { groups: 5, kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1], clamp: [0, 6] });
    return [addConv(g, b, 'c', 3)];
  });
  const depthwise = layersOf(graph)[1]!;
  // Channel 3 of b is relu6(-50 + …) = 0 wherever it looks.
  const dead = withWeights(graph, depthwise, depthwise.weights, [0.1, 0.1, 0.1, -50, 0.1]);
  const samples = randomSamples(graph, 5);
  const { network } = await removeConstantChannels.apply(contextOf(dead, samples), [], { criterion: 'effect', tolerance: 1e-4 });
  expect(widths(network.graph)).toEqual([4, 4, 3]);
  expect(await largestDifference(dead, network.graph, samples)).toBeLessThan(1e-5);
});

test('only what is exactly 0 goes when bits must stay', async () => {
  const graph = buildGraph({ x: [1, 6, 6, 2] }, (g) => {
    const a = addConv(g, 'x', 'a', 5, { clamp: [0, Infinity] });
    return [addConv(g, a, 'b', 3, { kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1] })];
  });
  const layer = layersOf(graph)[0]!;
  // Channel 1 never fires on these samples though it could; channel 3 is a constant.
  const weights = layer.weights.map((w, i) => (Math.floor(i / 2) === 3 ? 0 : w));
  const changed = withWeights(graph, layer, weights, [0.1, -20, 0.1, 0.5, 0.1]);
  const samples = randomSamples(graph, 5);
  const { network } = await removeConstantChannels.apply(contextOf(changed, samples), [], { criterion: 'zero', tolerance: 1 });
  expect(widths(network.graph)).toEqual([4, 3]);
  expect(await largestDifference(changed, network.graph, samples)).toBe(0);
});
