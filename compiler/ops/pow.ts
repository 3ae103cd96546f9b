/** Pow: y = clamp(a ^ b), with broadcasting; the result has the dtype of a. */
import * as format from '../../runtime-as/format.ts';
import type { Value } from '../graph.ts';
import { Cast } from './cast.ts';
import {
  binaryFloatCall,
  broadcastWriter,
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

/** a ^ b; a constant exponent makes it a function of a. */
const power: Combine = (graph, a, b, output) => {
  const exponent = scalarOperand(graph, b, a);
  if (exponent === 0.5) return addUnary(graph, a, 'Sqrt', { output });
  if (exponent === -1) return addUnary(graph, a, 'Reciprocal', { alpha: 1, output });
  if (exponent !== undefined) return addUnary(graph, a, 'Pow', { alpha: exponent, output });
  const { dtype } = graph.type(a);
  const sameType = graph.type(b).dtype === dtype ? b : graph.addOne(Cast, [b], { to: dtype, boolean: false });
  return graph.addOne(Pow, [a, sameType], unclamped, output ? { output } : {});
};

export const Pow: Op<ElementwiseAttributes> = {
  name: 'Pow',

  onnx: { Pow: importPair(power) },

  infer: inferBroadcast,

  evaluate: (inputs, attributes) => evaluateBroadcast(inputs, attributes, (a, b) => a ** b),

  quantize: { kind: 'float' },

  toOnnx: broadcastWriter('Pow'),

  kernel(node, { inputs: [a, b] }) {
    return a?.type.dtype === 'float32' ? binaryFloatCall(format.FUNCTION_POWER, a, b as Value, node.attributes) : undefined;
  },
};
