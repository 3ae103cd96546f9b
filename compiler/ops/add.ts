/** Add: y = clamp(a + b), with broadcasting. Sum becomes a chain of it. */
import * as format from '../../runtime-as/format.ts';
import type { Value } from '../graph.ts';
import { clampLimits } from './accumulate.ts';
import { commutative } from './commutative.ts';
import {
  binaryFloatCall,
  broadcastWords,
  broadcastWriter,
  type ElementwiseAttributes,
  evaluateBroadcast,
  importChain,
  importPair,
  inferBroadcast,
  inPlaceOperands,
} from './elementwise.ts';
import { type KernelCall, type Op, parameterWords } from './op.ts';

/** a + b; a constant number becomes an affine function of the other operand. */
export const addValues = commutative(
  () => Add,
  'Affine',
  (value) => ({ alpha: 1, beta: value }),
);

export const Add: Op<ElementwiseAttributes> = {
  name: 'Add',

  onnx: {
    Add: importPair(addValues),
    Sum: importChain(addValues),
  },

  infer: inferBroadcast,

  evaluate: (inputs, attributes) => evaluateBroadcast(inputs, attributes, (a, b) => a + b),

  quantize: { kind: 'observed' },

  toOnnx: broadcastWriter('Add'),

  kernel(node, { inputs: [a, b], outputs: [y] }) {
    if (a?.type.dtype === 'float32') return binaryFloatCall(format.FUNCTION_ADD, a, b as Value, node.attributes);
    return addInt8Call([a as Value, b as Value], y as Value, node.attributes, 1);
  },
};

const INT16_MAX = 0x7fff;

/**
 * The ratios as integers over 2^shift, with the largest shift from 1 to 31 that keeps both in int16. The sum then fits
 * int32 by itself: 2 · 255 · 2^15 + 2^30 < 2^31. A ratio that is too large even so is saturated: any difference from the
 * zero point then saturates the result.
 */
export function commonShift(ratios: readonly [number, number]): { multipliers: [number, number]; shift: number } {
  let shift = 31;
  const scaled = () => ratios.map((ratio) => Math.round(ratio * 2 ** shift));
  while (shift > 1 && scaled().some((multiplier) => Math.abs(multiplier) > INT16_MAX)) shift--;
  const [a, b] = scaled().map((multiplier) => Math.max(-INT16_MAX, Math.min(INT16_MAX, multiplier)));
  return { multipliers: [a as number, b as number], shift };
}

/** ADD_INT8: a + sign · b; undefined when the values are not all int8. */
export function addInt8Call(
  [a, b]: readonly [Value, Value],
  y: Value,
  { clamp }: ElementwiseAttributes,
  sign: 1 | -1,
): KernelCall | undefined {
  const [qa, qb, qy] = [a, b, y].map(({ type }) => (type.dtype === 'int8' ? type.quantization : undefined));
  const words = broadcastWords(a.type.shape, b.type.shape);
  if (!qa || !qb || !qy || !words || qa.scale.length > 1 || qb.scale.length > 1) return undefined;
  const scale = qy.scale[0] as number;
  const { multipliers, shift } = commonShift([(qa.scale[0] as number) / scale, (sign * (qb.scale[0] as number)) / scale]);
  const [low, high] = clampLimits(clamp, qy);
  return {
    opcode: format.OPCODE_ADD_INT8,
    operands: [a.name, b.name],
    parameters: parameterWords(format.ADD_PARAMETERS, {
      ...words,
      [format.ADD_A_ZERO_POINT]: qa.zeroPoint,
      [format.ADD_B_ZERO_POINT]: qb.zeroPoint,
      [format.ADD_A_MULTIPLIER]: multipliers[0],
      [format.ADD_B_MULTIPLIER]: multipliers[1],
      [format.ADD_SHIFT]: shift,
      [format.ADD_OUTPUT_ZERO_POINT]: qy.zeroPoint,
      [format.ADD_CLAMP_LOW]: low,
      [format.ADD_CLAMP_HIGH]: high,
    }),
    inPlace: inPlaceOperands(a.type.shape, b.type.shape),
  };
}
