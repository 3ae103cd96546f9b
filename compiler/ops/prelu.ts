/** PRelu: y = x < 0 ? slope · x : x; the slope broadcasts to x. */
import * as format from '../../runtime-as/format.ts';
import type { TensorType, Value } from '../graph.ts';
import { LARGEST_REQUANTIZED } from './accumulate.ts';
import {
  binaryFloatCall,
  broadcastWords,
  evaluateBroadcast,
  inferBroadcast,
  scalarOperand,
  unclamped,
  writeBroadcast,
} from './elementwise.ts';
import { float32Bits, type KernelCall, type Op, parameterWords } from './op.ts';
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

  toOnnx(node, writer) {
    writeBroadcast(node, unclamped.clamp, writer, (operands) => writer.emit('PRelu', operands));
  },

  kernel(_, { inputs: [x, slope], outputs: [y] }) {
    if (x?.type.dtype === 'float32') return binaryFloatCall(format.FUNCTION_PRELU, x, slope as Value, unclamped);
    return preluInt8Call(x as Value, slope as Value, y as Value);
  },
};

/** The slopes become multipliers, so they must be constant; int8 slopes stand for real numbers. */
function preluInt8Call(x: Value, slope: Value, y: Value): KernelCall | undefined {
  const words = broadcastWords(x.type.shape, slope.type.shape);
  const [qx, qy] = [x, y].map(({ type }) => (type.dtype === 'int8' ? type.quantization : undefined));
  const from = slope.type.quantization;
  if (!qx || !qy || !words || !slope.constant || (from && from.scale.length > 1)) return undefined;
  const [sx, sy] = [Math.fround(qx.scale[0] as number), Math.fround(qy.scale[0] as number)];
  const data = Float32Array.from(slope.constant, (value) => {
    const real = Math.fround(from ? (value - from.zeroPoint) * (from.scale[0] as number) : value);
    return Math.fround(Math.fround(real * sx) / sy);
  });
  const positive = Math.fround(sx / sy);
  if (![positive, ...data].every((multiplier) => 255 * Math.abs(multiplier) < LARGEST_REQUANTIZED)) return undefined;
  return {
    opcode: format.OPCODE_PRELU_INT8,
    operands: [x.name, { name: `${y.name}.multipliers`, type: { dtype: 'float32', shape: slope.type.shape }, data }],
    parameters: parameterWords(format.PRELU_PARAMETERS, {
      ...words,
      [format.PRELU_INPUT_ZERO_POINT]: qx.zeroPoint,
      [format.PRELU_POSITIVE_MULTIPLIER_F32]: float32Bits(positive),
      [format.PRELU_OUTPUT_ZERO_POINT]: qy.zeroPoint,
    }),
    inPlace: [0],
  };
}
