import { expect, test } from 'vitest';
import { traceChannels } from '../../../compiler/compression/channels.ts';
import { layerErrors } from '../../../compiler/compression/layer-errors.ts';
import { layersOf, withWeights } from '../../../compiler/compression/layers.ts';
import { narrowNetwork, originalNetwork } from '../../../compiler/compression/network.ts';
import { gatherStatistics } from '../../../compiler/compression/statistics.ts';
import { addConv, buildGraph } from '../passes/pass-case.ts';
import { randomSamples } from './network-case.ts';

const graph = buildGraph({ x: [1, 4, 4, 3] }, (g) => [addConv(g, addConv(g, addConv(g, 'x', 'a', 6), 'b', 4), 'c', 2)]);
const samples = randomSamples(graph, 8);

test('an unchanged network has no errors; answering the mean is an error of 1', async () => {
  expect([...(await layerErrors(graph, originalNetwork(graph), samples)).values()]).toEqual([0, 0, 0]);
  const layer = layersOf(graph)[1]!;
  const { targetMean } = (await gatherStatistics(graph, graph, [layer], samples)).get('b')!;
  const mute = {
    graph: withWeights(
      graph,
      layer,
      layer.weights.map(() => 0),
      targetMean,
    ),
    channels: new Map(),
  };
  const errors = await layerErrors(graph, mute, samples);
  expect(errors.get('a')).toBe(0);
  expect(errors.get('b')).toBeCloseTo(1, 5);
});

test('narrower layers are compared with the channels that they still have', async () => {
  const units = traceChannels(graph).units.get('a')!;
  const network = narrowNetwork(originalNetwork(graph), new Set([units[0]!, units[3]!]));
  const errors = await layerErrors(graph, network, samples);
  expect(errors.get('a')).toBe(0);
  expect(errors.get('b')).toBeGreaterThan(0.01);
});
