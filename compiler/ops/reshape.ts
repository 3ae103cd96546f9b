/** Reshape: the same elements in the same order under another shape. Flatten, Squeeze and Unsqueeze land here too. */
import { elementCount, type Tensor, type TensorType } from '../graph.ts';
import { knownInput, knownInts } from './known.ts';
import type { Op } from './op.ts';
import { moveQuantizationAxis } from './quantization-axis.ts';
import { normalizeAxis } from './strides.ts';

export interface ReshapeAttributes {
  readonly shape: readonly number[];
}

/** The axis of `to` that is axis `axis` of `from`: as long, with as many elements before it. */
function sameAxis(from: readonly number[], to: readonly number[], axis: number): number | undefined {
  const before = elementCount(from.slice(0, axis));
  const found = to.findIndex((extent, i) => extent === from[axis] && elementCount(to.slice(0, i)) === before);
  return found < 0 ? undefined : found;
}

export const Reshape: Op<ReshapeAttributes> = {
  name: 'Reshape',

  onnx: {
    Reshape(node, graph) {
      const from = graph.shape(node.required(0));
      node.required(1);
      const wanted = knownInput(node, graph, 1, 'the target extents') as number[];
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
      const axes = knownInts(node, graph, 'axes', 1)?.map((axis) => normalizeAxis(axis, from.length));
      const shape = from.filter((extent, i) => (axes ? !axes.includes(i) : extent !== 1));
      graph.add(Reshape, [node.required(0)], { shape }, { outputs: node.outputs });
    },
    Unsqueeze(node, graph) {
      const from = graph.shape(node.required(0));
      const given = knownInts(node, graph, 'axes', 1) ?? [];
      const rank = from.length + given.length;
      const axes = given.map((axis) => normalizeAxis(axis, rank));
      const rest = [...from];
      const shape = Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : (rest.shift() as number)));
      graph.add(Reshape, [node.required(0)], { shape }, { outputs: node.outputs });
    },
  },

  infer([x], { shape }) {
    const type = x as TensorType;
    const from = type.shape;
    if (elementCount(from) !== elementCount(shape) || shape.some((extent) => !Number.isInteger(extent) || extent < 0)) {
      throw new Error(`[${from}] cannot be reshaped to [${shape}]`);
    }
    return [moveQuantizationAxis(type, shape, (axis) => sameAxis(from, shape, axis))];
  },

  evaluate([x], attributes) {
    const { type, data } = x as Tensor;
    const [output] = Reshape.infer([type], attributes) as [TensorType];
    return [{ type: output, data }];
  },

  quantize: { kind: 'same-as-input' },

  toOnnx(node, writer) {
    const shape = writer.inputShape(node, 0);
    // Where all positions are one, both orders hold the same list: [N, 1, 1, C] needs no Transpose to be flattened.
    const isPoint = shape.length > 2 && shape.slice(1, -1).every((extent) => extent === 1);
    const layout = isPoint ? writer.commonLayout(node.inputs, shape.length) : 'stored';
    writer.output(node, writer.emit('Reshape', [writer.input(node, 0, layout), writer.ints(node.attributes.shape)]));
  },

  kernel: () => 'alias',
};
