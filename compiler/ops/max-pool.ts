/** MaxPool: x [N, H, W, C] or [N, W, C] → the largest element of each window; padding does not count. */
import * as format from '../../runtime-as/format.ts';
import type { Value } from '../graph.ts';
import { type Op, parameterWords } from './op.ts';
import { addChannelsLast, evaluatePool, inferPool, type PoolAttributes, poolAttributes, poolWords, writePool } from './pool.ts';

export const MaxPool: Op<PoolAttributes> = {
  name: 'MaxPool',

  onnx: {
    MaxPool(node, graph) {
      if (node.outputs[1]) throw node.unsupported('the output Indices is used', 'export without indices (torch: return_indices=False)');
      const attributes = poolAttributes(node, graph.shape(node.required(0)));
      addChannelsLast(node, graph, (x) => graph.addOne(MaxPool, [x], attributes));
    },
  },

  infer: inferPool,

  evaluate: (inputs, attributes) => evaluatePool(inputs, attributes, (values) => values.reduce((a, b) => Math.max(a, b))),

  quantize: { kind: 'same-as-input' },

  toOnnx(node, writer) {
    writePool('MaxPool', node, node.attributes, writer);
  },

  kernel({ attributes }, { inputs: [x], outputs: [y] }) {
    const { dtype } = (x as Value).type;
    if (dtype === 'int32') return undefined;
    return {
      opcode: dtype === 'int8' ? format.OPCODE_MAX_POOL_INT8 : format.OPCODE_MAX_POOL_FLOAT32,
      operands: [(x as Value).name],
      parameters: parameterWords(format.MAX_POOL_PARAMETERS, poolWords(x as Value, y as Value, attributes)),
    };
  },
};
