/** Reads the scale and zero point inputs that QuantizeLinear, DequantizeLinear and the QLinear operators have in common. */
import type { GraphBuilder } from './builder.ts';
import type { OnnxNode } from './node.ts';
import { onnxDtypeNames } from './tensor.ts';

export interface LinearQuantization {
  /** One scale, or one per index of `axis`. */
  readonly scale: readonly number[];
  /** In the integers of the ONNX model (uint8: 0 … 255); as many as scales. Undefined: left out, which means 0. */
  readonly zeroPoint?: readonly number[];
  /** The integers' ONNX dtype, as far as the zero point tells. */
  readonly dtype?: string;
  readonly axis?: number;
}

/** The dtypes whose integers fit int8 after a shift; int32 is for biases. */
const supported = ['uint8', 'int8', 'int32'];

function constantInput(node: OnnxNode, graph: GraphBuilder, index: number, what: string): number[] {
  const values = graph.numbers(node.required(index));
  if (!values) throw node.unsupported(`the ${what} (input ${index}) is computed at run time`, 'use static quantization');
  return values;
}

/** The ONNX dtype of a value: as the model states it, else by the dtype inside. */
export function onnxDtypeOf(graph: GraphBuilder, name: string): string {
  const stated = graph.onnxDtypes.get(graph.resolve(name));
  if (stated) return stated;
  const { dtype } = graph.type(name);
  return dtype === 'int32' && (graph.numbers(name) ?? [-1]).every((value) => value >= 0 && value <= 255) ? 'uint8' : dtype;
}

/** @throws UnsupportedNodeError for integers wider or narrower than 8 bits, and for scales per block. */
export function linearQuantization(node: OnnxNode, graph: GraphBuilder, scaleIndex: number, axis: number): LinearQuantization {
  const scale = constantInput(node, graph, scaleIndex, 'scale');
  if (node.int('block_size', 0) !== 0 || graph.shape(node.required(scaleIndex)).length > 1) {
    throw node.unsupported(`scales of shape [${graph.shape(node.required(scaleIndex))}] (per block)`, 'quantize per tensor or per channel');
  }
  const zeroPointName = node.input(scaleIndex + 1);
  const zeroPoint = zeroPointName ? constantInput(node, graph, scaleIndex + 1, 'zero point') : undefined;
  if (zeroPoint && zeroPoint.length !== scale.length) {
    throw node.unsupported(`${scale.length} scales with ${zeroPoint.length} zero points`, 'the model is not valid ONNX, export it again');
  }
  // That of DequantizeLinear is the dtype of the real numbers.
  const output = node.operator === 'QuantizeLinear' ? node.int('output_dtype', 0) : 0;
  const dtype = zeroPointName ? onnxDtypeOf(graph, zeroPointName) : output ? onnxDtypeNames[output] : undefined;
  if (dtype !== undefined && !supported.includes(dtype)) {
    throw node.unsupported(`integers of dtype ${dtype}`, 'quantize activations and weights to uint8 or int8');
  }
  return { scale, ...(zeroPoint && { zeroPoint }), ...(dtype && { dtype }), ...(scale.length > 1 && { axis }) };
}
