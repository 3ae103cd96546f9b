/** The one intermediate representation: immutable, in execution order, static shapes, channels last inside. */
import type { Op } from './ops/op.ts';

/** `float16`: weights of half precision, as their bits. `int16`: symmetric activations between layers that take them. */
export type DType = 'float32' | 'int8' | 'int32' | 'float16' | 'int16';
export type TypedArray = Float32Array | Int8Array | Int32Array | Uint16Array | Int16Array;
/** Of a model's inputs and outputs. */
export type PortDType = 'float32' | 'int8' | 'int32';
export type ValueName = string;

/** real = scale[c] · (integer - zeroPoint); one scale for the tensor, or one per index of `axis`. */
export interface Quantization {
  readonly scale: readonly number[];
  readonly zeroPoint: number;
  readonly axis?: number;
}

/**
 * On a float32 value, `quantization` is a demand: the model came with these parameters (QDQ) and the quantizer uses
 * them instead of calibrating. On an int8 value it is the meaning of the integers.
 */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly quantization?: Quantization;
}

export interface Tensor {
  readonly type: TensorType;
  readonly data: TypedArray;
}

export interface Value {
  readonly name: ValueName;
  readonly type: TensorType;
  readonly constant?: TypedArray;
}

// biome-ignore lint/suspicious/noExplicitAny: a list of nodes holds operators of every attribute type
export interface Node<A = any> {
  readonly name: string;
  readonly op: Op<A>;
  readonly inputs: readonly ValueName[];
  readonly outputs: readonly ValueName[];
  readonly attributes: A;
}

/** An input or output of the model: its public name stays when passes rename values. */
export interface Port {
  readonly name: string;
  readonly value: ValueName;
  /**
   * The permutation from the model's ONNX shape to the value's shape, where a pass moved a Transpose out of the graph:
   * `shape[i] = onnxShape[permutation[i]]`. Absent: the same order.
   */
  readonly permutation?: readonly number[];
}

export interface Graph {
  readonly name: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly nodes: readonly Node[];
  readonly values: ReadonlyMap<ValueName, Value>;
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

const elementBytes: Record<DType, number> = { float32: 4, int8: 1, int32: 4, float16: 2, int16: 2 };

export function dtypeBytes(dtype: DType): number {
  return elementBytes[dtype];
}

export function byteLength(type: TensorType): number {
  return elementCount(type.shape) * elementBytes[type.dtype];
}

const arrays = { float32: Float32Array, int8: Int8Array, int32: Int32Array, float16: Uint16Array, int16: Int16Array } as const;

export function typedArray(dtype: DType, length: number): TypedArray {
  return new arrays[dtype](length);
}

/** The bytes as numbers of this type; they must lie aligned. */
export function typedView(bytes: Uint8Array, dtype: DType): TypedArray {
  return new arrays[dtype](bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length / elementBytes[dtype]);
}

export function tensor(dtype: DType, shape: readonly number[], data: ArrayLike<number>): Tensor {
  const copy = typedArray(dtype, elementCount(shape));
  copy.set(data);
  return { type: { dtype, shape }, data: copy };
}

/** The value of this name; every name that a node mentions is defined, or the graph is invalid. */
export function valueOf(graph: Graph, name: ValueName): Value {
  const value = graph.values.get(name);
  if (!value) throw new Error(`value "${name}" is not defined`);
  return value;
}

/** The constant of this name as a tensor; undefined when it is computed at run time. */
export function constantOf(graph: Graph, name: ValueName | undefined): Tensor | undefined {
  const value = name === undefined ? undefined : graph.values.get(name);
  return value?.constant && { type: value.type, data: value.constant };
}

interface Uses {
  readonly producers: ReadonlyMap<ValueName, Node>;
  readonly consumers: ReadonlyMap<ValueName, readonly Node[]>;
}

const usesCache = new WeakMap<Graph, Uses>();

function usesOf(graph: Graph): Uses {
  let uses = usesCache.get(graph);
  if (!uses) {
    const producers = new Map<ValueName, Node>();
    const consumers = new Map<ValueName, Node[]>();
    for (const node of graph.nodes) {
      for (const output of node.outputs) producers.set(output, node);
      for (const input of new Set(node.inputs)) {
        const list = consumers.get(input);
        if (list) list.push(node);
        else consumers.set(input, [node]);
      }
    }
    uses = { producers, consumers };
    usesCache.set(graph, uses);
  }
  return uses;
}

/** The node that computes the value; undefined for inputs and constants. */
export function producerOf(graph: Graph, name: ValueName): Node | undefined {
  return usesOf(graph).producers.get(name);
}

/** The nodes that read the value, each once. */
export function consumersOf(graph: Graph, name: ValueName): readonly Node[] {
  return usesOf(graph).consumers.get(name) ?? [];
}

export function isGraphOutput(graph: Graph, name: ValueName): boolean {
  return graph.outputs.some((port) => port.value === name);
}

export function isGraphInput(graph: Graph, name: ValueName): boolean {
  return graph.inputs.some((port) => port.value === name);
}

/** Whether exactly one node reads the value and the model does not return it: it may be fused away. */
export function hasOneUse(graph: Graph, name: ValueName): boolean {
  return consumersOf(graph, name).length === 1 && !isGraphOutput(graph, name);
}

/** A name that no value of the graph has, made from `base`. */
export function freshName(graph: { readonly values: ReadonlyMap<ValueName, unknown> }, base: string): ValueName {
  if (!graph.values.has(base)) return base;
  for (let i = 1; ; i++) {
    const name = `${base}.${i}`;
    if (!graph.values.has(name)) return name;
  }
}
