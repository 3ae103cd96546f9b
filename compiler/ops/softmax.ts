/** Softmax: y = e^x / Σ e^x along one axis, and LogSoftmax, its logarithm. */
import * as format from '../../runtime-as/format.ts';
import { elementCount, type Node, type Quantization, type Tensor, type TensorType, type Value, type ValueName } from '../graph.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';
import type { OnnxWriter } from '../onnx/writer.ts';
import { layoutName } from './layout.ts';
import { type KernelCall, type Op, type Operand, parameterWords } from './op.ts';
import { Reshape } from './reshape.ts';
import { extentsAround, normalizeAxis } from './strides.ts';

export interface SoftmaxAttributes {
  readonly axis: number;
}

/** For outputs in [0, 1] (TFLite quantization specification: SOFTMAX). */
const unitInterval: Quantization = { scale: [1 / 256], zeroPoint: -128 };

/** Entries of the int8 kernel's table are at most 2^23: 256 times that, plus half a sum, fits 32 bits. */
const LARGEST_EXPONENT = 23;

function importSoftmax(op: Op<SoftmaxAttributes>) {
  return (node: OnnxNode, graph: GraphBuilder): void => {
    const x = node.required(0);
    const shape = graph.shape(x);
    const axis = normalizeAxis(node.int('axis', node.opset < 13 ? 1 : -1), shape.length);
    const output = node.outputs[0] as ValueName;
    if (node.opset >= 13) graph.addOne(op, [x], { axis }, { output });
    else addFlattened(op, graph, x, axis, output);
  };
}

/** Before opset 13: one distribution over all axes from `axis` on. */
function addFlattened(op: Op<SoftmaxAttributes>, graph: GraphBuilder, x: ValueName, axis: number, output: ValueName): void {
  const shape = graph.shape(x);
  const long = shape.flatMap((extent, i) => (i >= axis && extent !== 1 ? [i] : []));
  if (long.length <= 1) {
    graph.addOne(op, [x], { axis: long[0] ?? axis }, { output });
    return;
  }
  const matrix = [elementCount(shape.slice(0, axis)), elementCount(shape.slice(axis))];
  const name = layoutName(graph);
  const flat = graph.addOne(Reshape, [x], { shape: matrix }, { name });
  graph.addOne(Reshape, [graph.addOne(op, [flat], { axis: 1 })], { shape }, { name, output });
}

function inferSoftmax([x]: readonly TensorType[], { axis }: SoftmaxAttributes): TensorType[] {
  const { dtype, shape } = x as TensorType;
  if (axis < 0 || axis >= Math.max(shape.length, 1)) throw new Error(`axis ${axis} is outside [${shape}]`);
  return [{ dtype, shape }];
}

/** @param f of an element's distance to the maximum and of the sum of the exponentials of all these distances */
function evaluateSoftmax([x]: readonly Tensor[], { axis }: SoftmaxAttributes, f: (distance: number, sum: number) => number): Tensor[] {
  const { type, data } = x as Tensor;
  const { outer, length, inner } = extentsAround(type.shape, axis);
  const result = new Float32Array(data.length);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const indices = Array.from({ length }, (_, l) => (o * length + l) * inner + i);
      const largest = indices.reduce((largest, index) => Math.max(largest, data[index] as number), -Infinity);
      const sum = indices.reduce((sum, index) => sum + Math.exp((data[index] as number) - largest), 0);
      for (const index of indices) result[index] = f((data[index] as number) - largest, sum);
    }
  }
  return [{ type: { dtype: 'float32', shape: type.shape }, data: result }];
}

function extentWords(x: Value, axis: number): Record<number, number> {
  const { outer, length, inner } = extentsAround(x.type.shape, axis);
  return { [format.REDUCE_OUTER]: outer, [format.REDUCE_LENGTH]: length, [format.REDUCE_INNER]: inner };
}

function floatCall(x: Value, axis: number, isLog: boolean): KernelCall | undefined {
  if (x.type.dtype !== 'float32' || elementCount(x.type.shape) === 0) return undefined;
  return {
    opcode: format.OPCODE_SOFTMAX_FLOAT32,
    operands: [x.name],
    parameters: parameterWords(format.SOFTMAX_FLOAT32_PARAMETERS, { ...extentWords(x, axis), [format.SOFTMAX_LOG]: isLog ? 1 : 0 }),
    inPlace: [0],
  };
}

/** table[d] = round(2^k e^(-scale d)), with the largest k for which `length` entries sum below 2^32. */
export function exponentialTable(scale: number, length: number): Int32Array {
  let k = LARGEST_EXPONENT;
  while (length * 2 ** k >= 2 ** 32) k--;
  return Int32Array.from({ length: 256 }, (_, d) => Math.round(2 ** k * Math.exp(-scale * d)));
}

function integerCall(x: Value, y: Value, axis: number): KernelCall | undefined {
  const from = x.type.quantization;
  const to = y.type.quantization;
  if (from?.scale.length !== 1 || to?.scale[0] !== unitInterval.scale[0] || to?.zeroPoint !== unitInterval.zeroPoint) return undefined;
  if (elementCount(x.type.shape) === 0) return undefined;
  const data = exponentialTable(from.scale[0] as number, extentsAround(x.type.shape, axis).length);
  const table: Operand = { name: `${y.name}.exponentials`, type: { dtype: 'int32', shape: [data.length] }, data };
  return {
    opcode: format.OPCODE_SOFTMAX_INT8,
    operands: [x.name, table],
    parameters: parameterWords(format.SOFTMAX_INT8_PARAMETERS, extentWords(x, axis)),
    inPlace: [0],
  };
}

function writeSoftmax(operator: string) {
  return (node: Node<SoftmaxAttributes>, writer: OnnxWriter): void => {
    const rank = writer.inputShape(node, 0).length;
    const layout = writer.commonLayout(node.inputs, rank);
    const y = writer.emit(operator, [writer.input(node, 0, layout)], { axis: writer.axis(node.attributes.axis, layout, rank) });
    writer.output(node, y, layout);
  };
}

export const Softmax: Op<SoftmaxAttributes> = {
  name: 'Softmax',

  onnx: { Softmax: (node, graph) => importSoftmax(Softmax)(node, graph) },

  infer: inferSoftmax,

  evaluate: (inputs, attributes) => evaluateSoftmax(inputs, attributes, (distance, sum) => Math.exp(distance) / sum),

  quantize: { kind: 'fixed', output: () => unitInterval },

  toOnnx: writeSoftmax('Softmax'),

  kernel({ attributes: { axis } }, { inputs: [x], outputs: [y] }) {
    return (x as Value).type.dtype === 'int8' ? integerCall(x as Value, y as Value, axis) : floatCall(x as Value, axis, false);
  },
};

/** Its values have no common range: on int8 it is a float32 island. */
export const LogSoftmax: Op<SoftmaxAttributes> = {
  name: 'LogSoftmax',

  onnx: { LogSoftmax: (node, graph) => importSoftmax(LogSoftmax)(node, graph) },

  infer: inferSoftmax,

  evaluate: (inputs, attributes) => evaluateSoftmax(inputs, attributes, (distance, sum) => distance - Math.log(sum)),

  quantize: { kind: 'float' },

  toOnnx: writeSoftmax('LogSoftmax'),

  kernel: ({ attributes: { axis } }, { inputs: [x] }) => floatCall(x as Value, axis, true),
};
