/** Quantize: float32 → int8 (or int16, symmetric), y = clamp(rne(x / scale) + zero point). */
import {
  OPCODE_QUANTIZE,
  OPCODE_QUANTIZE_INT16,
  QUANTIZE_PARAMETERS,
  QUANTIZE_SCALE_F32,
  QUANTIZE_ZERO_POINT,
} from '../../runtime-as/format.ts';
import { type Quantization, type Tensor, type TensorType, tensor, type Value, type ValueName } from '../graph.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';
import { linearQuantization } from '../onnx/quantization.ts';
import { INT16_MAX, roundHalfEven } from './accumulate.ts';
import { float32Bits, type Op, parameterWords } from './op.ts';
import { normalizeAxis, stridesOf } from './strides.ts';

export interface QuantizeAttributes {
  /** Parameters of the int8 integers; absent: those of the output's type. */
  readonly quantization?: Quantization;
  /** Of the integers; default: int8. */
  readonly dtype?: 'int8' | 'int16';
}

/** The index along `axis` of each element; 0 where there is no axis. */
export function channelOf(shape: readonly number[], axis: number | undefined): (element: number) => number {
  if (axis === undefined) return () => 0;
  const stride = stridesOf(shape)[axis] as number;
  const extent = shape[axis] as number;
  return (element) => Math.floor(element / stride) % extent;
}

/** clamp(rne(x / scale) + zero point) in float32 arithmetic, as ONNX Runtime and the kernel compute it. */
export function quantizeFloat32(x: number, scale: number, zeroPoint: number, lowest = -128, highest = 127): number {
  const quotient = Math.fround(Math.fround(x) / Math.fround(scale));
  return Number.isNaN(quotient) ? zeroPoint : Math.max(lowest, Math.min(highest, roundHalfEven(quotient) + zeroPoint));
}

/** Adds the Quantize that the inputs `scaleIndex` (scale) and `scaleIndex + 1` (zero point) of an ONNX node describe. */
export function quantizeOutput(node: OnnxNode, graph: GraphBuilder, x: ValueName, scaleIndex: number): void {
  const axis = normalizeAxis(node.int('axis', 1), Math.max(graph.shape(x).length, 2));
  const { scale, zeroPoint = scale.map(() => 0), dtype = 'uint8', ...rest } = linearQuantization(node, graph, scaleIndex, axis);
  const [first] = zeroPoint as [number];
  if (rest.axis !== undefined && !graph.constant(x)) {
    throw node.unsupported(`activations with ${scale.length} scales along axis ${axis}`, 'quantize activations per tensor');
  }
  if (zeroPoint.some((value) => value !== first)) {
    throw node.unsupported(`zero points that differ along axis ${axis}`, 'quantize weights symmetrically');
  }
  // uint8 integers q are stored as the int8 integers q - 128.
  const quantization = { ...rest, scale, zeroPoint: dtype === 'uint8' ? first - 128 : first };
  const [output] = node.outputs as [ValueName];
  graph.addOne(Quantize, [x], { quantization }, { output, name: rest.axis === undefined ? `${node.name}.quantize` : node.name });
}

export const Quantize: Op<QuantizeAttributes> = {
  name: 'Quantize',

  onnx: {
    QuantizeLinear: (node, graph) => quantizeOutput(node, graph, node.required(0), 1),
  },

  infer([x], { quantization, dtype: integer = 'int8' }) {
    const { dtype, shape } = x as TensorType;
    if (dtype !== 'float32') throw new Error(`the input is ${dtype}, expected float32`);
    return [{ dtype: integer, shape, ...(quantization && { quantization }) }];
  },

  evaluate([x], attributes) {
    const { type, data } = x as Tensor;
    const { quantization, dtype = 'int8' } = attributes;
    const { scale, zeroPoint, axis } = quantization as Quantization;
    const channel = channelOf(type.shape, axis);
    const limits = dtype === 'int8' ? [-128, 127] : [-INT16_MAX, INT16_MAX];
    const integers = Array.from(data, (value, i) => quantizeFloat32(value, scale[channel(i)] as number, zeroPoint, ...limits));
    return [{ type: Quantize.infer([type], attributes)[0] as TensorType, data: tensor(dtype, type.shape, integers).data }];
  },

  quantize: { kind: 'float' },

  toOnnx(node, writer) {
    const layout = writer.commonLayout(node.inputs, writer.inputShape(node, 0).length);
    writer.output(node, writer.input(node, 0, layout), layout);
  },

  kernel(node, { inputs: [x], outputs: [y] }) {
    const { scale = [], zeroPoint = 0 } = node.attributes.quantization ?? y?.type.quantization ?? {};
    if (scale.length !== 1) return undefined;
    return {
      opcode: y?.type.dtype === 'int16' ? OPCODE_QUANTIZE_INT16 : OPCODE_QUANTIZE,
      operands: [(x as Value).name],
      parameters: parameterWords(QUANTIZE_PARAMETERS, {
        [QUANTIZE_SCALE_F32]: float32Bits(scale[0] as number),
        [QUANTIZE_ZERO_POINT]: zeroPoint,
      }),
    };
  },
};
