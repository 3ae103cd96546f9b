/** Max: y = clamp(max(a, b)), with broadcasting; more operands become a chain. NaN when one of the two is. */
import * as format from '../../runtime-as/format.ts';
import type { Value } from '../graph.ts';
import {
  binaryFloatCall,
  type Combine,
  type ElementwiseAttributes,
  evaluateBroadcast,
  importChain,
  inferBroadcast,
  scalarOperand,
  unclamped,
} from './elementwise.ts';
import type { Op } from './op.ts';
import { addUnary } from './unary.ts';

/** max(a, b); a constant number becomes a lower limit. */
export const maximumOf: Combine = (graph, a, b, output) => {
  const right = scalarOperand(graph, b, a);
  if (right !== undefined) return addUnary(graph, a, 'Clip', { alpha: right, beta: Infinity, output });
  const left = scalarOperand(graph, a, b);
  if (left !== undefined) return addUnary(graph, b, 'Clip', { alpha: left, beta: Infinity, output });
  return graph.addOne(Max, [a, b], unclamped, output ? { output } : {});
};

export const Max: Op<ElementwiseAttributes> = {
  name: 'Max',

  onnx: { Max: importChain(maximumOf) },

  infer: inferBroadcast,

  evaluate: (inputs, attributes) => evaluateBroadcast(inputs, attributes, Math.max),

  quantize: { kind: 'float' },

  kernel(node, { inputs: [a, b] }) {
    return a?.type.dtype === 'float32' ? binaryFloatCall(format.FUNCTION_MAX, a, b as Value, node.attributes) : undefined;
  },
};
