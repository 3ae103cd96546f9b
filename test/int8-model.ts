/** A small int8 classifier for tests of what comes behind the compiler: convolution, depthwise convolution, pooling, dense, softmax. */
import { compileModel } from '../compiler/compile.ts';
import { encodeOnnx, type OnnxModel, onnxNode } from './compiler/ops/onnx-case.ts';
import { randomTensor } from './compiler/ops/op-case.ts';

const shape = [1, 3, 12, 10];
const random = (extents: readonly number[], seed: number) => ({
  type: 'float32' as const,
  shape: extents,
  data: randomTensor(extents, seed).data,
});

const model: OnnxModel = {
  nodes: [
    onnxNode('Conv', ['x', 'w1', 'b1'], 'a', { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2] }),
    onnxNode('Relu', ['a'], 'b'),
    onnxNode('Conv', ['b', 'w2', 'b2'], 'c', { kernel_shape: [3, 3], pads: [1, 1, 1, 1], group: 6 }),
    onnxNode('Add', ['b', 'c'], 'd'),
    onnxNode('MaxPool', ['d'], 'e', { kernel_shape: [2, 2], strides: [2, 2] }),
    onnxNode('Flatten', ['e'], 'f'),
    onnxNode('Gemm', ['f', 'w3', 'b3'], 'g', { transB: 1 }),
    onnxNode('Softmax', ['g'], 'probabilities', { axis: 1 }),
  ],
  inputs: { x: { type: 'float32', shape, data: [] } },
  constants: {
    w1: random([6, 3, 3, 3], 1),
    b1: random([6], 2),
    w2: random([6, 1, 3, 3], 3),
    b2: random([6], 4),
    w3: random([4, 36], 5),
    b3: random([4], 6),
  },
  outputs: { probabilities: 'float32' },
};

/** The bytes of the packed model; calibrated on random numbers. */
export async function int8Model(name = 'tiny'): Promise<Uint8Array> {
  const samples = Array.from({ length: 8 }, (_, i) => [randomTensor(shape, 100 + i).data as Float32Array]);
  const labels = ['ant', 'bee', 'cat', 'dog'];
  const { bytes } = await compileModel({ onnx: encodeOnnx(model), name, samples, labels, preprocess: { offset: -128, scale: 1 / 128 } });
  return bytes;
}
