import { describe, expect, test } from 'vitest';
import type { Quantization } from '../../../compiler/graph.ts';
import { importCase, type OnnxTensor, onnxNode, runOnnxRuntime, runWhittle } from './onnx-case.ts';
import { int8Variants } from './op-case.ts';

const scale = Math.fround(0.037);

describe('Dequantize', () => {
  test.for([1, 7, 15, 16, 17, 255, 256])('of %i int8 elements: kernels equal ONNX Runtime', async (count) => {
    const q = Int8Array.from({ length: count }, (_, i) => i - 128);
    const model = {
      nodes: [onnxNode('DequantizeLinear', ['q', 's', 'z'], 'y')],
      inputs: { q: { type: 'int8', shape: [count], data: q } },
      constants: { s: { type: 'float32', shape: [], data: [scale] }, z: { type: 'int8', shape: [], data: [-7] } },
      outputs: { y: 'float32' },
    } as const;
    const { y } = await runOnnxRuntime(model);
    const graph = importCase(model);
    for (const variant of int8Variants) {
      const [actual] = await runWhittle(graph, [q], variant);
      expect(actual?.data, variant).toEqual(y?.data);
    }
  });

  const constants: readonly [string, OnnxTensor, OnnxTensor, Quantization | undefined][] = [
    ['int8 per tensor', bytes('int8', [-127, 0, 3, 127]), bytes('int8', [0]), { scale: [scale], zeroPoint: 0 }],
    ['uint8 around 128', bytes('uint8', [1, 128, 200, 255]), bytes('uint8', [128]), { scale: [scale], zeroPoint: 0 }],
    ['uint8 from 0', bytes('uint8', [0, 128, 200, 255]), bytes('uint8', [0]), { scale: [scale], zeroPoint: -128 }],
    ['int8 with a far zero point', bytes('int8', [-128, 0, 3, 127]), bytes('int8', [100]), { scale: [scale], zeroPoint: 100 }],
    ['int32 bias', bytes('int32', [-100000, 0, 3, 1 << 20]), bytes('int32', [0]), { scale: [scale], zeroPoint: 0 }],
  ];

  test.for(constants)('a constant %s keeps its scales', async ([, q, zeroPoint, quantization]) => {
    const model = {
      nodes: [onnxNode('DequantizeLinear', ['q', 's', 'z'], 'w'), onnxNode('Relu', ['w'], 'y')],
      constants: { q: { ...q, shape: [2, 2] }, s: { type: 'float32', shape: [], data: [scale] }, z: { ...zeroPoint, shape: [] } },
      outputs: { w: 'float32', y: 'float32' },
    } as const;
    const { w } = await runOnnxRuntime(model);
    const value = importCase(model).values.get('w');
    expect(value?.constant).toEqual(w?.data);
    expect(value?.type.quantization).toEqual(quantization);
  });

  test('scales per channel follow the axis, and move with a transposed weight', async () => {
    const model = {
      nodes: [onnxNode('DequantizeLinear', ['q', 's'], 'w', { axis: 1 }), onnxNode('MatMul', ['x', 'w'], 'y')],
      inputs: { x: { type: 'float32', shape: [1, 2], data: [1, 2] } },
      constants: {
        q: { type: 'int8', shape: [2, 3], data: [1, 2, 3, 4, 5, 6] },
        s: { type: 'float32', shape: [3], data: [1, 0.5, 0.25] },
      },
      outputs: { y: 'float32' },
    } as const;
    const graph = importCase(model);
    const weights = graph.values.get(graph.nodes[0]?.inputs[1] as string);
    expect(weights?.constant).toEqual(Float32Array.of(1, 4, 1, 2.5, 0.75, 1.5));
    expect(weights?.type.quantization).toEqual({ scale: [1, 0.5, 0.25], zeroPoint: 0, axis: 0 });
    const { y } = await runOnnxRuntime(model);
    const [actual] = await runWhittle(graph, [[1, 2]], 'scalar');
    expect(actual?.data).toEqual(y?.data);
  });

  test('weights quantized inside the model fold to the same constant', async () => {
    const model = {
      nodes: [onnxNode('QuantizeLinear', ['w', 's', 'z'], 'q'), onnxNode('DequantizeLinear', ['q', 's', 'z'], 'y')],
      constants: {
        w: { type: 'float32', shape: [4], data: [-1, 0.1, 0.3, 5] },
        s: { type: 'float32', shape: [], data: [scale] },
        z: { type: 'uint8', shape: [], data: [128] },
      },
      outputs: { y: 'float32' },
    } as const;
    const { y } = await runOnnxRuntime(model);
    const value = importCase(model).values.get('y');
    expect(value?.constant).toEqual(y?.data);
    expect(value?.type.quantization).toEqual({ scale: [scale], zeroPoint: 0 });
  });
});

function bytes(type: OnnxTensor['type'], data: readonly number[]): OnnxTensor {
  return { type, shape: [data.length], data };
}
