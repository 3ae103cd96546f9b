/** Min: y = clamp(min(a, b)), with broadcasting; more operands become a chain. NaN when one of the two is. */
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

/** min(a, b); a constant number becomes an upper limit. */
export const minimumOf: Combine = (graph, a, b, output) => {
  const right = scalarOperand(graph, b, a);
  if (right !== undefined) return addUnary(graph, a, 'Clip', { alpha: -Infinity, beta: right, output });
  const left = scalarOperand(graph, a, b);
  if (left !== undefined) return addUnary(graph, b, 'Clip', { alpha: -Infinity, beta: left, output });
  return graph.addOne(Min, [a, b], unclamped, output ? { output } : {});
};

export const Min: Op<ElementwiseAttributes> = {
  name: 'Min',

  onnx: { Min: importChain(minimumOf) },

  infer: inferBroadcast,

  evaluate: (inputs, attributes) => evaluateBroadcast(inputs, attributes, Math.min),

  quantize: { kind: 'float' },

  kernel(node, { inputs: [a, b] }) {
    return a?.type.dtype === 'float32' ? binaryFloatCall(format.FUNCTION_MIN, a, b as Value, node.attributes) : undefined;
  },
};
