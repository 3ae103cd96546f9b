/** Dequantize: int8 or int16 → float32, y = (x - zero point) · scale. */
import {
  OPCODE_DEQUANTIZE,
  OPCODE_DEQUANTIZE_INT16,
  QUANTIZE_PARAMETERS,
  QUANTIZE_SCALE_F32,
  QUANTIZE_ZERO_POINT,
} from '../../runtime-as/format.ts';
import type { Quantization, Tensor, TensorType, Value, ValueName } from '../graph.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';
import { type LinearQuantization, linearQuantization, onnxDtypeOf } from '../onnx/quantization.ts';
import { onnxDtypeNames } from '../onnx/tensor.ts';
import { float32Bits, type Op, parameterWords } from './op.ts';
import { channelOf } from './quantize.ts';
import { normalizeAxis } from './strides.ts';

export interface DequantizeAttributes {
  /**
   * Parameters of the int8 integers. A uint8 input of the model is an int32 value inside that holds 0 … 255, and stands
   * for the int8 integers 128 below. Absent: those of the input's type.
   */
  readonly quantization?: Quantization;
}

/** What stands between uint8 integers and the int8 ones that mean the same. */
const UINT8_SHIFT = 128;

/** What is taken from the input's integers before the zero point. */
function shiftOf(type: TensorType): number {
  return type.dtype === 'int32' ? UINT8_SHIFT : 0;
}

/**
 * A quantized constant as float32. Its type keeps the scales, so that the quantizer arrives at the same integers: with zero
 * point 0 where all distances from the zero point are int8 (weights), else as int8.
 */
function dequantizeConstant({ type, data }: Tensor, { scale, zeroPoint, axis }: LinearQuantization, dtype: string): Tensor {
  const channel = channelOf(type.shape, axis);
  const distances = Array.from(data, (q, i) => q - (zeroPoint?.[channel(i)] ?? 0));
  const first = zeroPoint?.[0] ?? 0;
  const parameters = { scale, ...(axis !== undefined && { axis }) };
  let quantization: Quantization | undefined;
  if (dtype === 'int32' || distances.every((distance) => distance >= -128 && distance <= 127))
    quantization = { ...parameters, zeroPoint: 0 };
  else if (!zeroPoint?.some((value) => value !== first)) quantization = { ...parameters, zeroPoint: first - (dtype === 'uint8' ? 128 : 0) };
  const values = Float32Array.from(distances, (distance, i) => distance * (scale[channel(i)] as number));
  return { type: { dtype: 'float32', shape: type.shape, ...(quantization && { quantization }) }, data: values };
}

/**
 * The real numbers behind input `index` of an ONNX node, whose scale and zero point are inputs `index + 1` and `index + 2`.
 * A constant becomes a float32 constant that remembers its scales.
 */
export function dequantizeInput(node: OnnxNode, graph: GraphBuilder, index: number, axis: number, output?: ValueName): ValueName {
  const x = node.required(index);
  const linear = linearQuantization(node, graph, index + 1, axis);
  const constant = graph.constant(x);
  const type = graph.type(x);
  if (constant && !type.quantization) {
    return graph.addConstant(dequantizeConstant(constant, linear, linear.dtype ?? onnxDtypeOf(graph, x)), output);
  }
  if (linear.axis !== undefined && !constant) {
    throw node.unsupported(`activations with ${linear.scale.length} scales along axis ${axis}`, 'quantize activations per tensor');
  }
  if (type.dtype !== 'int32' && type.dtype !== 'int8') throw node.unsupported(`input ${index} is ${type.dtype}`, 'dequantize integers');
  const { scale, zeroPoint = [], dtype = undefined, ...rest } = linear;
  // Left out, the zero point is 0 in the integers of the producer: int8 0, or uint8 0, which is stored as -128.
  const unsigned = type.dtype === 'int32' || (dtype ? dtype === 'uint8' : type.quantization?.zeroPoint === -128);
  const quantization = { ...rest, scale, zeroPoint: (zeroPoint[0] ?? 0) - (unsigned ? 128 : 0) };
  const name = { name: `${node.name}.dequantize${index || ''}` };
  return graph.addOne(Dequantize, [x], { quantization }, output ? { ...name, output } : name);
}

/** The float32 bias behind the int32 bias of a QLinear operator, whose scale is that of x times those of the weights. */
export function dequantizeBias(node: OnnxNode, graph: GraphBuilder, bias: ValueName, x: TensorType, weights: TensorType): ValueName {
  const constant = graph.constant(bias);
  if (!constant) throw node.unsupported('the bias is computed at run time', 'export with a constant bias');
  const xScale = x.quantization?.scale[0] as number;
  const weightScales = weights.quantization?.scale as readonly number[];
  const scale = weightScales.map((weightScale) => Math.fround(xScale * weightScale));
  return graph.addConstant(dequantizeConstant(constant, { scale, ...(scale.length > 1 && { axis: 0 }) }, 'int32'));
}

export const Dequantize: Op<DequantizeAttributes> = {
  name: 'Dequantize',

  onnx: {
    DequantizeLinear(node, graph) {
      const axis = normalizeAxis(node.int('axis', 1), Math.max(graph.shape(node.required(0)).length, 2));
      dequantizeInput(node, graph, 0, axis, node.outputs[0] as ValueName);
    },
  },

  infer([x], { quantization }) {
    const { dtype, shape } = x as TensorType;
    if (dtype === 'float32') throw new Error('the input is float32, expected integers');
    return [{ dtype: 'float32', shape, ...(quantization && { quantization }) }];
  },

  evaluate([x], attributes) {
    const { type, data } = x as Tensor;
    const { scale, zeroPoint, axis } = attributes.quantization ?? (type.quantization as Quantization);
    const channel = channelOf(type.shape, axis);
    const from = shiftOf(type) + zeroPoint;
    const result = Float32Array.from(data, (q, i) => (q - from) * Math.fround(scale[channel(i)] as number));
    return [{ type: Dequantize.infer([type], attributes)[0] as TensorType, data: result }];
  },

  quantize: { kind: 'float' },

  toOnnx(node, writer) {
    const layout = writer.commonLayout(node.inputs, writer.inputShape(node, 0).length);
    const x = writer.input(node, 0, layout);
    const { dtype } = writer.type(node.inputs[0] as ValueName);
    const { scale, zeroPoint } = node.attributes.quantization ?? { scale: [1], zeroPoint: 0 };
    if (dtype === 'int8' || dtype === 'int16') writer.output(node, x, layout);
    else {
      const real = writer.emit('Cast', [x], { to: onnxDtypeNames.indexOf('float') });
      const distance = writer.emit('Sub', [real, writer.float(zeroPoint + UINT8_SHIFT)]);
      writer.output(node, writer.emit('Mul', [distance, writer.float(scale[0] as number)]), layout);
    }
  },

  kernel(node, { inputs: [x] }) {
    const { scale = [], zeroPoint = 0 } = node.attributes.quantization ?? x?.type.quantization ?? {};
    const dtype = x?.type.dtype;
    if ((dtype !== 'int8' && dtype !== 'int16') || scale.length !== 1) return undefined;
    return {
      opcode: dtype === 'int16' ? OPCODE_DEQUANTIZE_INT16 : OPCODE_DEQUANTIZE,
      operands: [(x as Value).name],
      parameters: parameterWords(QUANTIZE_PARAMETERS, {
        [QUANTIZE_SCALE_F32]: float32Bits(scale[0] as number),
        [QUANTIZE_ZERO_POINT]: zeroPoint,
      }),
    };
  },
};
