/** 4-bit weights by group: levels of the nibbles encoding, which then stores them; zeros stay; fitting pays. */
import { expect, test } from 'vitest';
import { groupWeights, int4Groups } from '../../../compiler/compression/int4-groups.ts';
import { type Layer, layersOf } from '../../../compiler/compression/layers.ts';
import { gridWeights } from '../../../compiler/compression/weight-grid.ts';
import { encodeAs } from '../../../compiler/encoding/encode-plan.ts';
import { nibbles } from '../../../compiler/encoding/nibbles.ts';
import type { Graph } from '../../../compiler/graph.ts';
import { planExecution } from '../../../compiler/plan/plan.ts';
import { quantizeGraph } from '../../../compiler/quantization/quantize.ts';
import { buildGraph } from '../passes/pass-case.ts';
import { lcg } from './lcg.ts';
import { addDense, contextOf, randomSamples } from './network-case.ts';

/** Groups of 32 columns differ in size by row and group; some weights are zeros. */
function network(): Graph {
  const weights = lcg(7, 12 * 70).map((w, i) => (i % 11 === 0 ? 0 : w * (1 + ((Math.floor(i / 70) + 2 * Math.floor((i % 70) / 32)) % 7))));
  return buildGraph({ x: [1, 16] }, (g) => [
    addDense(g, addDense(g, 'x', 'a', lcg(5, 16 * 70), lcg(6, 70), true), 'b', weights, lcg(8, 12)),
  ]);
}

const second = (graph: Graph) => layersOf(graph)[1] as Layer;

test('the weights of every group are -8 … 7 times its multiplier, and so are stored in 4 bits', async () => {
  for (const samples of [{ count: 0, at: () => [] }, randomSamples(network(), 60)]) {
    const graph = network();
    const { network: rounded } = await int4Groups.apply(contextOf(graph, samples), layersOf(graph), int4Groups.options.parse({}));
    const ranges = new Map([...rounded.graph.values.keys()].map((name) => [name, { min: -60, max: 60 }]));
    const quantized = quantizeGraph(rounded.graph, ranges);
    expect(quantized.islands).toEqual([]);
    const { choices } = encodeAs(planExecution(quantized.graph), nibbles.name);
    expect(choices.map(({ encoding }) => encoding)).toEqual(['nibbles', 'nibbles']);
    second(graph).weights.forEach((weight, i) => {
      if (weight === 0) expect(second(rounded.graph).weights[i]).toBe(0);
    });
  }
});

test('a multiplier per group is better than one for the channel', () => {
  const layer = second(network());
  const { grid, multipliers } = groupWeights(layer);
  expect(new Set(multipliers).size).toBeGreaterThan(4);
  const error = (weights: ArrayLike<number>) => layer.weights.reduce((sum, weight, i) => sum + (weight - (weights[i] as number)) ** 2, 0);
  const perChannel = Float32Array.from(layer.weights, (weight, i) => {
    const row = layer.weights.subarray(Math.floor(i / 70) * 70, (Math.floor(i / 70) + 1) * 70);
    const scale = Math.max(...row.map(Math.abs)) / 7;
    return scale * Math.round(weight / scale);
  });
  expect(error(gridWeights(grid))).toBeLessThan(0.5 * error(perChannel));
});

test('fitting to the answers more than halves their error', async () => {
  const graph = network();
  const context = contextOf(graph, randomSamples(graph, 300));
  const errorWith = async (sweeps: number, ridge = 1e-2) => {
    const { layers } = await int4Groups.apply(context, [second(graph)], int4Groups.options.parse({ sweeps, ridge }));
    return layers[0]?.relativeError ?? Number.NaN;
  };
  // So much damping leaves nothing to fit.
  expect(await errorWith(3)).toBeLessThan(0.5 * (await errorWith(1, 1e6)));
});
