/**
 * LRN, local response normalization: x [N, …spatial, C], y = x / (bias + alpha / size · Σ x²)^beta with the sum over `size`
 * neighbouring channels (Krizhevsky, Sutskever, Hinton 2012).
 */
import * as format from '../../runtime-as/format.ts';
import { elementCount, type Tensor, type TensorType, type Value, type ValueName } from '../graph.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';
import { toChannelsFirst, toChannelsLast } from './layout.ts';
import { float32Bits, type Op, parameterWords } from './op.ts';

export interface LrnAttributes {
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly bias: number;
}

function importLrn(node: OnnxNode, graph: GraphBuilder): void {
  const size = node.int('size', 0);
  if (size < 1 || size > format.LRN_LARGEST_SIZE) {
    throw node.unsupported(`size is ${size}`, `export with a size from 1 to ${format.LRN_LARGEST_SIZE}`);
  }
  const attributes = { size, alpha: node.float('alpha', 1e-4), beta: node.float('beta', 0.75), bias: node.float('bias', 1) };
  const y = graph.addOne(Lrn, [toChannelsLast(graph, node.required(0))], attributes);
  toChannelsFirst(graph, y, node.outputs[0] as ValueName);
}

export const Lrn: Op<LrnAttributes> = {
  name: 'Lrn',

  onnx: { LRN: importLrn },

  infer([x]) {
    const { dtype, shape } = x as TensorType;
    return [{ dtype, shape }];
  },

  evaluate([x], { size, alpha, beta, bias }) {
    const { type, data } = x as Tensor;
    const channels = type.shape.at(-1) as number;
    const before = Math.floor((size - 1) / 2);
    const after = Math.ceil((size - 1) / 2);
    const result = Float32Array.from(data, (value, i) => {
      const channel = i % channels;
      let squares = 0;
      for (let c = Math.max(0, channel - before); c <= Math.min(channels - 1, channel + after); c++) {
        squares += (data[i - channel + c] as number) ** 2;
      }
      return value / (bias + (alpha / size) * squares) ** beta;
    });
    return [{ type: { dtype: type.dtype, shape: type.shape }, data: result }];
  },

  quantize: { kind: 'float' },

  toOnnx(node, writer) {
    const { size, alpha, beta, bias } = node.attributes;
    const attributes = { size, alpha: { float: alpha }, beta: { float: beta }, bias: { float: bias } };
    writer.output(node, writer.emit('LRN', [writer.input(node, 0, 'channels-first')], attributes), 'channels-first');
  },

  kernel({ attributes: { size, alpha, beta, bias } }, { inputs: [x] }) {
    const { type, name } = x as Value;
    if (type.dtype !== 'float32' || elementCount(type.shape) === 0) return undefined;
    return {
      opcode: format.OPCODE_LRN_FLOAT32,
      operands: [name],
      parameters: parameterWords(format.LRN_PARAMETERS, {
        [format.LRN_OUTER]: elementCount(type.shape.slice(0, -1)),
        [format.LRN_CHANNELS]: type.shape.at(-1) as number,
        [format.LRN_SIZE]: size,
        [format.LRN_ALPHA_F32]: float32Bits(alpha),
        [format.LRN_BETA_F32]: float32Bits(beta),
        [format.LRN_BIAS_F32]: float32Bits(bias),
      }),
    };
  },
};
