/**
 * The layers that compression works on, Conv2d and Dense, seen as matrices: y = W x + b for every patch x of the input.
 *
 *     rows     output channels
 *     columns  tap · (inputs / groups) + channel, where a tap is a position of the kernel, row by row;
 *              a grouped or depthwise layer has one block of columns per row: those of the row's group
 *
 * This is the order in which the graph stores weights ([O, KH, KW, I] and [N, K]), so that a view costs nothing.
 */
import { elementCount, freshName, type Graph, type Node, tensor, type Value, type ValueName, valueOf } from '../graph.ts';
import { Conv2d, type Conv2dAttributes } from '../ops/conv2d.ts';
import { Dense } from '../ops/dense.ts';
import type { ElementwiseAttributes } from '../ops/elementwise.ts';
import type { Window } from '../ops/window.ts';

export type LayerKind = 'dense' | 'convolution' | 'depthwise' | 'grouped';

export interface Layer {
  readonly node: Node<Conv2dAttributes | ElementwiseAttributes>;
  /** Name of the node: unique in the graph. */
  readonly name: string;
  readonly kind: LayerKind;
  readonly input: ValueName;
  readonly output: ValueName;
  /** Output channels: rows of the matrix. */
  readonly outputs: number;
  /** Channels of the input value. */
  readonly inputs: number;
  /** 1 unless grouped or depthwise. */
  readonly groups: number;
  /** Positions of the kernel: 1 for dense layers. */
  readonly taps: number;
  /** taps · inputs / groups. */
  readonly columns: number;
  /** Output positions per sample: how often the matrix is applied. */
  readonly positions: number;
  /** [outputs, columns], row-major. */
  readonly weights: Float32Array;
  /** [outputs] */
  readonly bias: Float32Array;
  /** Limits of the fused activation. */
  readonly clamp: readonly [number, number];
}

/** The window of a dense layer, so that whoever gathers patches need not ask. */
const pointWindow: Window = { kernel: [1, 1], stride: [1, 1], dilation: [1, 1], padBefore: [0, 0], padAfter: [0, 0] };

/** Kernel, stride, dilation and padding; a dense layer is a 1x1 convolution. */
export function windowOfLayer({ node }: Layer): Window {
  return node.op === Conv2d ? (node.attributes as Conv2dAttributes) : pointWindow;
}

function kindOf(node: Node, inputs: number, outputs: number, groups: number): LayerKind {
  if (node.op === Dense) return 'dense';
  if (groups === 1) return 'convolution';
  return groups === inputs && outputs === inputs ? 'depthwise' : 'grouped';
}

/** The node as a layer; undefined when it is none, or when its weights or bias are not constant float32. */
export function layerOf(graph: Graph, node: Node): Layer | undefined {
  if (node.op !== Conv2d && node.op !== Dense) return undefined;
  const [x, w, b] = node.inputs.slice(0, 3).map((name) => valueOf(graph, name)) as [Value, Value, Value];
  if (!(w.constant instanceof Float32Array) || !(b.constant instanceof Float32Array)) return undefined;
  const outputs = w.type.shape[0] as number;
  const inputs = x.type.shape.at(-1) as number;
  const groups = node.op === Conv2d ? (node.attributes as Conv2dAttributes).groups : 1;
  const columns = elementCount(w.type.shape) / outputs;
  const output = node.outputs[0] as ValueName;
  return {
    node,
    name: node.name,
    kind: kindOf(node, inputs, outputs, groups),
    input: x.name,
    output,
    outputs,
    inputs,
    groups,
    taps: (columns * groups) / inputs,
    columns,
    positions: elementCount(valueOf(graph, output).type.shape) / outputs,
    weights: w.constant,
    bias: b.constant,
    clamp: node.attributes.clamp,
  };
}

/** Every layer of the graph, in execution order. */
export function layersOf(graph: Graph): Layer[] {
  return graph.nodes.map((node) => layerOf(graph, node)).filter((layer) => layer !== undefined);
}

/** The layer of this name as `graph` has it now. */
export function layerNamed(graph: Graph, name: string): Layer | undefined {
  const node = graph.nodes.find((candidate) => candidate.name === name);
  return node && layerOf(graph, node);
}

/** The layer that computes this value; undefined when another operator does. */
export function layerComputing(graph: Graph, output: ValueName): Layer | undefined {
  const node = graph.nodes.find((candidate) => candidate.outputs.includes(output));
  return node && layerOf(graph, node);
}

/**
 * The graph with other weights (and bias) in this layer; shapes stay. Constants that other nodes read, too, are left to
 * them. A scale that came with the old weights (QDQ) is dropped: the numbers are no longer on its grid.
 * @param weights [outputs, columns], row-major
 */
export function withWeights(graph: Graph, layer: Layer, weights: ArrayLike<number>, bias?: ArrayLike<number>): Graph {
  const values = new Map(graph.values);
  const [w, b] = [layer.node.inputs[1] as ValueName, layer.node.inputs[2] as ValueName];
  const inputs = [...layer.node.inputs];
  const replace = (index: number, name: ValueName, data: ArrayLike<number>) => {
    const { type } = valueOf(graph, name);
    const isShared = graph.nodes.some((node) => node.name !== layer.name && node.inputs.includes(name));
    const target = isShared ? freshName({ values }, `${layer.name}.${name}`) : name;
    const constant = tensor('float32', type.shape, data).data;
    values.set(target, { name: target, type: { dtype: 'float32', shape: type.shape }, constant });
    inputs[index] = target;
  };
  replace(1, w, weights);
  if (bias) replace(2, b, bias);
  return { ...graph, values, nodes: graph.nodes.map((node) => (node.name === layer.name ? { ...node, inputs } : node)) };
}

/** Multiply-accumulates of the layer, per sample. */
export function macsOfLayer({ outputs, columns, positions }: Layer): number {
  return outputs * columns * positions;
}

/** Weights and biases. */
export function parametersOfLayer({ weights, bias }: Layer): number {
  return weights.length + bias.length;
}

/** Weights that are not zero, and biases that are not. */
export function nonzeroParametersOfLayer({ weights, bias }: Layer): number {
  return countNonzero(weights) + countNonzero(bias);
}

export function countNonzero(data: ArrayLike<number>): number {
  let count = 0;
  for (let i = 0; i < data.length; i++) if (data[i] !== 0) count++;
  return count;
}
