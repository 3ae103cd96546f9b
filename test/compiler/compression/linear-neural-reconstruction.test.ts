/** Channels that the layers behind can do without: found for free, in groups, with every reader heard, in every order. */
import { describe, expect, test } from 'vitest';
import { chainings } from '../../../compiler/compression/channel-selection.ts';
import { mostGroups, type PreparedProblem, usedGroups } from '../../../compiler/compression/lambda-path.ts';
import { layersOf, macsOfLayer } from '../../../compiler/compression/layers.ts';
import { linearNeuralReconstruction } from '../../../compiler/compression/linear-neural-reconstruction.ts';
import { Referee } from '../../../compiler/compression/measure.ts';
import { pruneFilters } from '../../../compiler/compression/prune-filters.ts';
import type { SampleSet } from '../../../compiler/compression/values.ts';
import type { Graph } from '../../../compiler/graph.ts';
import { Add } from '../../../compiler/ops/add.ts';
import { Concat } from '../../../compiler/ops/concat.ts';
import { unclamped } from '../../../compiler/ops/elementwise.ts';
import { Reshape } from '../../../compiler/ops/reshape.ts';
import { countParameters } from '../../../compiler/report.ts';
import { addConv, buildGraph } from '../passes/pass-case.ts';
import { lcg } from './lcg.ts';
import { addDense, contextOf, largestDifference, randomSamples } from './network-case.ts';

const shapes = (graph: Graph) => layersOf(graph).map(({ outputs, inputs }) => [inputs, outputs]);
const relu = { clamp: [0, Infinity] } as const;
const window3 = { kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1] } as const;

async function apply(graph: Graph, samples: SampleSet, options: Record<string, unknown>, layers = layersOf(graph)) {
  const { network } = await linearNeuralReconstruction.apply(
    contextOf(graph, samples),
    layers,
    linearNeuralReconstruction.options.parse(options),
  );
  return network.graph;
}

/** Neuron 5 of the hidden layer, without activation, is a combination of neurons 0 and 1. */
function redundant(): Graph {
  const first = lcg(51, 6 * 6);
  for (let i = 0; i < 6; i++) first[30 + i] = 0.7 * first[i]! - 0.3 * first[6 + i]!;
  return buildGraph({ x: [1, 6] }, (g) => [addDense(g, addDense(g, 'x', 'a', first, lcg(2, 6)), 'b', lcg(53, 24), lcg(4, 4))]);
}

test.for(chainings)('%s: a neuron that others can stand for goes, and nothing changes', async (chaining) => {
  const graph = redundant();
  const samples = randomSamples(graph, 100);
  const narrow = await apply(graph, samples, { target: { lambda: 0.01 }, standardize: false, chaining });
  expect(shapes(narrow)).toEqual([
    [6, 5],
    [5, 4],
  ]);
  expect(await largestDifference(graph, narrow, samples)).toBeLessThan(1e-4);
});

/** Convolutions whose last value is flattened. */
function convolutions(): Graph {
  return buildGraph({ x: [1, 6, 6, 2] }, (g) => {
    const a = addConv(g, 'x', 'first', 6, { kernel: [3, 3], ...relu });
    const b = addConv(g, a, 'second', 5, { kernel: [3, 3], ...relu });
    return [
      addDense(g, addDense(g, g.addOne(Reshape, [b], { shape: [1, 20] }), 'fc', lcg(3, 240), lcg(4, 12), true), 'y', lcg(5, 36), lcg(6, 3)),
    ];
  });
}

describe('convolutions and what is flattened', () => {
  const graph = convolutions();
  const samples = randomSamples(graph, 150);

  test.for(chainings)('%s: whole channels go, and fitting keeps the answers close', async (chaining) => {
    const narrow = await apply(graph, samples, { target: { keep: 0.8 }, chaining }, layersOf(graph).slice(0, -1));
    expect(shapes(narrow)).toEqual([
      [2, 5],
      [5, 4],
      [16, 10],
      [10, 3],
    ]);
    const referee = await Referee.create(graph, samples);
    expect((await referee.measure(narrow)).outputError).toBeLessThan(0.1);
  });

  test('chosen from the output and fitted from the input: better than each by itself, and than the norm of filters', async () => {
    const referee = await Referee.create(graph, samples);
    const layers = layersOf(graph).slice(0, -1);
    const error = async (chaining: string) =>
      (await referee.measure(await apply(graph, samples, { target: { keep: 0.6 }, chaining }, layers))).outputError;
    const combined = await error('combined');
    expect(combined).toBeLessThan(await error('parallel'));
    const { network } = await pruneFilters.apply(contextOf(graph, samples), layers, pruneFilters.options.parse({ keep: 0.6 }));
    expect(combined).toBeLessThan((await referee.measure(network.graph)).outputError);
  });

  test.for([
    ['parameters', countParameters],
    ['macs', (g: Graph) => layersOf(g).reduce((sum, layer) => sum + macsOfLayer(layer), 0)],
  ] as const)('a share of the %s is met from below', async ([unit, cost]) => {
    const narrow = await apply(graph, samples, { target: { [unit]: 0.6 } }, layersOf(graph).slice(0, -1));
    const share = cost(narrow) / cost(graph);
    expect(share).toBeLessThanOrEqual(0.6);
    expect(share).toBeGreaterThan(0.4);
  });
});

test('inputs that say nothing new are not read', async () => {
  const graph = buildGraph({ x: [1, 3, 3, 1] }, (g) => [
    addDense(g, addDense(g, g.addOne(Reshape, ['x'], { shape: [1, 9] }), 'a', lcg(1, 63), lcg(2, 7), true), 'b', lcg(3, 28), lcg(4, 4)),
  ]);
  // Input 4 is constant, input 7 the mean of 0 and 2.
  const samples = randomSamples(graph, 80);
  const tied: SampleSet = {
    count: 80,
    at: (index) =>
      samples.at(index).map((x) => Float32Array.from(x, (value, i) => (i === 4 ? 0.5 : i === 7 ? (x[0]! + x[2]!) / 2 : value))),
  };
  const narrow = await apply(graph, tied, { target: { lambda: 1e-4 }, inputs: true, standardize: false }, layersOf(graph).slice(0, 1));
  expect(narrow.nodes.map(({ op }) => op.name)).toContain('Gather');
  expect(shapes(narrow)[0]).toEqual([7, 7]);
  expect(await largestDifference(graph, narrow, tied)).toBeLessThan(1e-3);
});

test('residual adds, depthwise layers and concats: channels go together, and all readers are heard', async () => {
  const graph = buildGraph({ x: [1, 6, 6, 3] }, (g) => {
    const stem = addConv(g, 'x', 'stem', 8, { ...window3, ...relu });
    const depthwise = addConv(g, stem, 'depthwise', 8, { ...window3, ...relu, groups: 8 });
    const sum = g.addOne(Add, [stem, addConv(g, depthwise, 'point', 8)], unclamped, { output: 'sum' });
    const other = addConv(g, stem, 'other', 6, relu);
    return [addConv(g, g.addOne(Concat, [sum, other], { axis: 3 }, { output: 'joined' }), 'head', 4)];
  });
  const samples = randomSamples(graph, 60);
  const layers = layersOf(graph).slice(0, -1);
  for (const chaining of chainings) {
    const narrow = await apply(graph, samples, { target: { keep: 0.75 }, chaining }, layers);
    expect(shapes(narrow)).toEqual([
      [3, 6],
      [6, 6],
      [6, 6],
      [6, 5],
      [11, 4],
    ]);
    const referee = await Referee.create(graph, samples);
    expect((await referee.measure(narrow)).outputError).toBeLessThan(0.35);
  }
});

test('a layer whose channels are the outputs stays, and it is said why', async () => {
  const graph = buildGraph({ x: [1, 6] }, (g) => [addDense(g, 'x', 'y', lcg(1, 24), lcg(2, 4))]);
  const { network, layers } = await linearNeuralReconstruction.apply(
    contextOf(graph, randomSamples(graph, 10)),
    layersOf(graph),
    linearNeuralReconstruction.options.parse({}),
  );
  expect(network.graph).toBe(graph);
  expect(layers).toEqual([{ layer: 'y', action: 'kept', reason: expect.stringContaining('outputs of the model') }]);
});

test('a width is the most that a λ selects; at least one group stays', () => {
  const prepared: PreparedProblem = {
    groups: 4,
    largestLambda: 0.9,
    solve: (lambda) => [0.9, 0.5, 0.1, 0.1].map((s) => Math.max(0, s - lambda)),
  };
  expect(mostGroups(prepared, 3)).toEqual([true, true, false, false]);
  expect(mostGroups(prepared, 4)).toEqual([true, true, true, true]);
  expect(usedGroups(prepared, 5)).toEqual([true, false, false, false]);
  const constant: PreparedProblem = { groups: 3, largestLambda: 0, solve: () => [0, 0, 0] };
  expect(mostGroups(constant, 2)).toEqual([true, false, false]);
});

test('of channels that are all constant one is left, and the biases take over', async () => {
  const graph = buildGraph({ x: [1, 6] }, (g) => [
    addDense(g, addDense(g, 'x', 'a', new Float32Array(24), lcg(2, 4), true), 'y', lcg(3, 12), lcg(4, 3)),
  ]);
  const samples = randomSamples(graph, 20);
  const narrow = await apply(graph, samples, { target: { keep: 0.5 } }, layersOf(graph).slice(0, 1));
  expect(shapes(narrow)).toEqual([
    [6, 1],
    [1, 3],
  ]);
  expect(await largestDifference(graph, narrow, samples)).toBeLessThan(1e-5);
});
