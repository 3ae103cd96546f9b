/** Mul: y = clamp(a · b), with broadcasting. */
import * as format from '../../runtime-as/format.ts';
import type { Value } from '../graph.ts';
import {
  binaryFloatCall,
  type Combine,
  type ElementwiseAttributes,
  evaluateBroadcast,
  importPair,
  inferBroadcast,
  scalarOperand,
  unclamped,
} from './elementwise.ts';
import type { Op } from './op.ts';
import { addUnary } from './unary.ts';

/** a · b; a constant number becomes a linear function of the other operand. */
export const multiplyValues: Combine = (graph, a, b, output) => {
  const right = scalarOperand(graph, b, a);
  if (right !== undefined) return addUnary(graph, a, 'Affine', { alpha: right, output });
  const left = scalarOperand(graph, a, b);
  if (left !== undefined) return addUnary(graph, b, 'Affine', { alpha: left, output });
  return graph.addOne(Mul, [a, b], unclamped, output ? { output } : {});
};

export const Mul: Op<ElementwiseAttributes> = {
  name: 'Mul',

  onnx: { Mul: importPair(multiplyValues) },

  infer: inferBroadcast,

  evaluate: (inputs, attributes) => evaluateBroadcast(inputs, attributes, (a, b) => a * b),

  quantize: { kind: 'observed' },

  kernel(node, { inputs: [a, b] }) {
    if (a?.type.dtype === 'float32') return binaryFloatCall(format.FUNCTION_MUL, a, b as Value, node.attributes);
    return undefined;
  },
};
