import { describe, expect, test } from 'vitest';
import { Executor } from '../../../compiler/execute.ts';
import { type Tensor, tensor } from '../../../compiler/graph.ts';
import { LayerNorm } from '../../../compiler/ops/layer-normalization.ts';
import { importNode } from './import-case.ts';
import { expectEqualsOnnxRuntime, expectSameBits } from './normalization-case.ts';
import { onnxNode, toOnnxTensor } from './onnx-case.ts';
import { expectKernelsEqualReference, randomTensor } from './op-case.ts';

describe('LayerNorm', () => {
  const inputsOf = (shape: readonly number[], axis: number) => {
    const normalized = shape.slice(axis);
    return [randomTensor(shape, 1, -3, 5), randomTensor(normalized, 2), randomTensor(normalized, 3)];
  };

  test.for([
    ...[1, 2, 3, 4, 5, 7, 8, 9, 64, 67].map((length) => ({ shape: [3, length], axis: 1 })),
    { shape: [2, 3, 4, 5], axis: 2 },
    { shape: [2, 3, 5], axis: 0 },
  ])('[$shape] from axis $axis on', async ({ shape, axis }) => {
    const inputs = inputsOf(shape, axis);
    await expectKernelsEqualReference({ op: LayerNorm, attributes: { axis, epsilon: 1e-5 }, inputs, constants: [1, 2] }, 2e-6);
    await expectKernelsEqualReference({ op: LayerNorm, attributes: { axis, epsilon: 0.1 }, inputs }, 2e-6);
    await expectSameBits({ op: LayerNorm, attributes: { axis, epsilon: 1e-5 }, inputs });
  });

  test('a large mean does not swallow the variance', async () => {
    const x = tensor('float32', [1, 6], [10001, 10002, 10003, 10001, 10002, 10003]);
    const [one, zero] = [tensor('float32', [6], new Float32Array(6).fill(1)), tensor('float32', [6], new Float32Array(6))];
    await expectKernelsEqualReference({ op: LayerNorm, attributes: { axis: 1, epsilon: 0 }, inputs: [x, one, zero] }, 1e-6);
  });

  test.for([
    { axis: undefined, hasBias: true },
    { axis: 1, hasBias: true },
    { axis: -2, hasBias: false },
  ])('import with axis $axis, bias $hasBias equals ONNX Runtime', async ({ axis, hasBias }) => {
    const x = randomTensor([2, 3, 4], 4, -2, 3);
    const normalized = x.type.shape.slice(axis ?? -1);
    const attributes = { epsilon: { float: 1e-3 }, ...(axis !== undefined && { axis }) };
    await expectEqualsOnnxRuntime(
      {
        nodes: [onnxNode('LayerNormalization', hasBias ? ['x', 'scale', 'bias'] : ['x', 'scale'], 'y', attributes)],
        inputs: { x: toOnnxTensor(x) },
        constants: {
          scale: toOnnxTensor(randomTensor(normalized, 5)),
          ...(hasBias && { bias: toOnnxTensor(randomTensor(normalized, 6)) }),
        },
        outputs: { y: 'float32' },
      },
      [x],
    );
  });

  test('the statistics are outputs too, and a short scale is repeated', async () => {
    const x = randomTensor([2, 3, 4], 4, -2, 3);
    const scale = tensor('float32', [4], [1, 2, 3, 4]);
    const graph = importNode({
      operator: 'LayerNormalization',
      opset: 17,
      attributes: { axis: { i: 1 } },
      inputs: [x.type, scale],
      outputs: ['y', '', 'deviation'],
    });
    const [y, deviation] = (await Executor.create(graph, 'scalar')).run([x.data]) as [Tensor, Tensor];
    expect(deviation.type.shape).toEqual([2, 1, 1]);
    const row = Array.from(x.data.slice(12));
    const mean = row.reduce((a, b) => a + b) / 12;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 12;
    expect(deviation.data[1]).toBeCloseTo(1 / Math.sqrt(variance + 1e-5), 5);
    expect(y.data[23]).toBeCloseTo(((row[11] as number) - mean) * (deviation.data[1] as number) * 4, 5);
  });
});
