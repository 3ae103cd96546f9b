/** What operators with two broadcast operands share: shapes, the float reference and the collapsed loops of the kernels. */
import * as format from '../../runtime-as/format.ts';
import { elementCount, type Node, type Tensor, type TensorType, typedArray, type Value, type ValueName } from '../graph.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';
import type { OnnxWriter } from '../onnx/writer.ts';
import { float32Bits, type KernelCall, parameterWords } from './op.ts';
import { broadcastShapes, broadcastStrides, forEachIndex } from './strides.ts';

export interface ElementwiseAttributes {
  /** Limits of a fused activation; -Infinity and Infinity when there is none. */
  readonly clamp: readonly [number, number];
}

export const unclamped: ElementwiseAttributes = { clamp: [-Infinity, Infinity] };

/** Adds the node that combines two values; @returns the name of the result. */
export type Combine = (graph: GraphBuilder, a: ValueName, b: ValueName, output?: ValueName) => ValueName;

/** The importer of a two-operand operator. */
export function importPair(combine: Combine) {
  return (node: OnnxNode, graph: GraphBuilder): void => {
    combine(graph, node.required(0), node.required(1), node.outputs[0]);
  };
}

/** The importer of an operator with one or more operands: a chain of two-operand nodes. */
export function importChain(combine: Combine) {
  return (node: OnnxNode, graph: GraphBuilder): void => {
    const output = node.outputs[0] as ValueName;
    let result = node.required(0);
    const last = node.inputs.length - 1;
    if (last === 0) graph.alias(output, result);
    for (let i = 1; i <= last; i++) result = combine(graph, result, node.required(i), i === last ? output : undefined);
  };
}

/**
 * The number behind `name` when it is a constant with one element and `other` a float32 value of the result's shape: then
 * the operator is a function of `other` alone, which int8 computes with one table. Undefined otherwise.
 */
export function scalarOperand(graph: GraphBuilder, name: ValueName, other: ValueName): number | undefined {
  const constant = graph.constant(name);
  const { dtype, shape } = graph.type(other);
  if (constant?.data.length !== 1 || graph.constant(other) || dtype !== 'float32') return undefined;
  return constant.type.shape.length <= shape.length ? constant.data[0] : undefined;
}

export function inferBroadcast([a, b]: readonly TensorType[]): TensorType[] {
  const x = a as TensorType;
  const y = b as TensorType;
  if (x.dtype !== y.dtype) throw new Error(`operands are ${x.dtype} and ${y.dtype}; they must be of one dtype`);
  return [{ dtype: x.dtype, shape: broadcastShapes(x.shape, y.shape) }];
}

/** Integer results are truncated towards zero, as ONNX's integer Div is. */
export function evaluateBroadcast(
  [a, b]: readonly Tensor[],
  { clamp }: ElementwiseAttributes,
  f: (x: number, y: number) => number,
): Tensor[] {
  const x = a as Tensor;
  const y = b as Tensor;
  const [type] = inferBroadcast([x.type, y.type]) as [TensorType];
  const result = typedArray(type.dtype, elementCount(type.shape));
  forEachIndex(type.shape, [broadcastStrides(x.type.shape, type.shape), broadcastStrides(y.type.shape, type.shape)], (i, [p, q]) => {
    const value = f(x.data[p as number] as number, y.data[q as number] as number);
    result[i] = Math.min(Math.max(value, clamp[0]), clamp[1]);
  });
  return [{ type, data: result }];
}

/** Words BROADCAST_…: the shapes with neighbouring axes merged; undefined when more than BROADCAST_RANK axes remain. */
export function broadcastWords(a: readonly number[], b: readonly number[]): Record<number, number> | undefined {
  const shape = broadcastShapes(a, b);
  const strides = [broadcastStrides(a, shape), broadcastStrides(b, shape)];
  const axes: { extent: number; strides: number[] }[] = [];
  for (let i = shape.length - 1; i >= 0; i--) {
    const extent = shape[i] as number;
    if (extent === 1) continue;
    const inner = axes[0];
    const own = strides.map((list) => list[i] as number);
    const merges = inner && own.every((stride, s) => stride === (inner.strides[s] as number) * inner.extent);
    if (merges) inner.extent *= extent;
    else axes.unshift({ extent, strides: own });
  }
  if (axes.length > format.BROADCAST_RANK) return undefined;
  while (axes.length < format.BROADCAST_RANK) axes.unshift({ extent: 1, strides: [0, 0] });
  const words: Record<number, number> = {};
  axes.forEach((axis, i) => {
    words[format.BROADCAST_DIMENSIONS + i] = axis.extent;
    words[format.BROADCAST_A_STRIDES + i] = axis.strides[0] as number;
    words[format.BROADCAST_B_STRIDES + i] = axis.strides[1] as number;
  });
  return words;
}

/** Operands whose bytes the output may overwrite: those that are read element by element in the output's order. */
export function inPlaceOperands(a: readonly number[], b: readonly number[]): number[] {
  const count = elementCount(broadcastShapes(a, b));
  return [a, b].flatMap((shape, i) => (elementCount(shape) === count ? [i] : []));
}

export function binaryFloatCall(code: number, a: Value, b: Value, { clamp }: ElementwiseAttributes): KernelCall | undefined {
  const words = broadcastWords(a.type.shape, b.type.shape);
  return (
    words && {
      opcode: format.OPCODE_BINARY_FLOAT32,
      operands: [a.name, b.name],
      parameters: parameterWords(format.BINARY_PARAMETERS, {
        ...words,
        [format.BINARY_FUNCTION]: code,
        [format.BINARY_CLAMP_LOW_F32]: float32Bits(clamp[0]),
        [format.BINARY_CLAMP_HIGH_F32]: float32Bits(clamp[1]),
      }),
      inPlace: inPlaceOperands(a.type.shape, b.type.shape),
    }
  );
}

/** The ONNX form of an operator whose operands broadcast; `make` adds it for operands in one layout. */
export function writeBroadcast(
  node: Node,
  clamp: readonly [number, number],
  writer: OnnxWriter,
  make: (operands: readonly string[]) => string,
): void {
  const output = node.outputs[0] as ValueName;
  const rank = writer.shape(output).length;
  const layout = writer.commonLayout(node.inputs, rank);
  const operands = node.inputs.map((name) =>
    layout === 'stored' || elementCount(writer.shape(name)) === 1 ? writer.operand(name) : writer.operand(name, layout, rank),
  );
  writer.define(output, writer.clamped(make(operands), clamp), layout);
}

/** The same where ONNX has the operator under this name. */
export function broadcastWriter(operator: string) {
  return (node: Node<ElementwiseAttributes>, writer: OnnxWriter): void =>
    writeBroadcast(node, node.attributes.clamp, writer, (operands) => writer.emit(operator, operands));
}
