/** Rounding in the compiler: better answers at few bits, zeros that stay, grids of other methods left alone. */
import { describe, expect, test } from 'vitest';
import { packModel } from '../../../compiler/compile.ts';
import { layersOf, withWeights } from '../../../compiler/compression/layers.ts';
import { withGrid } from '../../../compiler/compression/weight-grid.ts';
import { type Graph, valueOf } from '../../../compiler/graph.ts';
import type { RoundingName } from '../../../compiler/quantization/rounding/index.ts';
import { weightRounding } from '../../../compiler/quantization/rounding/round-layers.ts';
import { lcg } from '../compression/lcg.ts';
import { addDense, randomSamples } from '../compression/network-case.ts';
import { addConv, buildGraph } from '../passes/pass-case.ts';

/** A convolution, a depthwise one and two dense layers in a row. */
function network(): Graph {
  return buildGraph({ x: [1, 5, 5, 4] }, (g) => {
    const a = addConv(g, 'x', 'a', 12, { kernel: [3, 3], clamp: [0, Infinity] });
    const b = addConv(g, a, 'b', 12, { kernel: [3, 3], groups: 12, clamp: [0, Infinity] });
    return [addConv(g, addConv(g, b, 'c', 10, { clamp: [0, Infinity] }), 'd', 6)];
  });
}

function pack(graph: Graph, rounding: RoundingName, bits: 4 | 7 | 8 = 4) {
  const { count, at } = randomSamples(graph, 60);
  const method = weightRounding(rounding);
  const samples = Array.from({ length: count }, (_, i) => at(i) as Float32Array[]);
  return packModel(
    { graph, source: new Uint8Array() },
    { name: 'rounded', samples, weightBits: bits, ...(method && { rounding: method }) },
  );
}

const integersOf = (graph: Graph) => graph.nodes.map((node) => valueOf(graph, node.inputs[1] as string).constant as Int8Array);

describe('rounding', () => {
  test.for(['gptq', 'optimal-brain-quantizer', 'coordinate-descent', 'adaround'] as const)(
    '%s answers better than the nearest integers',
    async (name) => {
      const error = async (rounding: RoundingName) =>
        (await pack(network(), rounding)).report.weightPrecision?.measured.outputError as number;
      expect(await error(name)).toBeLessThan(0.7 * (await error('nearest')));
      for (const integers of integersOf((await pack(network(), name)).graph))
        expect(integers.every((integer) => Math.abs(integer) <= 7)).toBe(true);
    },
  );

  test('leaves zeros at zero', async () => {
    let graph = network();
    for (const layer of layersOf(graph)) {
      const numbers = lcg(4, layer.weights.length);
      graph = withWeights(
        graph,
        layer,
        layer.weights.map((weight, i) => ((numbers[i] as number) > 0 ? weight : 0)),
      );
    }
    const { graph: rounded } = await pack(graph, 'coordinate-descent');
    layersOf(graph).forEach(({ weights }, at) => {
      integersOf(rounded)[at]?.forEach((integer, i) => {
        if (weights[i] === 0) expect(integer).toBe(0);
      });
    });
  });

  test('leaves weights alone that a method has put on a grid', async () => {
    const samples = buildGraph({ x: [1, 8] }, (g) => [addDense(g, 'x', 'a', lcg(1, 32), lcg(2, 4))]);
    const [layer] = layersOf(samples);
    const grid = {
      integers: Int8Array.from(lcg(3, 32), (value) => Math.round(3 * value) * 40),
      scales: new Float64Array(4).fill(Math.fround(0.01)),
    };
    const graph = withGrid(samples, layer!, grid, layer!.bias);
    expect(integersOf((await pack(graph, 'gptq', 8)).graph)[0]).toEqual(grid.integers);
  });
});
