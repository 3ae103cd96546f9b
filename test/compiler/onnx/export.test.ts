/** Graphs written as ONNX and run by ONNX Runtime answer what they answer here. Every operator: test/acceptance. */
import { describe, expect, test } from 'vitest';
import { Executor } from '../../../compiler/execute.ts';
import { type Graph, type TypedArray, valueOf } from '../../../compiler/graph.ts';
import type { GraphBuilder } from '../../../compiler/onnx/builder.ts';
import { exportOnnx } from '../../../compiler/onnx/export.ts';
import { importOnnx } from '../../../compiler/onnx/import.ts';
import { decodeOnnx } from '../../../compiler/onnx/load.ts';
import { Add } from '../../../compiler/ops/add.ts';
import { AveragePool } from '../../../compiler/ops/average-pool.ts';
import { Concat } from '../../../compiler/ops/concat.ts';
import { Dense } from '../../../compiler/ops/dense.ts';
import { unclamped } from '../../../compiler/ops/elementwise.ts';
import { operators } from '../../../compiler/ops/index.ts';
import { MaxPool } from '../../../compiler/ops/max-pool.ts';
import { Reduce } from '../../../compiler/ops/reduce.ts';
import { Reshape } from '../../../compiler/ops/reshape.ts';
import { Softmax } from '../../../compiler/ops/softmax.ts';
import { Transpose } from '../../../compiler/ops/transpose.ts';
import { Unary } from '../../../compiler/ops/unary.ts';
import { unaryFunctions } from '../../../compiler/ops/unary-functions.ts';
import { writtenFunctions } from '../../../compiler/ops/unary-onnx.ts';
import { defaultPasses } from '../../../compiler/passes/index.ts';
import { runPasses } from '../../../compiler/passes/pass.ts';
import { inputsOf, realNumbers } from '../../../compiler/quantization/accuracy.ts';
import { calibrate, rangesOf } from '../../../compiler/quantization/calibrate.ts';
import { quantizeGraph } from '../../../compiler/quantization/quantize.ts';
import { randomSamples } from '../compression/network-case.ts';
import { addChannelsFirstConv, buildGraph, randomConstant } from '../passes/pass-case.ts';
import { runExported } from './run-exported.ts';

const window3 = { kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1] } as const;
const pool = { kernel: [2, 2], stride: [2, 2], dilation: [1, 1], padBefore: [0, 0], padAfter: [0, 0], ceil: false } as const;

function classifier(g: GraphBuilder, x: string, width: number): string {
  const w = randomConstant(g, 'fc.w', [4, width]);
  return g.addOne(Dense, [x, w, randomConstant(g, 'fc.b', [4])], unclamped, { name: 'fc', output: 'scores' });
}

/** Channels-first as an exporter writes it, with a shortcut, pools, a concat, a depthwise layer and a flattened classifier. */
function residualNetwork(): Graph {
  const graph = buildGraph({ x: [1, 3, 8, 8] }, (g) => {
    const relu = { function: 'Relu', alpha: 0, beta: 0 };
    const stem = g.addOne(Unary, [addChannelsFirstConv(g, 'x', 'stem', 6, window3)], relu);
    const branch = addChannelsFirstConv(g, stem, 'branch', 6, { ...window3, groups: 6 });
    const sum = g.addOne(Unary, [g.addOne(Add, [stem, branch], unclamped)], { function: 'Clip', alpha: 0, beta: 6 });
    const last = g.addOne(Transpose, [sum], { permutation: [0, 2, 3, 1] });
    const both = g.addOne(Concat, [g.addOne(MaxPool, [last], pool), g.addOne(AveragePool, [last], { ...pool, countIncludePad: false })], {
      axis: 3,
    });
    const first = g.addOne(Transpose, [both], { permutation: [0, 3, 1, 2] });
    const scores = classifier(g, g.addOne(Reshape, [first], { shape: [1, 12 * 16] }), 12 * 16);
    return [g.addOne(Softmax, [scores], { axis: 1 }, { output: 'y' }), first];
  });
  return runPasses(graph, defaultPasses);
}

function pooledNetwork(): Graph {
  const graph = buildGraph({ x: [1, 3, 8, 8] }, (g) => {
    const a = addChannelsFirstConv(g, 'x', 'a', 5, { ...window3, stride: [2, 2] });
    const mean = g.addOne(Reduce, [a], { function: 'Mean', axes: [2, 3], keepDims: true });
    return [classifier(g, g.addOne(Reshape, [mean], { shape: [1, 5] }), 5)];
  });
  return runPasses(graph, defaultPasses);
}

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a, (value, i) => Math.abs(value - (b[i] as number))).reduce((x, y) => Math.max(x, y), 0);
}

describe.for([
  ['residual', residualNetwork],
  ['pooled', pooledNetwork],
] as const)('a %s network', ([, build]) => {
  const graph = build();
  const samples = randomSamples(graph, 8);

  test('as float32 answers the same, and reads its own file', async () => {
    const executor = await Executor.create(graph);
    const again = runPasses(importOnnx(decodeOnnx(exportOnnx(graph), 'exported'), { name: 'exported' }), defaultPasses);
    expect(again.inputs.map(({ name }) => name)).toEqual(['x']);
    expect(again.outputs.map(({ name }) => name)).toEqual(graph.outputs.map(({ name }) => name));
    expect(again.nodes.map(({ op }) => op.name)).toEqual(graph.nodes.map(({ op }) => op.name));
    const inputs = samples.at(0) as TypedArray[];
    const expected = executor.run(inputs);
    const actual = await runExported(graph, inputs);
    expected.forEach(({ data, type }, i) => {
      expect(actual[i]?.type.shape).toEqual(type.shape);
      expect(distance(actual[i]?.data as TypedArray, data)).toBeLessThan(1e-5);
    });
  });

  test('as int8 (QDQ) answers within a step of it', async () => {
    const calibration = await calibrate(
      graph,
      Array.from({ length: samples.count }, (_, i) => samples.at(i)),
    );
    const { graph: int8 } = quantizeGraph(graph, rangesOf(graph, calibration, 'min-max'));
    const executor = await Executor.create(int8);
    for (let i = 0; i < 4; i++) {
      const inputs = samples.at(i) as TypedArray[];
      const expected = executor.run(inputsOf(int8, inputs));
      const actual = await runExported(int8, inputs);
      expected.forEach(({ data }, port) => {
        const { quantization } = valueOf(int8, int8.outputs[port]!.value).type;
        // Averages and sums round once in ONNX Runtime's own way.
        expect(distance(actual[port]!.data, realNumbers(data, quantization))).toBeLessThanOrEqual(1.01 * (quantization?.scale[0] ?? 0));
      });
    }
  });
});

test('every operator that runs has an ONNX form, and every function', () => {
  // Comparisons exist as constants only.
  expect(operators.filter(({ toOnnx }) => !toOnnx).map(({ name }) => name)).toEqual(['Compare']);
  expect([...writtenFunctions].sort()).toEqual(Object.keys(unaryFunctions).sort());
});
