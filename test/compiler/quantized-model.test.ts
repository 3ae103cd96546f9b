/** A network that comes quantized (QDQ, as exporters write it) runs as it was trained: the same bytes as ONNX Runtime. */
import type { onnx as Onnx } from 'onnx-proto';
import { expect, test } from 'vitest';
import { compileModel } from '../../compiler/compile.ts';
import { Executor } from '../../compiler/execute.ts';
import { type Quantization, type Tensor, tensor } from '../../compiler/graph.ts';
import { Quantize } from '../../compiler/ops/quantize.ts';
import { Transpose } from '../../compiler/ops/transpose.ts';
import { encodeOnnx, type OnnxTensor, onnxNode, runOnnxRuntime } from './ops/onnx-case.ts';
import { int8Variants, randomNumbers } from './ops/op-case.ts';

type Integer = 'int8' | 'uint8';

/** Builds a QDQ network layer by layer. */
class QdqNetwork {
  readonly nodes: Onnx.INodeProto[] = [];
  readonly constants: Record<string, OnnxTensor> = {};
  private readonly random = randomNumbers(7);
  private count = 0;

  constructor(private readonly type: Integer) {}

  private constant(type: OnnxTensor['type'], shape: readonly number[], draw: () => number): string {
    const name = `c${this.count++}`;
    const length = shape.reduce((p, e) => p * e, 1);
    this.constants[name] = { type, shape, data: Float64Array.from({ length }, draw) };
    return name;
  }

  /** QuantizeLinear and DequantizeLinear; zero points are int8's. */
  fakeQuantize(x: string, scale: number, zeroPoint: number): string {
    const s = this.constant('float32', [], () => Math.fround(scale));
    const z = this.constant(this.type, [], () => zeroPoint + (this.type === 'uint8' ? 128 : 0));
    const y = `${x}.${this.count++}`;
    this.nodes.push(onnxNode('QuantizeLinear', [x, s, z], `${y}.q`), onnxNode('DequantizeLinear', [`${y}.q`, s, z], y));
    return y;
  }

  /** Conv or Gemm with int8 weights per channel and an int32 bias; `inputScale` is that of x. */
  layer(operator: 'Conv' | 'Gemm', x: string, shape: readonly number[], inputScale: number, attributes = {}): string {
    const channels = shape[0] as number;
    const scales = Array.from({ length: channels }, () => Math.fround(0.005 + 0.01 * this.random()));
    let at = 0;
    const weightScale = this.constant('float32', [channels], () => scales[at++] as number);
    let atBias = 0;
    const biasScale = this.constant('float32', [channels], () => Math.fround(Math.fround(inputScale) * (scales[atBias++] as number)));
    const weights = this.constant('int8', shape, () => Math.floor(255 * this.random()) - 127);
    const bias = this.constant('int32', [channels], () => Math.floor(4000 * this.random()) - 2000);
    const y = `${operator}${this.count++}`;
    this.nodes.push(
      onnxNode('DequantizeLinear', [weights, weightScale], `${y}.w`, { axis: 0 }),
      onnxNode('DequantizeLinear', [bias, biasScale], `${y}.b`, { axis: 0 }),
      onnxNode(operator, [x, `${y}.w`, `${y}.b`], y, attributes),
    );
    return y;
  }

  node(operator: string, inputs: readonly string[], attributes = {}): string {
    const y = `${operator}${this.count++}`;
    this.nodes.push(onnxNode(operator, inputs, y, attributes));
    return y;
  }
}

function network(type: Integer): QdqNetwork {
  const net = new QdqNetwork(type);
  const padded = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };
  const x = net.fakeQuantize('x', 0.02, -5);
  const a = net.fakeQuantize(net.node('Relu', [net.layer('Conv', x, [8, 3, 3, 3], 0.02, { ...padded, strides: [2, 2] })]), 0.05, -128);
  const b = net.fakeQuantize(net.layer('Conv', a, [8, 1, 3, 3], 0.05, { ...padded, strides: [2, 2], group: 8 }), 0.04, 3);
  const c = net.fakeQuantize(net.layer('Conv', b, [17, 8, 1, 1], 0.04, { kernel_shape: [1, 1] }), 0.06, 10);
  const joined = net.fakeQuantize(net.node('Concat', [c, net.fakeQuantize(c, 0.06, 10)], { axis: 1 }), 0.06, 10);
  const flat = net.fakeQuantize(net.node('Flatten', [joined]), 0.06, 10);
  const y = net.fakeQuantize(net.layer('Gemm', flat, [10, 34 * 9], 0.06, { transB: 1 }), 0.3, -20);
  net.nodes.push(onnxNode('Identity', [y], 'y'));
  return net;
}

test.for(['int8', 'uint8'] as const)('a QDQ network of %s activations equals ONNX Runtime byte for byte', async (type) => {
  const { nodes, constants } = network(type);
  const random = randomNumbers(3);
  const data = Float32Array.from({ length: 3 * 12 * 12 }, () => 5 * random() - 2.5);
  const model = { nodes, constants, inputs: { x: { type: 'float32', shape: [1, 3, 12, 12], data } }, outputs: { y: 'float32' } } as const;
  const { y } = await runOnnxRuntime(model);
  const { graph } = await compileModel({ onnx: encodeOnnx(model), name: 'qdq' });
  const [input, output] = [...graph.inputs, ...graph.outputs].map((port) => graph.values.get(port.value)?.type);
  expect(input).toMatchObject({ dtype: 'int8', quantization: { scale: [Math.fround(0.02)], zeroPoint: -5 } });
  expect(output).toMatchObject({ dtype: 'int8', quantization: { scale: [Math.fround(0.3)], zeroPoint: -20 } });
  expect(graph.nodes.filter((node) => node.op.name.endsWith('uantize'))).toEqual([]);

  const permutation = graph.inputs[0]?.permutation ?? [0, 1, 2, 3];
  const ordered = Transpose.evaluate([tensor('float32', [1, 3, 12, 12], data)], { permutation });
  const [integers] = Quantize.evaluate(ordered, { quantization: input?.quantization as Quantization }) as [Tensor];
  const expected = Array.from(y?.data as Float32Array, (real) => Math.round(real / Math.fround(0.3)) - 20);
  expect(new Set(expected).size).toBeGreaterThan(5);
  for (const variant of int8Variants) {
    const [actual] = (await Executor.create(graph, variant)).run([integers.data]);
    expect(Array.from(actual?.data ?? []), variant).toEqual(expected);
  }
});
