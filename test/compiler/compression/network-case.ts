/** Small float networks and samples for compression methods, and the context in which a method runs. */

import type { MethodContext } from '../../../compiler/compression/method.ts';
import { originalNetwork } from '../../../compiler/compression/network.ts';
import { gatherStatistics, type StatisticsOptions } from '../../../compiler/compression/statistics.ts';
import type { SampleSet } from '../../../compiler/compression/values.ts';
import { Executor } from '../../../compiler/execute.ts';
import { elementCount, type Graph, tensor, valueOf } from '../../../compiler/graph.ts';
import { GraphBuilder } from '../../../compiler/onnx/builder.ts';
import { Conv2d } from '../../../compiler/ops/conv2d.ts';
import { Dense } from '../../../compiler/ops/dense.ts';
import { verify } from '../../../compiler/verify.ts';
import { randomTensor } from '../ops/op-case.ts';

/** `count` random samples in [-1, 1) for the graph's inputs. */
export function randomSamples(graph: Graph, count: number, seed = 100): SampleSet {
  const samples = Array.from({ length: count }, (_, i) =>
    graph.inputs.map(({ value }, port) => randomTensor(valueOf(graph, value).type.shape, seed + 10 * i + port).data),
  );
  return { count, at: (index) => samples[index] as (typeof samples)[number] };
}

/** What a method sees when it is the first step of a recipe. @param gathered how statistics are gathered */
export function contextOf(graph: Graph, samples: SampleSet, gathered: StatisticsOptions = {}): MethodContext {
  const network = originalNetwork(graph);
  return {
    original: graph,
    network,
    samples,
    seed: 1,
    progress: () => {},
    statistics: (layers, current = network, options = {}) =>
      gatherStatistics(graph, current.graph, layers, samples, { seed: 1, channels: current.channels, ...gathered, ...options }),
  };
}

/** A dense layer with the given numbers, ReLU fused when `relu`. */
export function addDense(
  builder: GraphBuilder,
  x: string,
  name: string,
  weights: ArrayLike<number>,
  bias: ArrayLike<number>,
  relu = false,
): string {
  const w = builder.addConstant(tensor('float32', [bias.length, weights.length / bias.length], weights), `${name}.w`);
  const b = builder.addConstant(tensor('float32', [bias.length], bias), `${name}.b`);
  return builder.addOne(Dense, [x, w, b], { clamp: [relu ? 0 : -Infinity, Infinity] }, { output: name, name });
}

/** Largest difference of an output of both graphs over the samples. */
export async function largestDifference(a: Graph, b: Graph, samples: SampleSet): Promise<number> {
  const executors = [await Executor.create(a), await Executor.create(b)] as const;
  let largest = 0;
  for (let i = 0; i < samples.count; i++) {
    const [expected, actual] = executors.map((executor) => executor.run(samples.at(i))) as [
      ReturnType<Executor['run']>,
      ReturnType<Executor['run']>,
    ];
    expected.forEach(({ data, type }, port) => {
      for (let k = 0; k < elementCount(type.shape); k++)
        largest = Math.max(largest, Math.abs((data[k] as number) - (actual[port]?.data[k] as number)));
    });
  }
  return largest;
}

function addConvolution(
  builder: GraphBuilder,
  x: string,
  name: string,
  shape: readonly [number, number, number, number],
  stride = 1,
): string {
  const [o, kh, kw] = shape;
  const w = builder.addConstant(randomTensor(shape, o), `${name}.w`);
  const b = builder.addConstant(randomTensor([o], o + 1), `${name}.b`);
  const pad = [(kh - 1) / 2, (kw - 1) / 2] as const;
  const attributes = {
    kernel: [kh, kw],
    stride: [stride, stride],
    dilation: [1, 1],
    padBefore: pad,
    padAfter: pad,
    groups: 1,
    clamp: [0, Infinity],
  } as const;
  return builder.addOne(Conv2d, [x, w, b], attributes, { output: name, name });
}

/** x [1, 6, 6, 3] → conv 3x3 → conv 3x3, stride 2 → 1x1. */
export function convolutions(): Graph {
  const builder = new GraphBuilder();
  builder.define('x', { dtype: 'float32', shape: [1, 6, 6, 3] });
  const a = addConvolution(builder, 'x', 'a', [8, 3, 3, 3]);
  const b = addConvolution(builder, a, 'b', [6, 3, 3, 8], 2);
  const c = addConvolution(builder, b, 'c', [5, 1, 1, 6]);
  return verify(builder.build('convolutions', [{ name: 'x', value: 'x' }], [{ name: 'y', value: c }]), 'test');
}
