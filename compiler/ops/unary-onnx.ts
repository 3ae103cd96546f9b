/** The ONNX form of the functions of Unary: one operator where ONNX has it, else the formula in several. */
import type { OnnxWriter } from '../onnx/writer.ts';
import type { UnaryAttributes } from './unary.ts';

type Writer = (writer: OnnxWriter, x: string, alpha: number, beta: number) => string;

/** The ONNX operator of this name, with alpha and beta under the names that it gives them. */
function named(operator: string, alphaName?: string, betaName?: string): Writer {
  return (writer, x, alpha, beta) =>
    writer.emit(operator, [x], {
      ...(alphaName && { [alphaName]: { float: alpha } }),
      ...(betaName && { [betaName]: { float: beta } }),
    });
}

/** x · a, where a is a number. */
function scaled(writer: OnnxWriter, x: string, factor: number): string {
  return factor === 1 ? x : writer.emit('Mul', [x, writer.float(factor)]);
}

function shifted(writer: OnnxWriter, x: string, offset: number): string {
  return offset === 0 ? x : writer.emit('Add', [x, writer.float(offset)]);
}

/** x / 2 · (1 + inner). */
function gelu(writer: OnnxWriter, x: string, inner: string): string {
  return writer.emit('Mul', [scaled(writer, x, 0.5), shifted(writer, inner, 1)]);
}

const writers: Readonly<Record<string, Writer>> = {
  Abs: named('Abs'),
  Affine: (writer, x, factor, offset) => {
    const result = shifted(writer, scaled(writer, x, factor), offset);
    return result === x ? writer.emit('Identity', [x]) : result;
  },
  Ceil: named('Ceil'),
  Clip: (writer, x, low, high) => {
    const result = writer.clamped(x, [low, high]);
    return result === x ? writer.emit('Identity', [x]) : result;
  },
  Elu: named('Elu', 'alpha'),
  Erf: named('Erf'),
  Exp: named('Exp'),
  Floor: named('Floor'),
  Gelu: (writer, x) => gelu(writer, x, writer.emit('Erf', [scaled(writer, x, Math.SQRT1_2)])),
  GeluTanh: (writer, x) => {
    const cube = writer.emit('Mul', [x, writer.emit('Mul', [x, x])]);
    const sum = writer.emit('Add', [x, scaled(writer, cube, 0.044715)]);
    return gelu(writer, x, writer.emit('Tanh', [scaled(writer, sum, Math.sqrt(2 / Math.PI))]));
  },
  HardSigmoid: named('HardSigmoid', 'alpha', 'beta'),
  HardSwish: named('HardSwish'),
  LeakyRelu: named('LeakyRelu', 'alpha'),
  Log: named('Log'),
  Mish: (writer, x) => writer.emit('Mul', [x, writer.emit('Tanh', [writer.emit('Softplus', [x])])]),
  Neg: named('Neg'),
  Pow: (writer, x, exponent) => writer.emit('Pow', [x, writer.float(exponent)]),
  Reciprocal: (writer, x, numerator) =>
    numerator === 1 ? writer.emit('Reciprocal', [x]) : writer.emit('Div', [writer.float(numerator), x]),
  Relu: named('Relu'),
  Round: named('Round'),
  Selu: named('Selu', 'alpha', 'gamma'),
  Sigmoid: named('Sigmoid'),
  Silu: (writer, x) => writer.emit('Mul', [x, writer.emit('Sigmoid', [x])]),
  Softplus: named('Softplus'),
  Softsign: named('Softsign'),
  Sqrt: named('Sqrt'),
  Tanh: named('Tanh'),
  ThresholdedRelu: named('ThresholdedRelu', 'alpha'),
};

/** Names of the functions that can be written. */
export const writtenFunctions: readonly string[] = Object.keys(writers);

/** f(x) as ONNX nodes. @returns the name of the result */
export function writeUnary(writer: OnnxWriter, x: string, { function: name, alpha, beta }: UnaryAttributes): string {
  const write = writers[name];
  if (!write) throw new Error(`the function ${name} has no ONNX form`);
  return write(writer, x, alpha, beta);
}
