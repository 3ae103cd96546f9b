import { describe, expect, test } from 'vitest';
import { UnsupportedModelError } from '../../../compiler/errors.ts';
import type { Tensor } from '../../../compiler/graph.ts';
import { defaultPasses } from '../../../compiler/passes/index.ts';
import { runPasses } from '../../../compiler/passes/pass.ts';
import { evaluateGraph } from '../passes/pass-case.ts';
import { importCase, type OnnxModel, onnxNode, runOnnxRuntime, toOnnxTensor } from './onnx-case.ts';
import { expectClose, randomTensor } from './op-case.ts';

const channels = 5;

function statistics(): NonNullable<OnnxModel['constants']> {
  const vector = (seed: number, low: number) => toOnnxTensor(randomTensor([channels], seed, low, 2));
  return { gamma: vector(1, 0.5), beta: vector(2, -1), mean: vector(3, -1), variance: vector(4, 0.1) };
}

function batchNormalization(input: string, output: string) {
  return onnxNode('BatchNormalization', [input, 'gamma', 'beta', 'mean', 'variance'], output, { epsilon: { float: 0.01 } });
}

/** The operators left by the passes; the imported and the final graph both equal ONNX Runtime. */
async function operatorsLeft(model: OnnxModel, x: Tensor): Promise<string[]> {
  const expected = (await runOnnxRuntime(model)).y as { shape: readonly number[]; data: ArrayLike<number> };
  const graph = importCase(model);
  const final = runPasses(graph, defaultPasses);
  for (const candidate of [graph, final]) {
    const [y] = evaluateGraph(candidate, [x]) as [Tensor];
    expectClose(y, { type: { dtype: 'float32', shape: expected.shape }, data: Float32Array.from(expected.data) }, 1e-5);
  }
  return final.nodes.map((node) => node.op.name);
}

function model(x: Tensor, nodes: OnnxModel['nodes'], weights: OnnxModel['constants'] = {}, opset = 15): OnnxModel {
  return { nodes, inputs: { x: toOnnxTensor(x) }, constants: { ...statistics(), ...weights }, outputs: { y: 'float32' }, opset };
}

describe('BatchNormalization', () => {
  test.for([[[3, 5]], [[2, 5, 4]], [[2, 5, 3, 4]], [[1, 5, 2, 3, 2]]])('alone on %j: Mul and Add', async ([shape]) => {
    const x = randomTensor(shape as number[], 6);
    const operators = await operatorsLeft(model(x, [batchNormalization('x', 'y')], {}, 9), x);
    expect(operators.filter((name) => name !== 'Transpose')).toEqual(['Mul', 'Add']);
  });

  test('behind a Concat and in front of padding: a depthwise convolution', async () => {
    const x = randomTensor([1, 3, 6, 6], 6);
    const weights = {
      w: toOnnxTensor(randomTensor([2, 3, 3, 3], 7)),
      p: toOnnxTensor(randomTensor([2, channels, 3, 3], 9)),
    };
    const nodes = [
      onnxNode('Conv', ['x', 'w'], 'a', { pads: [1, 1, 1, 1] }),
      onnxNode('Concat', ['x', 'a'], 'b', { axis: 1 }),
      batchNormalization('b', 'c'),
      onnxNode('Relu', ['c'], 'd'),
      onnxNode('Conv', ['d', 'p'], 'y', { pads: [1, 1, 1, 1] }),
    ];
    const operators = await operatorsLeft(model(x, nodes, weights), x);
    expect(operators).toEqual(['Conv2d', 'Concat', 'Conv2d', 'Conv2d', 'Transpose']);
  });

  test('behind a convolution, a depthwise convolution and in front of one without padding: nothing remains', async () => {
    const x = randomTensor([1, 3, 6, 6], 6);
    const weights = {
      w: toOnnxTensor(randomTensor([channels, 3, 3, 3], 7)),
      d: toOnnxTensor(randomTensor([channels, 1, 3, 3], 8)),
      p: toOnnxTensor(randomTensor([2, channels, 1, 1], 9)),
    };
    const nodes = [
      onnxNode('Conv', ['x', 'w'], 'a', { pads: [1, 1, 1, 1] }),
      batchNormalization('a', 'b'),
      onnxNode('Relu', ['b'], 'c'),
      onnxNode('Conv', ['c', 'd'], 'e', { group: channels }),
      batchNormalization('e', 'f'),
      onnxNode('Relu', ['f'], 'g'),
      batchNormalization('g', 'h'),
      onnxNode('Conv', ['h', 'p'], 'y'),
    ];
    const operators = await operatorsLeft(model(x, nodes, weights), x);
    expect(operators.filter((name) => name !== 'Transpose')).toEqual(['Conv2d', 'Conv2d', 'Conv2d']);
  });

  test('behind Gemm: nothing remains', async () => {
    const x = randomTensor([2, 7], 6);
    const nodes = [onnxNode('Gemm', ['x', 'w'], 'a'), batchNormalization('a', 'y')];
    expect(await operatorsLeft(model(x, nodes, { w: toOnnxTensor(randomTensor([7, channels], 7)) }), x)).toEqual(['Dense']);
  });

  test('training mode is refused', () => {
    const x = randomTensor([1, channels, 2], 6);
    const node = onnxNode('BatchNormalization', ['x', 'gamma', 'beta', 'mean', 'variance'], 'y', { training_mode: 1 });
    expect(() => importCase(model(x, [node]))).toThrow(UnsupportedModelError);
  });
});
