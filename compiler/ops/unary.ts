/** Unary: y = f(x), elementwise. Every function is one row of the table; on int8 each is a 256-byte table. */
import * as format from '../../runtime-as/format.ts';
import type { Quantization, Tensor, TensorType, Value } from '../graph.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';
import { quantizeNumber } from './accumulate.ts';
import { float32Bits, type Op, type Operand, parameterWords } from './op.ts';

export interface UnaryAttributes {
  /** A key of `unaryFunctions`. */
  readonly function: string;
  readonly alpha: number;
  readonly beta: number;
}

interface UnaryFunction {
  /** FUNCTION_… of the float32 kernel. */
  readonly code: number;
  evaluate(x: number, alpha: number, beta: number): number;
  /** The output's parameters where the function's range fixes them. */
  readonly fixed?: Quantization;
}

export const unaryFunctions: Readonly<Record<string, UnaryFunction>> = {
  Relu: { code: format.FUNCTION_RELU, evaluate: (x) => Math.max(0, x) },
  Clip: { code: format.FUNCTION_CLIP, evaluate: (x, low, high) => Math.min(Math.max(x, low), high) },
  Sigmoid: { code: format.FUNCTION_SIGMOID, evaluate: (x) => 1 / (1 + Math.exp(-x)), fixed: { scale: [1 / 256], zeroPoint: -128 } },
};

function importUnary(defaults: Partial<UnaryAttributes> = {}) {
  return (node: OnnxNode, graph: GraphBuilder): void => {
    const alpha = node.float('alpha', defaults.alpha ?? 0);
    const beta = node.float('beta', defaults.beta ?? 0);
    graph.add(Unary, [node.required(0)], { function: defaults.function ?? node.operator, alpha, beta }, { outputs: node.outputs });
  };
}

export const Unary: Op<UnaryAttributes> = {
  name: 'Unary',

  onnx: {
    Relu: importUnary(),
    Sigmoid: importUnary(),
  },

  infer([x]) {
    const { dtype, shape } = x as TensorType;
    return [{ dtype, shape }];
  },

  evaluate([x], { function: name, alpha, beta }) {
    const { type, data } = x as Tensor;
    const f = (unaryFunctions[name] as UnaryFunction).evaluate;
    return [{ type: { dtype: type.dtype, shape: type.shape }, data: Float32Array.from(data, (value) => f(value, alpha, beta)) }];
  },

  quantize: { kind: 'observed' },

  kernel(node, { inputs: [x], outputs: [y] }) {
    const { function: name, alpha, beta } = node.attributes;
    const operand = (x as Value).name;
    if (x?.type.dtype === 'float32' && y?.type.dtype === 'float32') {
      return {
        opcode: format.OPCODE_UNARY_FLOAT32,
        operands: [operand],
        parameters: parameterWords(format.UNARY_PARAMETERS, {
          [format.UNARY_FUNCTION]: (unaryFunctions[name] as UnaryFunction).code,
          [format.UNARY_ALPHA_F32]: float32Bits(alpha),
          [format.UNARY_BETA_F32]: float32Bits(beta),
        }),
        inPlace: [0],
      };
    }
    if (!x?.type.quantization || !y?.type.quantization) return undefined;
    const f = (unaryFunctions[name] as UnaryFunction).evaluate;
    return {
      opcode: format.OPCODE_TABLE_INT8,
      operands: [operand, lookupTable(y.name, x.type.quantization, y.type.quantization, (value) => f(value, alpha, beta))],
      parameters: [],
      inPlace: [0],
    };
  },
};

/** table[q + 128] = quantized f of the real number that q stands for. */
export function lookupTable(name: string, from: Quantization, to: Quantization, f: (x: number) => number): Operand {
  const data = Int8Array.from({ length: 256 }, (_, i) => {
    const q = quantizeNumber(f((i - 128 - from.zeroPoint) * (from.scale[0] as number)), to);
    return Math.max(-128, Math.min(127, q));
  });
  return { name: `${name}.table`, type: { dtype: 'int8', shape: [256] }, data };
}
