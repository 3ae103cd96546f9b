/**
 * What a graph is to the runtimes of the TensorFlow family (LiteRT.js, tfjs, tfjs-tflite): a list of layers whose padding
 * is SAME or VALID and whose activation is part of the layer.
 */
import { type Graph, type Node, type Value, type ValueName, valueOf } from '../../../compiler/graph.ts';
import type { Conv2dAttributes } from '../../../compiler/ops/conv2d.ts';
import type { Window } from '../../../compiler/ops/window.ts';

export type Activation = 'linear' | 'relu' | 'relu6';

export interface LayerWindow {
  readonly padding: 'same' | 'valid';
  readonly stride: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly kernel: readonly [number, number];
}

/** Operands: conv2d, depthwise and dense x · weights · bias; add and concat (last axis) any; the others x. */
export interface Layer {
  readonly kind: 'conv2d' | 'depthwise' | 'dense' | 'add' | 'concat' | 'maxPool' | 'spatialMean' | 'reshape' | 'softmax';
  readonly inputs: readonly ValueName[];
  readonly output: ValueName;
  readonly window?: LayerWindow;
  readonly activation?: Activation;
  readonly shape?: readonly number[];
}

function unsupported(node: Node, what: string): Error {
  return new Error(
    `${node.op.name} "${node.name}": ${what} has no counterpart in TensorFlow Lite; give the model a bench without these peers`,
  );
}

function layerWindow(node: Node, window: Window, input: Value): LayerWindow {
  const extents = input.type.shape.slice(1, 3) as [number, number];
  const { kernel, stride, dilation, padBefore, padAfter } = window;
  const isSame = extents.every((extent, axis) => {
    const missing = (Math.ceil(extent / (stride[axis] as number)) - 1) * (stride[axis] as number);
    const total = Math.max(0, missing + ((kernel[axis] as number) - 1) * (dilation[axis] as number) + 1 - extent);
    return padBefore[axis] === Math.floor(total / 2) && padAfter[axis] === Math.ceil(total / 2);
  });
  const isValid = [...padBefore, ...padAfter].every((pad) => pad === 0) && !(node.attributes as { ceil?: boolean }).ceil;
  if (!isSame && !isValid) throw unsupported(node, `padding [${padBefore}] [${padAfter}]`);
  return { padding: isSame ? 'same' : 'valid', stride, dilation, kernel };
}

function activationOf(node: Node): Activation {
  const [low, high] = (node.attributes as { clamp?: readonly [number, number] }).clamp ?? [-Infinity, Infinity];
  if (low === -Infinity && high === Infinity) return 'linear';
  if (low === 0 && (high === Infinity || high === 6)) return high === 6 ? 'relu6' : 'relu';
  throw unsupported(node, `clamp to [${low}, ${high}]`);
}

function layerOf(graph: Graph, node: Node): Layer {
  const input = valueOf(graph, node.inputs[0] as ValueName);
  const base = { inputs: node.inputs, output: node.outputs[0] as ValueName };
  switch (node.op.name) {
    case 'Conv2d': {
      const { groups } = node.attributes as Conv2dAttributes;
      if (groups > 1 && groups !== input.type.shape[3]) throw unsupported(node, `${groups} groups`);
      const kind = groups > 1 ? 'depthwise' : 'conv2d';
      return { ...base, kind, window: layerWindow(node, node.attributes, input), activation: activationOf(node) };
    }
    case 'Dense':
      return { ...base, kind: 'dense', activation: activationOf(node) };
    case 'Add':
      return { ...base, kind: 'add', activation: activationOf(node) };
    case 'MaxPool':
      return { ...base, kind: 'maxPool', window: layerWindow(node, node.attributes, input) };
    case 'Concat':
      if (node.attributes.axis === input.type.shape.length - 1) return { ...base, kind: 'concat' };
      break;
    case 'Reduce':
      if (node.attributes.function === 'Mean' && `${node.attributes.axes}` === '1,2' && node.attributes.keepDims) {
        return { ...base, kind: 'spatialMean' };
      }
      break;
    case 'Reshape':
      return { ...base, kind: 'reshape', shape: valueOf(graph, base.output).type.shape };
    case 'Softmax':
      return { ...base, kind: 'softmax' };
  }
  throw unsupported(node, JSON.stringify(node.attributes));
}

/** @throws Error that names the node which these runtimes cannot express. */
export function layersOf(graph: Graph): Layer[] {
  return graph.nodes.map((node) => layerOf(graph, node));
}
