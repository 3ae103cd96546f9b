/** Add: y = clamp(a + b), with broadcasting. */
import { FUNCTION_ADD } from '../../runtime-as/format.ts';
import type { Value } from '../graph.ts';
import { binaryFloatCall, type ElementwiseAttributes, evaluateBroadcast, inferBroadcast, unclamped } from './elementwise.ts';
import type { Op } from './op.ts';

export const Add: Op<ElementwiseAttributes> = {
  name: 'Add',

  onnx: {
    Add(node, graph) {
      graph.add(Add, [node.required(0), node.required(1)], unclamped, { outputs: node.outputs });
    },
  },

  infer: inferBroadcast,

  evaluate: (inputs, attributes) => evaluateBroadcast(inputs, attributes, (a, b) => a + b),

  quantize: { kind: 'observed' },

  kernel(node, { inputs: [a, b] }) {
    if (a?.type.dtype === 'float32') return binaryFloatCall(FUNCTION_ADD, a, b as Value, node.attributes);
    return undefined;
  },
};
