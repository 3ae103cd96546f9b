/** Reshape: the same elements in the same order under another shape. Flatten, Squeeze and Unsqueeze land here too. */
import { elementCount, type Tensor, type TensorType } from '../graph.ts';
import type { Op } from './op.ts';
import { normalizeAxis } from './strides.ts';

export interface ReshapeAttributes {
  readonly shape: readonly number[];
}

/** The axes of Squeeze and Unsqueeze: an attribute before opset 13, an input after. */
function axesOf(node: Parameters<Op['onnx'][string]>[0], graph: Parameters<Op['onnx'][string]>[1]): number[] | undefined {
  if (!node.input(1)) return node.ints('axes');
  const axes = graph.numbers(node.input(1));
  if (!axes) throw node.unsupported('the axes are computed at run time', 'export with constant axes');
  return axes;
}

export const Reshape: Op<ReshapeAttributes> = {
  name: 'Reshape',

  onnx: {
    Reshape(node, graph) {
      const from = graph.shape(node.required(0));
      const wanted = graph.numbers(node.required(1));
      if (!wanted)
        throw node.unsupported(
          'the target shape is computed at run time',
          'export with static shapes, or fix the inputs with --input name=…',
        );
      const allowZero = node.int('allowzero', 0) === 1;
      const shape = wanted.map((extent, i) => (extent === 0 && !allowZero ? (from[i] as number) : extent));
      const known = shape.filter((extent) => extent !== -1).reduce((a, b) => a * b, 1);
      const rest = elementCount(from) / known;
      graph.add(Reshape, [node.required(0)], { shape: shape.map((extent) => (extent === -1 ? rest : extent)) }, { outputs: node.outputs });
    },
    Flatten(node, graph) {
      const from = graph.shape(node.required(0));
      const axis = node.int('axis', 1);
      const split = axis < 0 ? axis + from.length : axis;
      graph.add(
        Reshape,
        [node.required(0)],
        { shape: [elementCount(from.slice(0, split)), elementCount(from.slice(split))] },
        { outputs: node.outputs },
      );
    },
    Squeeze(node, graph) {
      const from = graph.shape(node.required(0));
      const axes = axesOf(node, graph)?.map((axis) => normalizeAxis(axis, from.length));
      const shape = from.filter((extent, i) => (axes ? !axes.includes(i) : extent !== 1));
      graph.add(Reshape, [node.required(0)], { shape }, { outputs: node.outputs });
    },
    Unsqueeze(node, graph) {
      const from = graph.shape(node.required(0));
      const given = axesOf(node, graph) ?? [];
      const rank = from.length + given.length;
      const axes = given.map((axis) => normalizeAxis(axis, rank));
      const rest = [...from];
      const shape = Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : (rest.shift() as number)));
      graph.add(Reshape, [node.required(0)], { shape }, { outputs: node.outputs });
    },
  },

  infer([x], { shape }) {
    const from = (x as TensorType).shape;
    if (elementCount(from) !== elementCount(shape) || shape.some((extent) => !Number.isInteger(extent) || extent < 0)) {
      throw new Error(`[${from}] cannot be reshaped to [${shape}]`);
    }
    return [{ ...(x as TensorType), shape }];
  },

  evaluate([x], { shape }) {
    const { type, data } = x as Tensor;
    return [{ type: { ...type, shape }, data }];
  },

  quantize: { kind: 'same-as-input' },

  kernel: () => 'alias',
};
