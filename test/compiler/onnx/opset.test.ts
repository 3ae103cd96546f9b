/** Operators of newer opsets mean what they meant: ONNX Runtime answers the same, and what is too new is refused. */
import { expect, test } from 'vitest';
import { type Tensor, tensor } from '../../../compiler/graph.ts';
import { importCase, type OnnxModel, onnxNode, runOnnxRuntime, runWhittle } from '../ops/onnx-case.ts';
import { expectClose, randomTensor } from '../ops/op-case.ts';

function random(shape: readonly number[], seed: number) {
  return { type: 'float32' as const, shape, data: randomTensor(shape, seed).data };
}

function integers(...data: number[]) {
  return { type: 'int64' as const, shape: [data.length], data };
}

const scalar = (data: number) => ({ type: 'float32' as const, shape: [], data: [data] });

/** Operators of ours whose version rose between opset 22 and 26, and some that did not. */
function network(opset: number): OnnxModel {
  return {
    opset,
    nodes: [
      onnxNode('QuantizeLinear', ['x', 'scale', 'zero'], 'integers'),
      onnxNode('DequantizeLinear', ['integers', 'scale', 'zero'], 'real'),
      onnxNode('Pad', ['real', 'pads'], 'padded'),
      onnxNode('Conv', ['padded', 'w', 'b'], 'conv'),
      onnxNode('InstanceNormalization', ['conv', 'ones', 'zeros'], 'normal'),
      onnxNode('HardSwish', ['normal'], 'swish'),
      onnxNode('HardSigmoid', ['swish'], 'sigmoid'),
      onnxNode('Elu', ['sigmoid'], 'elu'),
      onnxNode('Selu', ['elu'], 'selu'),
      onnxNode('Softplus', ['selu'], 'softplus'),
      onnxNode('Softsign', ['softplus'], 'softsign'),
      onnxNode('Mish', ['softsign'], 'mish'),
      onnxNode('Dropout', ['mish'], 'dropout'),
      onnxNode('Identity', ['dropout'], 'identity'),
      onnxNode('ConvTranspose', ['identity', 'wt'], 'deconv', { strides: [2, 2] }),
      onnxNode('MaxPool', ['deconv'], 'max', { kernel_shape: [2, 2] }),
      onnxNode('AveragePool', ['max'], 'average', { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }),
      onnxNode('Transpose', ['average'], 'last', { perm: [0, 2, 3, 1] }),
      onnxNode('Reshape', ['last', 'shape'], 'flat'),
      onnxNode('Unsqueeze', ['flat', 'two'], 'up'),
      onnxNode('Unsqueeze', ['up', 'two'], 'upper'),
      onnxNode('GlobalAveragePool', ['upper'], 'mean'),
      onnxNode('Squeeze', ['mean', 'two'], 'down'),
      onnxNode('Flatten', ['down'], 'row'),
      onnxNode('Softmax', ['row'], 'y'),
    ],
    inputs: { x: random([1, 3, 6, 6], 1) },
    constants: {
      scale: scalar(1 / 32),
      zero: { type: 'int8', shape: [], data: [3] },
      pads: integers(0, 0, 1, 1, 0, 0, 1, 1),
      w: random([4, 3, 3, 3], 2),
      b: random([4], 3),
      ones: random([4], 4),
      zeros: random([4], 5),
      wt: random([4, 2, 2, 2], 6),
      shape: integers(1, -1),
      two: integers(2),
    },
    outputs: { y: 'float32' },
  };
}

async function expectEqual(model: OnnxModel): Promise<void> {
  const { shape, data } = (await runOnnxRuntime(model)).y as { shape: readonly number[]; data: Float32Array };
  const [actual] = await runWhittle(importCase(model), [model.inputs?.x?.data as Float32Array], 'simd');
  expectClose(actual as Tensor, tensor('float32', shape, data), 1e-5);
}

test.for([18, 21, 22, 23, 24, 25, 26])('opset %d equals ONNX Runtime', async (opset) => {
  const model = network(opset);
  await expectEqual(model);
});

test('DequantizeLinear says of which dtype its real numbers are (opset 23)', async () => {
  const model: OnnxModel = {
    opset: 23,
    nodes: [onnxNode('DequantizeLinear', ['q', 'scale'], 'real', { output_dtype: 1 }), onnxNode('Add', ['x', 'real'], 'y')],
    inputs: { x: random([4], 1) },
    constants: { q: { type: 'uint8', shape: [4], data: [0, 1, 2, 255] }, scale: scalar(0.5) },
    outputs: { y: 'float32' },
  };
  await expectEqual(model);
});

test('an opset that nobody has looked at is refused', () => {
  expect(() => importCase(network(27))).toThrow('opset 27; supported are 7 to 26; export with opset_version=18');
});
