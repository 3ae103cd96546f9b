/** Values are read once and taken from the cache after that, as long as nothing before them changed. */
import { expect, test } from 'vitest';
import { layersOf, withWeights } from '../../../compiler/compression/layers.ts';
import { cacheOf, signaturesOf } from '../../../compiler/compression/value-cache.ts';
import { type SampleSet, ValueReader } from '../../../compiler/compression/values.ts';
import { type Graph, tensor } from '../../../compiler/graph.ts';
import { Add } from '../../../compiler/ops/add.ts';
import { unclamped } from '../../../compiler/ops/elementwise.ts';
import { Reshape } from '../../../compiler/ops/reshape.ts';
import { addConv, buildGraph, evaluateGraph } from '../passes/pass-case.ts';
import { randomSamples } from './network-case.ts';

function network(): Graph {
  return buildGraph({ x: [1, 4, 4, 3] }, (g) => {
    const a = addConv(g, 'x', 'a', 4);
    const sum = g.addOne(Add, [addConv(g, a, 'b', 4), a], unclamped, { output: 'sum' });
    const flat = g.addOne(Reshape, [sum], { shape: [1, 16, 4] }, { output: 'flat' });
    return [g.addOne(Reshape, [addConv(g, flat, 'c', 2)], { shape: [1, 32] }, { output: 'y' })];
  });
}

const indices = [0, 1, 2];

/** The values by the operators' references. */
function expected(graph: Graph, name: string, samples: SampleSet, index: number): ArrayLike<number> {
  const outputs = [{ name, value: name }];
  return evaluateGraph({ ...graph, outputs }, [tensor('float32', [1, 4, 4, 3], samples.at(index)[0]!)])[0]!.data;
}

async function read(graph: Graph, names: readonly string[], samples: SampleSet) {
  const reader = await ValueReader.create(graph, names, samples, indices);
  for (const index of indices) {
    for (const [name, data] of reader.read(index)) {
      const wanted = expected(graph, name, samples, index);
      expect(data.length).toBe(wanted.length);
      for (let i = 0; i < wanted.length; i++) expect(data[i]).toBeCloseTo(wanted[i]!, 5);
    }
  }
}

test('inputs, computed values and values that share their bytes are what the graph computes, first and from the cache', async () => {
  const graph = network();
  const samples = randomSamples(graph, 3);
  for (let i = 0; i < 2; i++) {
    await read(graph, ['x', 'sum', 'flat', 'c'], samples);
    await read(graph, ['y'], samples);
  }
});

test('a change is seen by everything behind it, and only by that', async () => {
  const graph = network();
  const samples = randomSamples(graph, 3);
  await read(graph, ['a', 'b', 'sum', 'c'], samples);
  const layer = layersOf(graph)[1]!;
  const changed = withWeights(
    graph,
    layer,
    layer.weights.map((w) => 2 * w),
  );
  const [before, after] = [signaturesOf(graph), signaturesOf(changed)];
  expect([...before.keys()].filter((name) => before.get(name) === after.get(name))).toEqual(['x', 'a']);
  await read(changed, ['a', 'b', 'sum', 'flat', 'c', 'y'], samples);
  await read(graph, ['a', 'b', 'sum', 'flat', 'c', 'y'], samples);
});

test('a network that was made anew in the same way has the same values; other attributes, types or weights make others', () => {
  const [graph, again] = [network(), network()];
  expect(signaturesOf(again)).toEqual(signaturesOf(graph));
  const last = graph.nodes.length - 1;
  const changed = (attributes: object) => ({ ...graph, nodes: graph.nodes.with(0, { ...graph.nodes[0]!, attributes }) });
  const clamped = changed({ ...graph.nodes[0]?.attributes, clamp: [0, 6] });
  expect(signaturesOf(clamped).get('a')).not.toBe(signaturesOf(graph).get('a'));
  const output = graph.nodes[last]?.outputs[0] as string;
  const quantized = { ...graph.values.get('a')!, type: { ...graph.values.get('a')!.type, quantization: { scale: [0.5], zeroPoint: 3 } } };
  const typed = signaturesOf({ ...graph, values: new Map(graph.values).set('a', quantized) });
  expect(typed.get(output)).not.toBe(signaturesOf(graph).get(output));
  expect(typed.get('x')).toBe(signaturesOf(graph).get('x'));
});

test('values on the way are kept where they are asked for', async () => {
  const graph = network();
  const samples = randomSamples(graph, 3);
  const reader = await ValueReader.create(graph, ['c'], samples, indices, ['sum', 'y']);
  for (const index of indices) expect([...reader.read(index).keys()]).toEqual(['c']);
  expect(cacheOf(samples).find(signaturesOf(graph).get('sum')!, indices)?.size).toBe(3);
  expect(cacheOf(samples).find(signaturesOf(graph).get('y')!, indices)).toBeUndefined();
  await read(graph, ['sum', 'y'], samples);
});
