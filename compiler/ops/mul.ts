/** Mul: y = clamp(a · b), with broadcasting. */
import * as format from '../../runtime-as/format.ts';
import type { Value } from '../graph.ts';
import { clampLimits, LARGEST_REQUANTIZED } from './accumulate.ts';
import { commutative } from './commutative.ts';
import {
  binaryFloatCall,
  broadcastWords,
  broadcastWriter,
  type ElementwiseAttributes,
  evaluateBroadcast,
  importPair,
  inferBroadcast,
  inPlaceOperands,
} from './elementwise.ts';
import { float32Bits, type KernelCall, type Op, parameterWords } from './op.ts';

/** a · b; a constant number becomes a linear function of the other operand. */
export const multiplyValues = commutative(
  () => Mul,
  'Affine',
  (value) => ({ alpha: value }),
);

export const Mul: Op<ElementwiseAttributes> = {
  name: 'Mul',

  onnx: { Mul: importPair(multiplyValues) },

  infer: inferBroadcast,

  evaluate: (inputs, attributes) => evaluateBroadcast(inputs, attributes, (a, b) => a * b),

  quantize: { kind: 'observed' },

  toOnnx: broadcastWriter('Mul'),

  kernel(node, { inputs: [a, b], outputs: [y] }) {
    if (a?.type.dtype === 'float32') return binaryFloatCall(format.FUNCTION_MUL, a, b as Value, node.attributes);
    return mulInt8Call(a as Value, b as Value, y as Value, node.attributes);
  },
};

const LARGEST_PRODUCT = 255 * 255;

function mulInt8Call(a: Value, b: Value, y: Value, { clamp }: ElementwiseAttributes): KernelCall | undefined {
  const [qa, qb, qy] = [a, b, y].map(({ type }) => (type.dtype === 'int8' ? type.quantization : undefined));
  const words = broadcastWords(a.type.shape, b.type.shape);
  if (!qa || !qb || !qy || !words || qa.scale.length > 1 || qb.scale.length > 1) return undefined;
  const [sa, sb, sy] = [qa, qb, qy].map(({ scale }) => Math.fround(scale[0] as number)) as [number, number, number];
  const multiplier = Math.fround(Math.fround(sa * sb) / sy);
  if (!(LARGEST_PRODUCT * multiplier < LARGEST_REQUANTIZED)) return undefined;
  const [low, high] = clampLimits(clamp, qy);
  return {
    opcode: format.OPCODE_MUL_INT8,
    operands: [a.name, b.name],
    parameters: parameterWords(format.MUL_PARAMETERS, {
      ...words,
      [format.MUL_A_ZERO_POINT]: qa.zeroPoint,
      [format.MUL_B_ZERO_POINT]: qb.zeroPoint,
      [format.MUL_MULTIPLIER_F32]: float32Bits(multiplier),
      [format.MUL_OUTPUT_ZERO_POINT]: qy.zeroPoint,
      [format.MUL_CLAMP_LOW]: low,
      [format.MUL_CLAMP_HIGH]: high,
    }),
    inPlace: inPlaceOperands(a.type.shape, b.type.shape),
  };
}
