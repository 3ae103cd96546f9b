/**
 * InstanceNorm: each channel of each image x [N, …spatial, C] gets mean 0 and variance 1; y = x · gamma + beta
 * (Ulyanov, Vedaldi, Lempitsky 2016).
 */
import * as format from '../../runtime-as/format.ts';
import { elementCount, type Tensor, type TensorType, type Value, type ValueName } from '../graph.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';
import { toChannelsFirst, toChannelsLast } from './layout.ts';
import { float32Bits, type Op, parameterWords } from './op.ts';

export interface InstanceNormAttributes {
  readonly epsilon: number;
}

function importInstanceNormalization(node: OnnxNode, graph: GraphBuilder): void {
  const inputs = [toChannelsLast(graph, node.required(0)), node.required(1), node.required(2)];
  const y = graph.addOne(InstanceNorm, inputs, { epsilon: node.float('epsilon', 1e-5) });
  toChannelsFirst(graph, y, node.outputs[0] as ValueName);
}

/** Images, positions of one, channels. */
function extents(shape: readonly number[]): [number, number, number] {
  return [shape[0] as number, elementCount(shape.slice(1, -1)), shape.at(-1) as number];
}

export const InstanceNorm: Op<InstanceNormAttributes> = {
  name: 'InstanceNorm',

  onnx: { InstanceNormalization: importInstanceNormalization },

  infer([x, gamma, beta]) {
    const { dtype, shape } = x as TensorType;
    for (const type of [gamma, beta] as TensorType[]) {
      if (elementCount(type.shape) !== shape.at(-1))
        throw new Error(`scale or bias [${type.shape}] does not fit the channels of [${shape}]`);
    }
    return [{ dtype, shape }];
  },

  evaluate([x, gamma, beta], { epsilon }) {
    const { type, data } = x as Tensor;
    const [batch, spatial, channels] = extents(type.shape);
    const result = new Float32Array(data.length);
    for (let n = 0; n < batch; n++) {
      for (let c = 0; c < channels; c++) {
        const indices = Array.from({ length: spatial }, (_, s) => (n * spatial + s) * channels + c);
        const at = (index: number) => data[index] as number;
        const mean = indices.reduce((sum, index) => sum + at(index), 0) / spatial;
        const variance = indices.reduce((sum, index) => sum + (at(index) - mean) ** 2, 0) / spatial;
        const factor = ((gamma as Tensor).data[c] as number) / Math.sqrt(variance + epsilon);
        for (const index of indices) result[index] = (at(index) - mean) * factor + ((beta as Tensor).data[c] as number);
      }
    }
    return [{ type: { dtype: type.dtype, shape: type.shape }, data: result }];
  },

  quantize: { kind: 'float' },

  toOnnx(node, writer) {
    const operands = [writer.input(node, 0, 'channels-first'), writer.input(node, 1), writer.input(node, 2)];
    const y = writer.emit('InstanceNormalization', operands, { epsilon: { float: node.attributes.epsilon } });
    writer.output(node, y, 'channels-first');
  },

  kernel({ attributes: { epsilon } }, { inputs }) {
    const [x, gamma, beta] = inputs as [Value, Value, Value];
    if (x.type.dtype !== 'float32' || elementCount(x.type.shape) === 0) return undefined;
    const [batch, spatial, channels] = extents(x.type.shape);
    return {
      opcode: format.OPCODE_INSTANCE_NORM_FLOAT32,
      operands: [x.name, gamma.name, beta.name],
      parameters: parameterWords(format.INSTANCE_NORM_PARAMETERS, {
        [format.INSTANCE_NORM_BATCH]: batch,
        [format.INSTANCE_NORM_SPATIAL]: spatial,
        [format.INSTANCE_NORM_CHANNELS]: channels,
        [format.INSTANCE_NORM_EPSILON_F32]: float32Bits(epsilon),
      }),
      inPlace: [0],
    };
  },
};
