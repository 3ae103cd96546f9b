/** Expand: x repeated along its axes of extent 1 (numpy's broadcast_to). */
import { elementCount, type Tensor, type TensorType, typedArray, type Value } from '../graph.ts';
import { knownInput } from './known.ts';
import type { Op } from './op.ts';
import { moveQuantizationAxis } from './quantization-axis.ts';
import { stridedCopy } from './strided-copy.ts';
import { broadcastShapes, broadcastStrides, forEachIndex } from './strides.ts';

export interface ExpandAttributes {
  /** Shape of y. */
  readonly shape: readonly number[];
}

export const Expand: Op<ExpandAttributes> = {
  name: 'Expand',

  onnx: {
    Expand(node, graph) {
      const x = node.required(0);
      node.required(1);
      const from = graph.shape(x);
      // Broadcasting goes both ways: a target extent of 1 keeps the input's.
      const shape = broadcastShapes(from, knownInput(node, graph, 1, 'the target extents') as number[]);
      if (shape.length === from.length && shape.every((extent, i) => extent === from[i])) graph.alias(node.outputs[0] as string, x);
      else graph.add(Expand, [x], { shape }, { outputs: node.outputs });
    },
  },

  infer([x], { shape }) {
    const type = x as TensorType;
    const result = broadcastShapes(type.shape, shape);
    if (result.length !== shape.length || result.some((extent, i) => extent !== shape[i])) {
      throw new Error(`[${type.shape}] does not expand to [${shape}]`);
    }
    const added = shape.length - type.shape.length;
    return [moveQuantizationAxis(type, shape, (axis) => (shape[axis + added] === type.shape[axis] ? axis + added : undefined))];
  },

  evaluate([x], attributes) {
    const { type, data } = x as Tensor;
    const [output] = Expand.infer([type], attributes) as [TensorType];
    const result = typedArray(type.dtype, elementCount(output.shape));
    forEachIndex(output.shape, [broadcastStrides(type.shape, output.shape)], (i, [from]) => {
      result[i] = data[from as number] as number;
    });
    return [{ type: output, data: result }];
  },

  quantize: { kind: 'same-as-input' },

  toOnnx(node, writer) {
    writer.output(node, writer.emit('Expand', [writer.input(node, 0), writer.ints(node.attributes.shape)]));
  },

  kernel({ attributes: { shape } }, { inputs: [x], outputs: [y] }) {
    return stridedCopy(x as Value, y as Value, { shape, start: 0, strides: broadcastStrides((x as Value).type.shape, shape) });
  },
};
