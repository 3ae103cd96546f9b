/** ONNX nodes of layers whose activations are quantized per call: DynamicQuantizeLinear, then MatMulInteger or ConvInteger. */
import { type Node, type Quantization, type Tensor, type Value, type ValueName, valueOf } from '../graph.ts';
import { onnxDtypeNames } from '../onnx/tensor.ts';
import type { OnnxWriter } from '../onnx/writer.ts';
import type { Conv2dAttributes } from './conv2d.ts';
import type { ElementwiseAttributes } from './elementwise.ts';
import { windowAttributes } from './window.ts';

/** Whether the layer takes float32 and has int8 weights. */
export function isDynamic({ inputs }: Node, writer: OnnxWriter): boolean {
  const [x, w] = inputs.map((name) => valueOf(writer.graph, name).type.dtype);
  return x === 'float32' && w === 'int8';
}

/** clamp(float32(sums) · (scale of x · scales of w) + bias); `shape` is that of the channels. */
function finish(node: Node, writer: OnnxWriter, sums: string, scale: string, shape: readonly number[]): string {
  const [, w, b] = node.inputs.map((name) => valueOf(writer.graph, name)) as [Value, Value, Value];
  const { scale: scales } = w.type.quantization as Quantization;
  const channels = w.type.shape[0] as number;
  const perChannel = (data: ArrayLike<number>) =>
    writer.constant({ type: { dtype: 'float32', shape }, data: Float32Array.from({ length: channels }, (_, o) => data[o] as number) });
  const factors = writer.emit('Mul', [
    scale,
    perChannel(scales.length === 1 ? new Array<number>(channels).fill(scales[0] as number) : scales),
  ]);
  const real = writer.emit('Cast', [sums], { to: onnxDtypeNames.indexOf('float') });
  const y = writer.emit('Add', [writer.emit('Mul', [real, factors]), perChannel(b.constant as Float32Array)]);
  return writer.clamped(y, (node.attributes as ElementwiseAttributes).clamp);
}

export function writeDynamicDense(node: Node, writer: OnnxWriter): void {
  const { type, constant } = valueOf(writer.graph, node.inputs[1] as ValueName);
  const [integers, scale, zeroPoint] = writer.emitAll('DynamicQuantizeLinear', [writer.input(node, 0)], 3) as [string, string, string];
  const [n, k] = type.shape as [number, number];
  const transposed = Int8Array.from({ length: n * k }, (_, i) => constant?.[(i % n) * k + Math.floor(i / n)] as number);
  const weights = writer.constant({ type: { dtype: 'int8', shape: [k, n] }, data: transposed });
  writer.output(node, finish(node, writer, writer.emit('MatMulInteger', [integers, weights, zeroPoint]), scale, [n]));
}

export function writeDynamicConv(node: Node<Conv2dAttributes>, writer: OnnxWriter): void {
  const rank = writer.inputShape(node, 0).length;
  const { type, constant } = valueOf(writer.graph, node.inputs[1] as ValueName);
  const [o, kh, kw, i] = type.shape as [number, number, number, number];
  const plain: Tensor = { type: { dtype: 'int8', shape: rank === 3 ? [o, kh * kw, i] : [o, kh, kw, i] }, data: constant as Int8Array };
  const weights = writer.constantOperand(`${node.name}.integers`, plain, rank === 3 ? [0, 2, 1] : [0, 3, 1, 2]);
  const [integers, scale, zeroPoint] = writer.emitAll('DynamicQuantizeLinear', [writer.input(node, 0, 'channels-first')], 3) as [
    string,
    string,
    string,
  ];
  const sums = writer.emit('ConvInteger', [integers, weights, zeroPoint], {
    ...windowAttributes(node.attributes, rank),
    group: node.attributes.groups,
  });
  writer.output(node, finish(node, writer, sums, scale, rank === 3 ? [o, 1] : [o, 1, 1]), 'channels-first');
}
