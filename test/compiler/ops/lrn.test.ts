import { describe, expect, test } from 'vitest';
import { Lrn } from '../../../compiler/ops/lrn.ts';
import { float32, importNode } from './import-case.ts';
import { expectEqualsOnnxRuntime, expectSameBits } from './normalization-case.ts';
import { type Attribute, onnxNode, toOnnxTensor } from './onnx-case.ts';
import { expectKernelsEqualReference, randomTensor } from './op-case.ts';

describe('Lrn', () => {
  test.for([1, 2, 3, 4, 5, 40])('size %d', async (size) => {
    for (const shape of [
      [2, 3, 3, 7],
      [1, 5, 1],
      [1, 1, 1, 33],
    ]) {
      const attributes = { size, alpha: 0.3, beta: 0.75, bias: 1.5 };
      await expectKernelsEqualReference({ op: Lrn, attributes, inputs: [randomTensor(shape, 1, -4, 4)] }, 1e-6);
      await expectSameBits({ op: Lrn, attributes, inputs: [randomTensor(shape, 1, -4, 4)] });
    }
  });

  test.for<Record<string, Attribute>>([{ size: 3 }, { size: 5, alpha: { float: 0.2 }, beta: { float: 0.5 }, bias: { float: 2 } }])(
    'import with %o equals ONNX Runtime',
    async (attributes) => {
      const x = randomTensor([2, 7, 3, 4], 4, -5, 5);
      const nodes = [onnxNode('LRN', ['x'], 'y', attributes)];
      await expectEqualsOnnxRuntime({ nodes, inputs: { x: toOnnxTensor(x) }, outputs: { y: 'float32' } }, [x]);
    },
  );

  test('a size of 0 is refused with a fix', () => {
    expect(() => importNode({ operator: 'LRN', opset: 13, inputs: [float32(1, 3, 4, 4)] })).toThrow('size is 0; export with a size from 1');
  });
});
