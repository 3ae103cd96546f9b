import { describe, expect, test } from 'vitest';
import { tensor } from '../../../compiler/graph.ts';
import { InstanceNorm } from '../../../compiler/ops/instance-normalization.ts';
import { float32, importNode } from './import-case.ts';
import { expectEqualsOnnxRuntime, expectSameBits } from './normalization-case.ts';
import { onnxNode, toOnnxTensor } from './onnx-case.ts';
import { expectKernelsEqualReference, randomTensor } from './op-case.ts';

describe('InstanceNorm', () => {
  test.for([
    [1, 4, 4, 1],
    [2, 3, 5, 4],
    [1, 7, 7, 19],
    [2, 9, 3],
  ])('%s', async (shape) => {
    const channels = shape.slice(-1);
    const inputs = [randomTensor(shape, 1, -3, 5), randomTensor(channels, 2), randomTensor(channels, 3)];
    await expectKernelsEqualReference({ op: InstanceNorm, attributes: { epsilon: 1e-5 }, inputs, constants: [1, 2] }, 2e-6);
    await expectSameBits({ op: InstanceNorm, attributes: { epsilon: 1e-5 }, inputs });
  });

  test.for([
    [2, 3, 4, 5],
    [2, 3, 8],
    [1, 2, 3, 4, 2],
  ])('import of %s equals ONNX Runtime', async (shape) => {
    const x = randomTensor(shape, 4, -2, 3);
    await expectEqualsOnnxRuntime(
      {
        nodes: [onnxNode('InstanceNormalization', ['x', 'scale', 'bias'], 'y', { epsilon: { float: 1e-2 } })],
        inputs: { x: toOnnxTensor(x) },
        constants: {
          scale: toOnnxTensor(randomTensor(shape.slice(1, 2), 5)),
          bias: toOnnxTensor(randomTensor(shape.slice(1, 2), 6)),
        },
        outputs: { y: 'float32' },
      },
      [x],
    );
  });

  test('a scale that does not fit the channels is refused', () => {
    const inputs = [float32(1, 3, 4, 4), tensor('float32', [4], [1, 1, 1, 1]), tensor('float32', [3], [0, 0, 0])];
    expect(() => importNode({ operator: 'InstanceNormalization', opset: 13, inputs })).toThrow('scale or bias [4] does not fit');
  });
});
