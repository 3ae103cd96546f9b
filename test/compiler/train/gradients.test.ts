/** Every gradient against central differences, and every forward pass against the runtime. */
import { describe, expect, test } from 'vitest';
import { Executor } from '../../../compiler/execute.ts';
import { type Graph, type ValueName, valueOf } from '../../../compiler/graph.ts';
import { uniformRandom } from '../../../compiler/linalg/random.ts';
import type { GraphBuilder } from '../../../compiler/onnx/builder.ts';
import { Add } from '../../../compiler/ops/add.ts';
import { AveragePool } from '../../../compiler/ops/average-pool.ts';
import { Concat } from '../../../compiler/ops/concat.ts';
import { MaxPool } from '../../../compiler/ops/max-pool.ts';
import { Reduce } from '../../../compiler/ops/reduce.ts';
import { Reshape } from '../../../compiler/ops/reshape.ts';
import { DifferentiablePart } from '../../../compiler/train/differentiable-part.ts';
import { addConv, buildGraph } from '../passes/pass-case.ts';

const BATCH = 3;
const relu = [0, Infinity] as const;
const padded = { kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1] } as const;
const window = { kernel: [2, 2], stride: [2, 2], dilation: [1, 1], padBefore: [0, 1], padAfter: [1, 0], ceil: false } as const;

/** Every part begins with a layer, so that gradients with respect to what the operator reads are checked by its weights. */
const cases: Record<string, (g: GraphBuilder) => ValueName> = {
  'pointwise, then 3x3 with padding': (g) => addConv(g, addConv(g, 'x', 'first', 5), 'second', 9, { ...padded, clamp: relu }),
  'stride, dilation, uneven padding': (g) => {
    const uneven = { kernel: [3, 2], stride: [2, 1], dilation: [1, 2], padBefore: [0, 1], padAfter: [2, 0] } as const;
    return addConv(g, addConv(g, 'x', 'first', 4), 'second', 3, uneven);
  },
  depthwise: (g) => addConv(g, addConv(g, 'x', 'first', 6), 'second', 6, { ...padded, stride: [2, 1], groups: 6, clamp: [0, 0.7] }),
  'depthwise with two outputs per input': (g) => addConv(g, addConv(g, 'x', 'first', 4), 'second', 8, { ...padded, groups: 4 }),
  grouped: (g) => addConv(g, addConv(g, 'x', 'first', 6), 'second', 4, { ...padded, groups: 2, clamp: relu }),
  'residual add': (g) => {
    const first = addConv(g, 'x', 'first', 4, { clamp: relu });
    return g.addOne(Add, [addConv(g, first, 'second', 4, padded), first], { clamp: relu });
  },
  'average pool': (g) => g.addOne(AveragePool, [addConv(g, 'x', 'first', 4)], { ...window, countIncludePad: false }),
  'max pool': (g) => g.addOne(MaxPool, [addConv(g, 'x', 'first', 4)], window),
  'mean, reshape': (g) => {
    const mean = g.addOne(Reduce, [addConv(g, 'x', 'first', 4, { clamp: relu })], { function: 'Mean', axes: [1, 2], keepDims: true });
    return addConv(g, g.addOne(Reshape, [mean], { shape: [1, 1, 2, 2] }), 'second', 3);
  },
  concat: (g) => {
    const first = addConv(g, 'x', 'first', 4);
    return g.addOne(Concat, [addConv(g, first, 'second', 3), addConv(g, first, 'third', 5, padded)], { axis: 3 });
  },
};

function randomNumbers(length: number, seed: number): Float32Array {
  const random = uniformRandom(seed);
  return Float32Array.from({ length }, () => 2 * random() - 1);
}

function partOf(graph: Graph) {
  const parameters = [...graph.values.values()].filter(({ constant }) => constant instanceof Float32Array).map(({ name }) => name);
  const part = new DifferentiablePart(graph, { nodes: graph.nodes, parameters, batch: BATCH });
  part.value('x').data.set(randomNumbers(part.value('x').length, 5));
  return { part, parameters };
}

describe.each(Object.entries(cases))('%s', (_, build) => {
  const graph = buildGraph({ x: [1, 5, 4, 3] }, (g) => [build(g)]);
  const output = (graph.outputs[0] as Graph['outputs'][number]).value;

  test('runs as the runtime does', async () => {
    const { part } = partOf(graph);
    part.forward();
    const executor = await Executor.create(graph);
    const size = part.value('x').length / BATCH;
    for (let i = 0; i < BATCH; i++) {
      const expected = executor.run([part.value('x').data.slice(i * size, (i + 1) * size)])[0]?.data as Float32Array;
      const actual = part.value(output).data.subarray(i * expected.length, (i + 1) * expected.length);
      expected.forEach((value, k) => expect(actual[k]).toBeCloseTo(value, 4));
    }
  });

  test('gradients are what differences say', () => {
    const { part, parameters } = partOf(graph);
    // A random weight of each output makes the loss.
    const weights = randomNumbers(part.value(output).length, 9);
    const loss = () => {
      part.forward();
      return part.value(output).data.reduce((sum, value, i) => sum + value * (weights[i] as number), 0);
    };
    const here = loss();
    part.gradient(output).data.set(weights);
    part.backward();
    const gradients = new Map(parameters.map((name) => [name, part.gradient(name).data.slice()]));
    const step = 2 ** -8;
    let [compared, all] = [0, 0];
    for (const [name, gradient] of gradients) {
      expect(gradient.length).toBe(valueOf(graph, name).constant?.length);
      for (let i = 0; i < gradient.length; i++) {
        const original = part.value(name).data[i] as number;
        part.value(name).data[i] = original + step;
        const above = loss();
        part.value(name).data[i] = original - step;
        const below = loss();
        part.value(name).data[i] = original;
        // Where an activation bends between the two, differences do not tell.
        if (Math.abs(above + below - 2 * here) > 1e-4) continue;
        expect(gradient[i], `${name}[${i}]`).toBeCloseTo((above - below) / (2 * step), 1);
        compared++;
      }
      all += gradient.length;
    }
    expect(compared).toBeGreaterThan(0.7 * all);
  });
});
