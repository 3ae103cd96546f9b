/** Channels are found tied where operators tie them, and removing them leaves the rest as it was. */
import { describe, expect, test } from 'vitest';
import { channelGroups, traceChannels } from '../../../compiler/compression/channels.ts';
import { layersOf, withWeights } from '../../../compiler/compression/layers.ts';
import { removeChannels } from '../../../compiler/compression/remove-channels.ts';
import type { Graph } from '../../../compiler/graph.ts';
import { Add } from '../../../compiler/ops/add.ts';
import { Concat } from '../../../compiler/ops/concat.ts';
import { Dense } from '../../../compiler/ops/dense.ts';
import { unclamped } from '../../../compiler/ops/elementwise.ts';
import { MaxPool } from '../../../compiler/ops/max-pool.ts';
import { Mul } from '../../../compiler/ops/mul.ts';
import { Reduce } from '../../../compiler/ops/reduce.ts';
import { Reshape } from '../../../compiler/ops/reshape.ts';
import { Slice, sliceOfAxis } from '../../../compiler/ops/slice.ts';
import { Softmax } from '../../../compiler/ops/softmax.ts';
import { Unary } from '../../../compiler/ops/unary.ts';
import { addConv, buildGraph, randomConstant } from '../passes/pass-case.ts';
import { largestDifference, randomSamples } from './network-case.ts';

const window3 = { kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1] } as const;
const relu = { function: 'Relu', alpha: 0, beta: 0 };

/** A block with a shortcut, a depthwise layer, a concat, an attention by channel, and a classifier on flattened pixels. */
function network(): Graph {
  return buildGraph({ x: [1, 6, 6, 3] }, (g) => {
    const stem = g.addOne(Unary, [addConv(g, 'x', 'stem', 8, window3)], relu, { output: 'stem.relu' });
    const wide = addConv(g, stem, 'wide', 12);
    const depthwise = addConv(g, g.addOne(Unary, [wide], relu), 'depthwise', 12, { ...window3, groups: 12 });
    const narrow = addConv(g, depthwise, 'narrow', 8);
    const sum = g.addOne(Add, [narrow, stem], unclamped, { output: 'sum' });
    const side = addConv(g, sum, 'side', 5);
    const joined = g.addOne(Concat, [sum, side], { axis: 3 }, { output: 'joined' });
    const scale = randomConstant(g, 'scale', [13], 3);
    const scaled = g.addOne(Mul, [joined, scale], unclamped);
    const part = g.addOne(Slice, [scaled], sliceOfAxis([1, 6, 6, 13], 3, 6, 7), { output: 'part' });
    const squeezed = g.addOne(Reduce, [part], { function: 'Mean', axes: [1, 2], keepDims: true });
    const attention = addConv(g, squeezed, 'attention', 7);
    const attended = g.addOne(Mul, [part, attention], unclamped);
    const pooled = g.addOne(MaxPool, [attended], {
      kernel: [2, 2],
      stride: [2, 2],
      dilation: [1, 1],
      padBefore: [0, 0],
      padAfter: [0, 0],
      ceil: false,
    });
    const flat = g.addOne(Reshape, [pooled], { shape: [1, 63] });
    const scores = g.addOne(Dense, [flat, randomConstant(g, 'fc.w', [4, 63]), randomConstant(g, 'fc.b', [4])], unclamped, { name: 'fc' });
    return [g.addOne(Softmax, [scores], { axis: 1 }, { output: 'y' })];
  });
}

describe('channel groups', () => {
  test('layers that are tied make one group', () => {
    const groups = channelGroups(network()).map(({ units, producers, consumers }) => ({
      width: units.length,
      producers: producers.map(({ name }) => name),
      consumers: consumers.map(({ name }) => name).sort(),
    }));
    expect(groups).toEqual([
      // Channels 0 to 5 of the sum are read by the other side of the concat only; 6 and 7 go on with the attention's.
      { width: 6, producers: ['stem', 'narrow'], consumers: ['side', 'wide'] },
      { width: 2, producers: ['stem', 'narrow', 'attention'], consumers: ['attention', 'fc', 'side', 'wide'] },
      { width: 12, producers: ['wide'], consumers: ['narrow'] },
      { width: 5, producers: ['side', 'attention'], consumers: ['attention', 'fc'] },
    ]);
  });

  test('inputs, outputs and what a Softmax normalizes are frozen', () => {
    const traced = traceChannels(network());
    for (const name of ['x', 'y']) for (const unit of traced.units.get(name) ?? []) expect(traced.frozen.has(unit)).toBe(true);
  });
});

/** The graph with zeros wherever one of these units is read: then the channels may go without a change. */
function withoutReaders(graph: Graph, removed: ReadonlySet<number>): Graph {
  const traced = traceChannels(graph);
  return layersOf(graph)
    .filter(({ kind }) => kind !== 'depthwise')
    .reduce((current, layer) => {
      const units = traced.units.get(layer.input) as Int32Array;
      const weights = layer.weights.map((w, i) => (removed.has(units[i % layer.inputs] as number) ? 0 : w));
      return withWeights(current, layer, weights);
    }, graph);
}

describe('removing channels', () => {
  test.for([0, 1, 2, 3])('that nobody reads changes nothing (group %i)', async (index) => {
    const graph = network();
    const group = channelGroups(graph)[index];
    const removed = new Set(group?.units.filter((_, i) => i % 2 === 1));
    const masked = withoutReaders(graph, removed);
    const { graph: narrow, kept } = removeChannels(masked, removed);
    expect(kept.size).toBeGreaterThan(0);
    expect(layersOf(narrow).reduce((sum, { weights }) => sum + weights.length, 0)).toBeLessThan(
      layersOf(graph).reduce((sum, { weights }) => sum + weights.length, 0),
    );
    expect(await largestDifference(masked, narrow, randomSamples(graph, 4))).toBeLessThan(1e-5);
  });

  test('says which channels are left of each value', () => {
    const graph = network();
    const group = channelGroups(graph).find(({ producers }) => producers[0]?.name === 'side');
    const { kept } = removeChannels(graph, new Set([group?.units[1] as number, group?.units[4] as number]));
    expect([...(kept.get('side') ?? [])]).toEqual([0, 2, 3]);
    expect([...(kept.get('joined') ?? [])]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11]);
  });

  test('keeps the parameters that a quantized model came with', () => {
    const graph = network();
    const values = new Map(graph.values);
    const quantization = { scale: [0.05], zeroPoint: 3 };
    for (const name of ['wide', 'stem']) values.set(name, { ...values.get(name)!, type: { ...values.get(name)!.type, quantization } });
    const group = channelGroups(graph).find(({ producers }) => producers[0]?.name === 'wide');
    const { graph: narrow } = removeChannels({ ...graph, values }, new Set([group?.units[0] as number]));
    expect(narrow.values.get('wide')?.type).toEqual({ dtype: 'float32', shape: [1, 6, 6, 11], quantization });
    expect(narrow.values.get('stem')?.type.quantization).toEqual(quantization);
  });

  test('refuses frozen channels and the last one of a value', () => {
    const graph = network();
    const traced = traceChannels(graph);
    expect(() => removeChannels(graph, new Set([traced.units.get('y')?.[0] as number]))).toThrow('is frozen');
    expect(() => removeChannels(graph, new Set(traced.units.get('wide')))).toThrow('every channel of "wide" would be removed');
  });
});
