/** Sub: y = clamp(a - b), with broadcasting. */
import * as format from '../../runtime-as/format.ts';
import type { Value } from '../graph.ts';
import { addInt8Call } from './add.ts';
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

/** a - b; a constant number becomes an affine function of the other operand. */
const subtractValues: Combine = (graph, a, b, output) => {
  const right = scalarOperand(graph, b, a);
  if (right !== undefined) return addUnary(graph, a, 'Affine', { alpha: 1, beta: -right, output });
  const left = scalarOperand(graph, a, b);
  if (left !== undefined) return addUnary(graph, b, 'Affine', { alpha: -1, beta: left, output });
  return graph.addOne(Sub, [a, b], unclamped, output ? { output } : {});
};

export const Sub: Op<ElementwiseAttributes> = {
  name: 'Sub',

  onnx: { Sub: importPair(subtractValues) },

  infer: inferBroadcast,

  evaluate: (inputs, attributes) => evaluateBroadcast(inputs, attributes, (a, b) => a - b),

  quantize: { kind: 'observed' },

  toOnnx: broadcastWriter('Sub'),

  kernel(node, { inputs: [a, b], outputs: [y] }) {
    if (a?.type.dtype === 'float32') return binaryFloatCall(format.FUNCTION_SUB, a, b as Value, node.attributes);
    return addInt8Call([a as Value, b as Value], y as Value, node.attributes, -1);
  },
};
