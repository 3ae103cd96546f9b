/** Min: y = clamp(min(a, b)), with broadcasting; more operands become a chain. NaN when one of the two is. */
import * as format from '../../runtime-as/format.ts';
import type { Value } from '../graph.ts';
import { commutative } from './commutative.ts';
import {
  binaryFloatCall,
  broadcastWriter,
  type ElementwiseAttributes,
  evaluateBroadcast,
  importChain,
  inferBroadcast,
} from './elementwise.ts';
import type { Op } from './op.ts';

/** min(a, b); a constant number becomes an upper limit. */
export const minimumOf = commutative(
  () => Min,
  'Clip',
  (value) => ({ alpha: -Infinity, beta: value }),
);

export const Min: Op<ElementwiseAttributes> = {
  name: 'Min',

  onnx: { Min: importChain(minimumOf) },

  infer: inferBroadcast,

  evaluate: (inputs, attributes) => evaluateBroadcast(inputs, attributes, Math.min),

  quantize: { kind: 'float' },

  toOnnx: broadcastWriter('Min'),

  kernel(node, { inputs: [a, b] }) {
    return a?.type.dtype === 'float32' ? binaryFloatCall(format.FUNCTION_MIN, a, b as Value, node.attributes) : undefined;
  },
};
