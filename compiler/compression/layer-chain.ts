/** A layer as a chain of smaller layers: what every factorization becomes in the graph. */
import { freshName, type Graph, type Node, type TensorType, type Value, type ValueName, valueOf } from '../graph.ts';
import { Conv2d, type Conv2dAttributes, spatialShape } from '../ops/conv2d.ts';
import { Dense } from '../ops/dense.ts';
import type { Window } from '../ops/window.ts';
import { type Layer, windowOfLayer } from './layers.ts';

/** One layer of a chain. */
export interface Link {
  /** Output channels. */
  readonly outputs: number;
  /** [outputs, taps · inputs / groups], row-major. */
  readonly weights: ArrayLike<number>;
  /** Default: zeros. */
  readonly bias?: ArrayLike<number>;
  /** Default: a point. */
  readonly window?: Window;
  /** Default: 1. */
  readonly groups?: number;
}

const point: Window = { kernel: [1, 1], stride: [1, 1], dilation: [1, 1], padBefore: [0, 0], padAfter: [0, 0] };
const unclamped: readonly [number, number] = [-Infinity, Infinity];

/** The vertical part of a window: its rows, strides and padding along the height. */
export function verticalPart({ kernel, stride, dilation, padBefore, padAfter }: Window): Window {
  return {
    kernel: [kernel[0], 1],
    stride: [stride[0], 1],
    dilation: [dilation[0], 1],
    padBefore: [padBefore[0], 0],
    padAfter: [padAfter[0], 0],
  };
}

/** The horizontal part. */
export function horizontalPart({ kernel, stride, dilation, padBefore, padAfter }: Window): Window {
  return {
    kernel: [1, kernel[1]],
    stride: [1, stride[1]],
    dilation: [1, dilation[1]],
    padBefore: [0, padBefore[1]],
    padAfter: [0, padAfter[1]],
  };
}

/** Parameters of a chain, biases included where they are not zero by definition. */
export function parametersOfChain(links: readonly Link[]): number {
  return links.reduce((sum, { weights, bias }) => sum + weights.length + (bias?.length ?? 0), 0);
}

/** Multiply-accumulates of a chain in a layer's place, per sample: a link runs wherever the next one needs it. */
export function macsOfChain(graph: Graph, layer: Layer, links: readonly Link[]): number {
  const { shape } = valueOf(graph, layer.input).type;
  let [n, h, w] = layer.kind === 'dense' ? [layer.positions, 1, 1] : spatialShape(shape);
  let macs = 0;
  for (const { weights, window = point } of links) {
    const extent = (size: number, axis: 0 | 1) => {
      const { kernel, stride, dilation, padBefore, padAfter } = window;
      return Math.floor((size + padBefore[axis] + padAfter[axis] - dilation[axis] * (kernel[axis] - 1) - 1) / stride[axis]) + 1;
    };
    [h, w] = [extent(h, 0), extent(w, 1)];
    macs += weights.length * n * h * w;
  }
  return macs;
}

/**
 * The graph with `layer` replaced by these links, one after the other. The last link keeps the layer's name, its output
 * and its activation; the others get names behind it and have no activation.
 */
export function replaceLayer(graph: Graph, layer: Layer, links: readonly Link[]): Graph {
  const values = new Map(graph.values);
  const define = (base: string, type: TensorType, constant?: Float32Array): ValueName => {
    const name = freshName({ values }, base);
    const value: Value = { name, type, ...(constant && { constant }) };
    values.set(name, value);
    return name;
  };
  const nodeNames = new Set(graph.nodes.map(({ name }) => name));
  let input = layer.input;
  const nodes = links.map(({ outputs, weights, bias, window = point, groups = 1 }, index): Node => {
    const isLast = index === links.length - 1;
    let name = isLast ? layer.name : `${layer.name}.${index + 1}`;
    while (!isLast && nodeNames.has(name)) name += '.';
    nodeNames.add(name);
    const columns = weights.length / outputs;
    const shape =
      layer.kind === 'dense' ? [outputs, columns] : [outputs, ...window.kernel, columns / (window.kernel[0] * window.kernel[1])];
    const inputs = [
      input,
      define(`${name}.weight`, { dtype: 'float32', shape }, Float32Array.from(weights)),
      define(`${name}.bias`, { dtype: 'float32', shape: [outputs] }, bias ? Float32Array.from(bias) : new Float32Array(outputs)),
    ];
    const clamp = isLast ? layer.clamp : unclamped;
    const op = layer.kind === 'dense' ? Dense : Conv2d;
    const attributes = layer.kind === 'dense' ? { clamp } : ({ ...window, groups, clamp } satisfies Conv2dAttributes);
    if (isLast) return { ...layer.node, inputs, attributes };
    const types = inputs.map((value) => (values.get(value) as Value).type);
    const [type] = op.infer(types, attributes as never) as [TensorType];
    input = define(`${name}.out`, type);
    return { name, op, inputs, outputs: [input], attributes };
  });
  return { ...graph, values, nodes: graph.nodes.flatMap((node) => (node.name === layer.name ? nodes : [node])) };
}

/** The first layer of a chain that reads what `layer` reads, and writes `channels`: for chains whose first link keeps the window. */
export function windowed(layer: Layer, link: Omit<Link, 'window'>): Link {
  return { ...link, window: windowOfLayer(layer) };
}
