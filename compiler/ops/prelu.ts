/** PRelu: y = x < 0 ? slope · x : x; the slope broadcasts to x. */
import * as format from '../../runtime-as/format.ts';
import type { TensorType, Value } from '../graph.ts';
import { binaryFloatCall, evaluateBroadcast, inferBroadcast, scalarOperand, unclamped } from './elementwise.ts';
import type { Op } from './op.ts';
import { addUnary } from './unary.ts';

export const PRelu: Op<Record<string, never>> = {
  name: 'PRelu',

  onnx: {
    PRelu(node, graph) {
      const x = node.required(0);
      const slope = scalarOperand(graph, node.required(1), x);
      if (slope !== undefined) addUnary(graph, x, 'LeakyRelu', { alpha: slope, output: node.outputs[0] });
      else graph.add(PRelu, [x, node.required(1)], {}, { outputs: node.outputs });
    },
  },

  infer([x, slope]) {
    const type = x as TensorType;
    const [result] = inferBroadcast([type, slope as TensorType]) as [TensorType];
    if (result.shape.length !== type.shape.length || result.shape.some((extent, i) => extent !== type.shape[i])) {
      throw new Error(`slope [${(slope as TensorType).shape}] does not broadcast to [${type.shape}]`);
    }
    return [result];
  },

  evaluate: (inputs) => evaluateBroadcast(inputs, unclamped, (x, slope) => (x < 0 ? slope * x : x)),

  quantize: { kind: 'observed' },

  kernel(_, { inputs: [x, slope] }) {
    if (x?.type.dtype === 'float32') return binaryFloatCall(format.FUNCTION_PRELU, x, slope as Value, unclamped);
    return undefined;
  },
};
