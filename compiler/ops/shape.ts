/** Shape and Size: static shapes make them constants; no nodes remain. */
import { elementCount, tensor } from '../graph.ts';
import type { OnnxImporter } from './op.ts';

export const Shape: OnnxImporter = {
  onnx: {
    Shape(node, graph) {
      const shape = graph.shape(node.required(0));
      // slice() counts from the end and clamps exactly as start and end (opset 15) do.
      const part = shape.slice(node.int('start', 0), node.int('end', shape.length));
      graph.addConstant(tensor('int32', [part.length], part), node.outputs[0]);
    },

    Size(node, graph) {
      graph.addConstant(tensor('int32', [], [elementCount(graph.shape(node.required(0)))]), node.outputs[0]);
    },
  },
};
