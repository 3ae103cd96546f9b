/** Weights of fewer than 8 bits: which layers have them, what they may hold, and what that costs. */
import { describe, expect, test } from 'vitest';
import { packModel } from '../../../compiler/compile.ts';
import { layersOf } from '../../../compiler/compression/layers.ts';
import { UsageError } from '../../../compiler/errors.ts';
import { type Graph, valueOf } from '../../../compiler/graph.ts';
import { chosenWeightBits, parseWeightBits, type WeightBitsChoice } from '../../../compiler/quantization/weight-bits.ts';
import { addDense, randomSamples } from '../compression/network-case.ts';
import { randomTensor } from '../ops/op-case.ts';
import { buildGraph } from '../passes/pass-case.ts';

const names = ['a', 'b', 'c'];

function network(): Graph {
  const numbers = (count: number, seed: number) => randomTensor([count], seed).data;
  return buildGraph({ x: [1, 16] }, (g) => {
    const a = addDense(g, 'x', 'a', numbers(320, 1), numbers(20, 2), true);
    const b = addDense(g, a, 'b', numbers(400, 3), numbers(20, 4), true);
    return [addDense(g, b, 'c', numbers(100, 5), numbers(5, 6))];
  });
}

function packed(weightBits: WeightBitsChoice) {
  const graph = network();
  const { count, at } = randomSamples(graph, 40);
  const samples = Array.from({ length: count }, (_, i) => at(i) as Float32Array[]);
  return packModel({ graph, source: new Uint8Array() }, { name: 'bits', samples, weightBits, encoding: 'bytes' });
}

const largestWeights = (graph: Graph) =>
  graph.nodes.map((node) =>
    (valueOf(graph, node.inputs[1] as string).constant as Int8Array).reduce((max, w) => Math.max(max, Math.abs(w)), 0),
  );

describe('the choice', () => {
  test('is one number, or patterns of which the last that fits counts', () => {
    expect(parseWeightBits('7')).toEqual({ '*': 7 });
    expect(Object.entries(parseWeightBits('@first=8,4,@last=8') ?? {})).toEqual([
      ['@first', 8],
      ['*', 4],
      ['@last', 8],
    ]);
    const chosen = chosenWeightBits(network(), { '@first': 8, '*': 4, '@last': 8 });
    expect([...chosen]).toEqual([
      ['a', 4],
      ['b', 4],
    ]);
    expect(chosenWeightBits(network(), 8).size).toBe(0);
    expect([...chosenWeightBits(network(), 7).keys()]).toEqual(layersOf(network()).map(({ name }) => name));
  });

  test.for(['5', 'a=9', '=4', '', 'a'])('"%s" is none', (text) => {
    expect(parseWeightBits(text)).toBeUndefined();
  });

  test('names what the model does not have', () => {
    expect(() => chosenWeightBits(network(), { conv: 4 })).toThrow(UsageError);
    expect(() => chosenWeightBits(network(), { conv: 4 })).toThrow(/no layer is named "conv"; the model's layers are "a", "b", "c"/);
  });
});

describe('the weights', () => {
  test.for([
    [8, 127],
    [7, 63],
    [4, 7],
  ] as const)('of %i bits reach %i in every layer', async ([bits, largest]) => {
    const { graph } = await packed(bits);
    expect(largestWeights(graph)).toEqual([largest, largest, largest]);
  });

  test('of 4 bits are stored in half a byte each', async () => {
    const { report } = await packed({ b: 4 });
    const halves = report.layers.map(({ encoding }) =>
      encoding?.candidates.some(({ bytes }) => bytes < 0.55 * encoding.candidates[0]!.bytes),
    );
    expect(halves).toEqual([false, true, false]);
    expect(report.layers[1]?.encoding?.encoding).not.toBe('dense');
  });

  test('cost what the report says beside 8 bits', async () => {
    const { report } = await packed({ '*': 4, c: 7 });
    const { layers, measured, withEightBits } = report.weightPrecision ?? expect.fail();
    expect(layers).toEqual({ a: 4, b: 4, c: 7 });
    expect(measured.outputError).toBeGreaterThan(10 * withEightBits.outputError);
    expect((await packed(8)).report.weightPrecision).toBeUndefined();
  });

  test.for(names)('of layer %s alone change that layer alone', async (name) => {
    const { graph } = await packed({ [name]: 4 });
    expect(largestWeights(graph)).toEqual(names.map((other) => (other === name ? 7 : 127)));
  });
});
