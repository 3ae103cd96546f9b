/** Identity and Dropout (which does nothing at inference): the output is another name of the input; no nodes remain. */
import { elementCount } from '../graph.ts';
import { knownInput } from './known.ts';
import type { OnnxImporter } from './op.ts';

export const Identity: OnnxImporter = {
  onnx: {
    Identity(node, graph) {
      graph.alias(node.outputs[0] as string, node.required(0));
    },

    Dropout(node, graph) {
      const training = knownInput(node, graph, 2, 'the training mode')?.[0] ?? 0;
      if (training) throw node.unsupported('training_mode is set', 'export the model in evaluation mode (torch: model.eval())');
      const x = node.required(0);
      graph.alias(node.outputs[0] as string, x);
      const mask = node.outputs[1];
      if (!mask) return;
      // At inference nothing is dropped: the mask is true everywhere.
      const shape = graph.shape(x);
      graph.addConstant({ type: { dtype: 'int32', shape }, data: new Int32Array(elementCount(shape)).fill(1) }, mask);
    },
  },
};
