/** Unary: y = f(x), elementwise. Every function is one row of unary-functions.ts; on int8 each is a 256-byte table. */
import * as format from '../../runtime-as/format.ts';
import { type Quantization, type Tensor, type TensorType, typedArray, type Value, type ValueName } from '../graph.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';
import { quantizeNumber } from './accumulate.ts';
import { float32Bits, type Op, type Operand, parameterWords } from './op.ts';
import { unaryFunctions } from './unary-functions.ts';
import { writeUnary } from './unary-onnx.ts';

export interface UnaryAttributes {
  /** A key of `unaryFunctions`. */
  readonly function: string;
  readonly alpha: number;
  readonly beta: number;
}

/** y = f(x); @returns the name of y. */
export function addUnary(
  graph: GraphBuilder,
  x: ValueName,
  name: keyof typeof unaryFunctions,
  { alpha = 0, beta = 0, output }: { alpha?: number; beta?: number; output?: ValueName | undefined } = {},
): ValueName {
  return graph.addOne(Unary, [x], { function: name, alpha, beta }, output ? { output } : {});
}

interface OnnxParameters {
  /** Default: the name of the ONNX operator. */
  readonly function?: string;
  /** ONNX attribute and its default, or a number that ONNX fixes. */
  readonly alpha?: readonly [string, number] | number;
  readonly beta?: readonly [string, number] | number;
}

function importUnary({ function: name, alpha = 0, beta = 0 }: OnnxParameters = {}) {
  return (node: OnnxNode, graph: GraphBuilder): void => {
    const read = (parameter: readonly [string, number] | number) =>
      typeof parameter === 'number' ? parameter : node.float(...(parameter as [string, number]));
    const attributes = { function: name ?? node.operator, alpha: read(alpha), beta: read(beta) };
    graph.add(Unary, [node.required(0)], attributes, { outputs: node.outputs });
  };
}

function importGelu(node: OnnxNode, graph: GraphBuilder): void {
  const approximate = node.string('approximate', 'none');
  if (approximate !== 'none' && approximate !== 'tanh') {
    throw node.unsupported(`approximate "${approximate}" is not known`, 'export with approximate "none" or "tanh"');
  }
  importUnary({ function: approximate === 'tanh' ? 'GeluTanh' : 'Gelu' })(node, graph);
}

/** x times a number. A factor of 1 goes with remove-identities. */
function scaled(graph: GraphBuilder, x: ValueName, factor: number, output?: ValueName): ValueName {
  return addUnary(graph, x, 'Affine', { alpha: factor, output });
}

/** max(0, x) + min(0, α (e^(x/α) - 1)) is Selu with α 1 and γ = α on x / α. */
function importCelu(node: OnnxNode, graph: GraphBuilder): void {
  const alpha = node.float('alpha', 1);
  addUnary(graph, scaled(graph, node.required(0), 1 / alpha), 'Selu', { alpha: 1, beta: alpha, output: node.outputs[0] as ValueName });
}

/** x · σ(α x) is Silu on α x, divided by α; x / 2 where α is 0. */
function importSwish(node: OnnxNode, graph: GraphBuilder): void {
  const [x, output, alpha] = [node.required(0), node.outputs[0] as ValueName, node.float('alpha', 1)];
  if (alpha === 0) scaled(graph, x, 0.5, output);
  else scaled(graph, addUnary(graph, scaled(graph, x, alpha), 'Silu'), 1 / alpha, output);
}

export const Unary: Op<UnaryAttributes> = {
  name: 'Unary',

  onnx: {
    Abs: importUnary(),
    Ceil: importUnary(),
    Celu: importCelu,
    Elu: importUnary({ alpha: ['alpha', 1] }),
    Erf: importUnary(),
    Exp: importUnary(),
    Floor: importUnary(),
    Gelu: importGelu,
    HardSigmoid: importUnary({ alpha: ['alpha', 0.2], beta: ['beta', 0.5] }),
    HardSwish: importUnary(),
    LeakyRelu: importUnary({ alpha: ['alpha', 0.01] }),
    Log: importUnary(),
    Mish: importUnary(),
    Neg: importUnary(),
    Reciprocal: importUnary({ alpha: 1 }),
    Relu: importUnary(),
    Round: importUnary(),
    Selu: importUnary({ alpha: ['alpha', 1.6732632423543772], beta: ['gamma', 1.0507009873554805] }),
    Sigmoid: importUnary(),
    Softplus: importUnary(),
    Softsign: importUnary(),
    Sqrt: importUnary(),
    Swish: importSwish,
    Tanh: importUnary(),
    ThresholdedRelu: importUnary({ alpha: ['alpha', 1] }),
  },

  infer([x]) {
    const { dtype, shape } = x as TensorType;
    return [{ dtype, shape }];
  },

  evaluate([x], { function: name, alpha, beta }) {
    const { type, data } = x as Tensor;
    const f = functionOf(name);
    const result = typedArray(type.dtype, data.length);
    for (let i = 0; i < data.length; i++) result[i] = f.evaluate(data[i] as number, alpha, beta);
    return [{ type: { dtype: type.dtype, shape: type.shape }, data: result }];
  },

  quantize: { kind: 'observed', known: ({ function: name }) => functionOf(name).known },

  toOnnx(node, writer) {
    const rank = writer.inputShape(node, 0).length;
    const layout = writer.commonLayout(node.inputs, rank);
    writer.output(node, writeUnary(writer, writer.input(node, 0, layout), node.attributes), layout);
  },

  kernel(node, { inputs: [x], outputs: [y] }) {
    const { function: name, alpha, beta } = node.attributes;
    const f = functionOf(name);
    const operand = (x as Value).name;
    if (x?.type.dtype === 'float32' && y?.type.dtype === 'float32') {
      return {
        opcode: format.OPCODE_UNARY_FLOAT32,
        operands: [operand],
        parameters: parameterWords(format.UNARY_PARAMETERS, {
          [format.UNARY_FUNCTION]: f.code,
          [format.UNARY_ALPHA_F32]: float32Bits(alpha),
          [format.UNARY_BETA_F32]: float32Bits(beta),
        }),
        inPlace: [0],
      };
    }
    if (!x?.type.quantization || !y?.type.quantization) return undefined;
    return {
      opcode: format.OPCODE_TABLE_INT8,
      operands: [operand, lookupTable(y.name, x.type.quantization, y.type.quantization, (value) => f.evaluate(value, alpha, beta))],
      parameters: [],
      inPlace: [0],
    };
  },
};

function functionOf(name: string): (typeof unaryFunctions)[string] {
  const found = unaryFunctions[name];
  if (!found) throw new Error(`there is no unary function "${name}"`);
  return found;
}

/** table[q + 128] = quantized f of the real number that q stands for; the zero point where f is not a number. */
export function lookupTable(name: string, from: Quantization, to: Quantization, f: (x: number) => number): Operand {
  const data = Int8Array.from({ length: 256 }, (_, i) => {
    const value = f((i - 128 - from.zeroPoint) * (from.scale[0] as number));
    return Number.isNaN(value) ? to.zeroPoint : Math.max(-128, Math.min(127, quantizeNumber(value, to)));
  });
  return { name: `${name}.table`, type: { dtype: 'int8', shape: [256] }, data };
}
