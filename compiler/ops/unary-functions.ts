/** The functions of Unary: kernel code, reference, and the output's quantization where the range is known. */
import * as format from '../../runtime-as/format.ts';
import type { Quantization } from '../graph.ts';
import { roundHalfEven } from './accumulate.ts';

interface UnaryFunction {
  /** FUNCTION_… of the float32 kernel. */
  readonly code: number;
  evaluate(x: number, alpha: number, beta: number): number;
  /** The output's parameters where the function's range gives them (TFLite quantization specification: LOGISTIC, TANH). */
  readonly known?: Quantization;
}

/** For outputs in [0, 1]. */
const unitInterval: Quantization = { scale: [1 / 256], zeroPoint: -128 };
/** For outputs in [-1, 1]. */
const symmetricUnit: Quantization = { scale: [1 / 128], zeroPoint: 0 };

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** 2/√π · e^-x² · Σ 2^n x^(2n+1) / (2n+1)!! (Abramowitz and Stegun 7.1.6): all terms have one sign. */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-20 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** Names are ONNX's where there is one. */
export const unaryFunctions: Readonly<Record<string, UnaryFunction>> = {
  Relu: { code: format.FUNCTION_RELU, evaluate: (x) => Math.max(0, x) },
  LeakyRelu: { code: format.FUNCTION_LEAKY_RELU, evaluate: (x, slope) => (x < 0 ? slope * x : x) },
  ThresholdedRelu: { code: format.FUNCTION_THRESHOLDED_RELU, evaluate: (x, threshold) => (x > threshold ? x : 0) },
  Clip: { code: format.FUNCTION_CLIP, evaluate: (x, low, high) => Math.min(Math.max(x, low), high) },
  Sigmoid: { code: format.FUNCTION_SIGMOID, evaluate: sigmoid, known: unitInterval },
  Tanh: { code: format.FUNCTION_TANH, evaluate: Math.tanh, known: symmetricUnit },
  HardSigmoid: {
    code: format.FUNCTION_HARD_SIGMOID,
    evaluate: (x, alpha, beta) => Math.max(0, Math.min(1, alpha * x + beta)),
    known: unitInterval,
  },
  HardSwish: { code: format.FUNCTION_HARD_SWISH, evaluate: (x) => x * Math.max(0, Math.min(1, x / 6 + 0.5)) },
  Silu: { code: format.FUNCTION_SILU, evaluate: (x) => x * sigmoid(x) },
  Mish: { code: format.FUNCTION_MISH, evaluate: (x) => x * Math.tanh(softplus(x)) },
  Elu: { code: format.FUNCTION_ELU, evaluate: (x, alpha) => (x < 0 ? alpha * Math.expm1(x) : x) },
  Selu: { code: format.FUNCTION_SELU, evaluate: (x, alpha, gamma) => gamma * (x < 0 ? alpha * Math.expm1(x) : x) },
  Softplus: { code: format.FUNCTION_SOFTPLUS, evaluate: softplus },
  Softsign: { code: format.FUNCTION_SOFTSIGN, evaluate: (x) => x / (1 + Math.abs(x)), known: symmetricUnit },
  Gelu: { code: format.FUNCTION_GELU, evaluate: (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)) },
  GeluTanh: {
    code: format.FUNCTION_GELU_TANH,
    evaluate: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  },
  Erf: { code: format.FUNCTION_ERF, evaluate: erf, known: symmetricUnit },
  Exp: { code: format.FUNCTION_EXP, evaluate: Math.exp },
  Log: { code: format.FUNCTION_LOG, evaluate: Math.log },
  Sqrt: { code: format.FUNCTION_SQRT, evaluate: Math.sqrt },
  Abs: { code: format.FUNCTION_ABS, evaluate: Math.abs },
  Neg: { code: format.FUNCTION_NEG, evaluate: (x) => -x },
  Floor: { code: format.FUNCTION_FLOOR, evaluate: Math.floor },
  Ceil: { code: format.FUNCTION_CEIL, evaluate: Math.ceil },
  Round: { code: format.FUNCTION_ROUND, evaluate: roundHalfEven },
  Reciprocal: { code: format.FUNCTION_RECIPROCAL, evaluate: (x, numerator) => numerator / x },
  Pow: { code: format.FUNCTION_POW, evaluate: (x, exponent) => x ** exponent },
  Affine: { code: format.FUNCTION_AFFINE, evaluate: (x, factor, offset) => factor * x + offset },
};
