/** Calibration of several networks is that of each of them. */
import { expect, test } from 'vitest';
import { layersOf, withWeights } from '../../../compiler/compression/layers.ts';
import type { Graph } from '../../../compiler/graph.ts';
import { calibrate } from '../../../compiler/quantization/calibrate.ts';
import { Calibrations } from '../../../compiler/search/calibrations.ts';
import { randomSamples } from '../compression/network-case.ts';
import { threeConvolutions } from './three-convolutions.ts';

function changed(graph: Graph, at: number, factor: number): Graph {
  const layer = layersOf(graph)[at] as ReturnType<typeof layersOf>[number];
  return withWeights(
    graph,
    layer,
    layer.weights.map((weight) => factor * weight),
  );
}

test('each network has the histograms that it has alone, however many were calibrated before', async () => {
  const graph = threeConvolutions();
  const samples = randomSamples(graph, 8);
  const calibrations = new Calibrations(samples);
  for (const network of [graph, changed(graph, 1, 2), changed(graph, 0, 3), changed(graph, 2, Number.POSITIVE_INFINITY), graph]) {
    const every = Array.from({ length: 8 }, (_, i) => i);
    expect(await calibrations.of(network)).toEqual(await calibrate(network, every.map(samples.at)));
    expect(await calibrations.of(network, 4)).toEqual(await calibrate(network, [0, 2, 4, 6].map(samples.at)));
  }
});

test('what two networks begin with is counted once', async () => {
  const graph = threeConvolutions();
  const calibrations = new Calibrations(randomSamples(graph, 8));
  const [before, after] = [await calibrations.of(graph), await calibrations.of(changed(graph, 1, 2))];
  const shared = [...before.histograms.keys()].filter((name) => before.histograms.get(name) === after.histograms.get(name));
  expect(shared).toEqual(['x', 'conv0']);
});
