/**
 * Writes a Graph as an ONNX model, node by node. Values are channels-last inside and most spatial ONNX operators are
 * channels-first, so each value is written in the order in which its operator makes it, and transposed (once) where
 * another one is read. int8 values become QuantizeLinear and DequantizeLinear around float operators (QDQ).
 */
import onnxProto, { type onnx as Onnx } from 'onnx-proto';
import {
  elementCount,
  type Graph,
  type Node,
  type Port,
  type Quantization,
  type Tensor,
  type TensorType,
  tensor,
  type ValueName,
  valueOf,
} from '../graph.ts';
import { Transpose } from '../ops/transpose.ts';

/** `stored`: the order of the graph. `channels-first`: [N, …spatial, C] as [N, C, …spatial]; the same below rank 3. */
export type Layout = 'stored' | 'channels-first';

export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };

const FLOAT = 1;
const INT8 = 3;
const INT32 = 6;
const INT64 = 7;
const INT16 = 5;
const FLOAT16 = 10;

const dataTypes = { float32: FLOAT, int8: INT8, int32: INT32, float16: FLOAT16, int16: INT16 } as const;

const IR_VERSION = 9;
const OPSET = 19;
/** What QuantizeLinear of int16 needs. */
const INT16_VERSIONS = { ir: 10, opset: 21 };

/** The permutation from the stored order to channels-first. */
export function channelsFirstAxes(rank: number): number[] {
  return rank < 3 ? Array.from({ length: rank }, (_, i) => i) : [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)];
}

function inverseOf(permutation: readonly number[]): number[] {
  return permutation.map((_, axis) => permutation.indexOf(axis));
}

function isIdentity(permutation: readonly number[]): boolean {
  return permutation.every((axis, i) => axis === i);
}

function attributeProto(name: string, value: OnnxAttribute): Onnx.IAttributeProto {
  if (typeof value === 'number') return { name, type: 2, i: value };
  if (typeof value === 'string') return { name, type: 3, s: new TextEncoder().encode(value) };
  return 'float' in value ? { name, type: 1, f: value.float } : { name, type: 7, ints: [...value] };
}

export class OnnxWriter {
  private readonly nodes: Onnx.INodeProto[] = [];
  private readonly initializers: Onnx.ITensorProto[] = [];
  private readonly inputs: Onnx.IValueInfoProto[] = [];
  private readonly outputs: Onnx.IValueInfoProto[] = [];
  /** ONNX names that are taken. */
  private readonly names: Set<string>;
  /** `value|layout` → the ONNX tensor that holds it as real numbers. */
  private readonly tensors = new Map<string, string>();
  /** The layout in which a value was first written. */
  private readonly layouts = new Map<ValueName, Layout>();
  /** Name of the graph's node that is being written. */
  currentNode = '';

  constructor(readonly graph: Graph) {
    this.names = new Set([...graph.inputs, ...graph.outputs].map((port) => port.name));
    for (const port of graph.inputs) this.addInput(port);
  }

  type(name: ValueName): TensorType {
    return valueOf(this.graph, name).type;
  }

  shape(name: ValueName): readonly number[] {
    return this.type(name).shape;
  }

  private unique(base: string): string {
    let name = base;
    for (let i = 1; this.names.has(name); i++) name = `${base}.${i}`;
    this.names.add(name);
    return name;
  }

  /** A constant of the ONNX model. */
  constant({ type, data }: Tensor, base = `${this.currentNode}.constant`, dataType: number = dataTypes[type.dtype]): string {
    const name = this.unique(base);
    const stored = dataType === INT64 ? BigInt64Array.from(data, (value) => BigInt(value)) : data;
    this.initializers.push({
      name,
      dataType,
      dims: [...type.shape],
      rawData: new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength).slice(),
    });
    return name;
  }

  float(value: number): string {
    return this.constant(tensor('float32', [], [value]));
  }

  /** Shapes, axes and pads are int64 in ONNX. */
  ints(values: readonly number[]): string {
    return this.constant(tensor('int32', [values.length], values), undefined, INT64);
  }

  /** Adds an ONNX node. @returns the name of its first output */
  emit(operator: string, inputs: readonly string[], attributes: Readonly<Record<string, OnnxAttribute>> = {}): string {
    return this.emitAll(operator, inputs, 1, attributes)[0] as string;
  }

  /** Adds an ONNX node of `count` outputs. @returns their names */
  emitAll(operator: string, inputs: readonly string[], count: number, attributes: Readonly<Record<string, OnnxAttribute>> = {}): string[] {
    const outputs = Array.from({ length: count }, () => this.unique(`${this.currentNode}.${operator}`));
    this.nodes.push({
      opType: operator,
      name: outputs[0] as string,
      input: [...inputs],
      output: outputs,
      attribute: Object.entries(attributes).map(([name, value]) => attributeProto(name, value)),
    });
    return outputs;
  }

  /** y = clamp(x), as Relu where it is one. */
  clamped(x: string, [low, high]: readonly [number, number]): string {
    if (low === -Infinity && high === Infinity) return x;
    if (low === 0 && high === Infinity) return this.emit('Relu', [x]);
    return this.emit('Clip', [x, Number.isFinite(low) ? this.float(low) : '', ...(Number.isFinite(high) ? [this.float(high)] : [])]);
  }

  /** The value as float32 (or int32) in this layout; of lower rank than `rank`, constants get leading axes of extent 1. */
  operand(name: ValueName, layout: Layout = 'stored', rank = this.shape(name).length): string {
    const key = (order: Layout) => `${name}|${order}|${rank}`;
    const effective = rank < 3 ? 'stored' : layout;
    const known = this.tensors.get(key(effective));
    if (known !== undefined) return known;
    const { constant, type } = valueOf(this.graph, name);
    let found: string;
    if (constant) {
      const shape = [...new Array<number>(rank - type.shape.length).fill(1), ...type.shape];
      found = this.constantOperand(
        name,
        { type: { ...type, shape }, data: constant },
        effective === 'stored' ? undefined : channelsFirstAxes(rank),
      );
    } else {
      const other: Layout = effective === 'stored' ? 'channels-first' : 'stored';
      const source = this.tensors.get(key(other));
      if (source === undefined) throw new Error(`"${name}" is read before it is written, or as rank ${rank}`);
      const axes = channelsFirstAxes(rank);
      found = this.emit('Transpose', [source], { perm: effective === 'stored' ? inverseOf(axes) : axes });
    }
    this.tensors.set(key(effective), found);
    return found;
  }

  /** Input `index` of the node; see `operand`. */
  input(node: Node, index: number, layout: Layout = 'stored'): string {
    return this.operand(node.inputs[index] as ValueName, layout);
  }

  inputShape(node: Node, index: number): readonly number[] {
    return this.shape(node.inputs[index] as ValueName);
  }

  /** The ONNX tensor is the node's output; see `define`. */
  output(node: Node, written: string, layout: Layout = 'stored'): void {
    this.define(node.outputs[0] as ValueName, written, layout);
  }

  /** A constant operand in the order that `permutation` gives; integers with parameters are dequantized. */
  constantOperand(name: ValueName, { type, data }: Tensor, permutation?: readonly number[]): string {
    const ordered = permutation && !isIdentity(permutation) ? permuted({ type, data }, permutation) : { type, data };
    const { quantization } = type;
    if (type.dtype === 'float16') return this.emit('Cast', [this.constant(ordered, name)], { to: FLOAT });
    if (type.dtype === 'float32' || !quantization) return this.constant(ordered, name);
    const axis = quantization.axis === undefined ? undefined : (permutation?.indexOf(quantization.axis) ?? quantization.axis);
    return this.dequantized(this.constant(ordered, name), quantization, ordered.type.dtype, axis);
  }

  /** DequantizeLinear of integers with these parameters. */
  dequantized(x: string, { scale, zeroPoint }: Quantization, dtype: TensorType['dtype'], axis?: number): string {
    return this.emit('DequantizeLinear', [x, ...this.parameters(scale, zeroPoint, dtype)], axis === undefined ? {} : { axis });
  }

  private parameters(scale: readonly number[], zeroPoint: number, dtype: TensorType['dtype']): [string, string] {
    const shape = scale.length === 1 ? [] : [scale.length];
    const zeros = new Array<number>(scale.length).fill(zeroPoint);
    return [this.constant(tensor('float32', shape, scale)), this.constant(tensor(dtype, shape, zeros))];
  }

  /** The layout for operators that take any: channels-first where an operand is, and none would have to be turned back. */
  commonLayout(names: readonly ValueName[], rank: number): Layout {
    const computed = names.filter((name) => !valueOf(this.graph, name).constant && elementCount(this.shape(name)) > 1);
    const isFirst = (name: ValueName) => this.layouts.get(name) === 'channels-first' && this.shape(name).length === rank;
    return computed.length > 0 && computed.every(isFirst) ? 'channels-first' : 'stored';
  }

  /** The ONNX axis of an axis of the graph. */
  axis(axis: number, layout: Layout, rank: number): number {
    return layout === 'stored' ? axis : channelsFirstAxes(rank).indexOf(axis);
  }

  /** A list with one entry per axis, in the order of the layout. */
  perAxis<T>(list: readonly T[], layout: Layout): T[] {
    return layout === 'stored' ? [...list] : channelsFirstAxes(list.length).map((axis) => list[axis] as T);
  }

  /** The ONNX tensor holds the value in this layout; an int8 value is quantized, and read as what that leaves of it. */
  define(name: ValueName, written: string, layout: Layout = 'stored'): void {
    const { dtype, quantization, shape } = this.type(name);
    const rank = shape.length;
    const effective = rank < 3 ? 'stored' : layout;
    let result = written;
    if ((dtype === 'int8' || dtype === 'int16') && quantization) {
      const parameters = this.parameters(quantization.scale, quantization.zeroPoint, dtype);
      const integers = this.rename(this.emit('QuantizeLinear', [written, ...parameters]), this.unique(`${name}.${dtype}`));
      result = this.emit('DequantizeLinear', [integers, ...parameters]);
    }
    result = this.rename(result, this.portName(name, effective) ?? this.unique(name));
    this.tensors.set(`${name}|${effective}|${rank}`, result);
    this.layouts.set(name, effective);
  }

  /** The name of the output that this value is, in this layout. */
  private portName(name: ValueName, layout: Layout): string | undefined {
    const permutationOf = ({ permutation }: Port) => permutation ?? this.shape(name).map((_, i) => i);
    return this.graph.outputs.find((port) => {
      const axes = layout === 'stored' ? this.shape(name).map((_, i) => i) : inverseOf(channelsFirstAxes(this.shape(name).length));
      return port.value === name && permutationOf(port).every((axis, i) => axis === axes[i]) && !this.isWritten(port.name);
    })?.name;
  }

  private isWritten(tensorName: string): boolean {
    return this.nodes.some((node) => node.output?.includes(tensorName)) || this.inputs.some((input) => input.name === tensorName);
  }

  /** Gives the last node's output a better name, one that is free. @returns the name that it has then */
  private rename(written: string, wanted: string): string {
    const last = this.nodes.at(-1);
    // What a value is known by already keeps its name.
    if (last?.output?.[0] !== written || [...this.tensors.values()].includes(written)) return written;
    last.output = [wanted];
    last.name = wanted;
    return wanted;
  }

  private addInput(port: Port): void {
    const { type } = valueOf(this.graph, port.value);
    const rank = type.shape.length;
    const permutation = port.permutation ?? type.shape.map((_, i) => i);
    const onnxShape = inverseOf(permutation).map((axis) => type.shape[axis] as number);
    const dtype = type.dtype === 'int32' ? INT32 : FLOAT;
    this.inputs.push({
      name: port.name,
      type: { tensorType: { elemType: dtype, shape: { dim: onnxShape.map((dimValue) => ({ dimValue })) } } },
    });
    this.currentNode = port.name;
    const isFirst = rank > 2 && permutation.every((axis, i) => axis === inverseOf(channelsFirstAxes(rank))[i]);
    const isStored = isIdentity(permutation);
    const ordered = isFirst || isStored ? port.name : this.emit('Transpose', [port.name], { perm: permutation });
    this.define(port.value, ordered, isFirst ? 'channels-first' : 'stored');
  }

  /** Makes the value an output of the model, in the order that the port has in ONNX. */
  addOutput(port: Port): void {
    const { type } = valueOf(this.graph, port.value);
    const rank = type.shape.length;
    const permutation = port.permutation ?? type.shape.map((_, i) => i);
    this.currentNode = port.name;
    const isFirst = rank > 2 && permutation.every((axis, i) => axis === inverseOf(channelsFirstAxes(rank))[i]);
    let found = this.operand(port.value, isFirst ? 'channels-first' : 'stored');
    if (!isFirst && !isIdentity(permutation)) found = this.emit('Transpose', [found], { perm: inverseOf(permutation) });
    if (found !== port.name) {
      this.emit('Identity', [found]);
      const last = this.nodes.at(-1) as Onnx.INodeProto;
      last.output = [port.name];
    }
    const shape = inverseOf(permutation).map((axis) => type.shape[axis] as number);
    const dtype = type.dtype === 'int32' ? INT32 : FLOAT;
    this.outputs.push({
      name: port.name,
      type: { tensorType: { elemType: dtype, shape: { dim: shape.map((dimValue) => ({ dimValue })) } } },
    });
  }

  finish(producer: string, version: string): Uint8Array {
    const hasInt16 = [...this.graph.values.values()].some(({ type }) => type.dtype === 'int16');
    const model: Onnx.IModelProto = {
      irVersion: hasInt16 ? INT16_VERSIONS.ir : IR_VERSION,
      producerName: producer,
      producerVersion: version,
      opsetImport: [{ domain: '', version: hasInt16 ? INT16_VERSIONS.opset : OPSET }],
      graph: { name: this.graph.name, node: this.nodes, input: this.inputs, output: this.outputs, initializer: this.initializers },
    };
    return onnxProto.onnx.ModelProto.encode(model).finish();
  }
}

function permuted(source: Tensor, permutation: readonly number[]): Tensor {
  const { quantization, ...plain } = source.type;
  return Transpose.evaluate([{ type: plain, data: source.data }], { permutation })[0] as Tensor;
}
