/** Max: y = clamp(max(a, b)), with broadcasting; more operands become a chain. NaN when one of the two is. */
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

/** max(a, b); a constant number becomes a lower limit. */
export const maximumOf = commutative(
  () => Max,
  'Clip',
  (value) => ({ alpha: value, beta: Infinity }),
);

export const Max: Op<ElementwiseAttributes> = {
  name: 'Max',

  onnx: { Max: importChain(maximumOf) },

  infer: inferBroadcast,

  evaluate: (inputs, attributes) => evaluateBroadcast(inputs, attributes, Math.max),

  quantize: { kind: 'float' },

  toOnnx: broadcastWriter('Max'),

  kernel(node, { inputs: [a, b] }) {
    return a?.type.dtype === 'float32' ? binaryFloatCall(format.FUNCTION_MAX, a, b as Value, node.attributes) : undefined;
  },
};
