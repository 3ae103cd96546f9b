/** Div: y = clamp(a / b), with broadcasting. Constant divisors become factors: Mul has an int8 kernel, Div has none. */
import * as format from '../../runtime-as/format.ts';
import type { Value } from '../graph.ts';
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
import { Mul } from './mul.ts';
import type { Op } from './op.ts';
import { addUnary } from './unary.ts';

const divideValues: Combine = (graph, a, b, output) => {
  const right = scalarOperand(graph, b, a);
  if (right !== undefined) return addUnary(graph, a, 'Affine', { alpha: 1 / right, output });
  const left = scalarOperand(graph, a, b);
  if (left !== undefined) return addUnary(graph, b, 'Reciprocal', { alpha: left, output });
  const options = output ? { output } : {};
  const isFloatConstant = graph.constant(b)?.type.dtype === 'float32' && !graph.constant(a);
  if (!isFloatConstant) return graph.addOne(Div, [a, b], unclamped, options);
  const reciprocal = addUnary(graph, b, 'Reciprocal', { alpha: 1 });
  return graph.addOne(Mul, [a, reciprocal], unclamped, options);
};

export const Div: Op<ElementwiseAttributes> = {
  name: 'Div',

  onnx: { Div: importPair(divideValues) },

  infer: inferBroadcast,

  evaluate: (inputs, attributes) => evaluateBroadcast(inputs, attributes, (a, b) => a / b),

  quantize: { kind: 'float' },

  toOnnx: broadcastWriter('Div'),

  kernel(node, { inputs: [a, b] }) {
    return a?.type.dtype === 'float32' ? binaryFloatCall(format.FUNCTION_DIV, a, b as Value, node.attributes) : undefined;
  },
};
