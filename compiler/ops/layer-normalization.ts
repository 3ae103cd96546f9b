/** LayerNorm: over the axes from `axis` on, x gets mean 0 and variance 1; y = x · gamma + beta (Ba, Kiros, Hinton 2016). */
import * as format from '../../runtime-as/format.ts';
import { elementCount, type Tensor, type TensorType, tensor, type Value, type ValueName } from '../graph.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';
import { unclamped } from './elementwise.ts';
import { Expand } from './expand.ts';
import { float32Bits, type Op, parameterWords } from './op.ts';
import { addReduce } from './reduce.ts';
import { normalizeAxis } from './strides.ts';
import { Sub } from './sub.ts';
import { addUnary } from './unary.ts';

export interface LayerNormAttributes {
  /** The first of the normalized axes. */
  readonly axis: number;
  readonly epsilon: number;
}

function importLayerNormalization(node: OnnxNode, graph: GraphBuilder): void {
  const x = node.required(0);
  const shape = graph.shape(x);
  const attributes = { axis: normalizeAxis(node.int('axis', -1), shape.length), epsilon: node.float('epsilon', 1e-5) };
  const normalized = shape.slice(attributes.axis);
  const beta = node.input(2) ?? graph.addConstant(tensor('float32', normalized, new Float32Array(elementCount(normalized))));
  const inputs = [x, ...[node.required(1), beta].map((name) => broadcastTo(graph, name, normalized))];
  graph.addOne(LayerNorm, inputs, attributes, { output: node.outputs[0] as ValueName });
  addStatistics(graph, x, attributes, node.outputs[1], node.outputs[2]);
}

function broadcastTo(graph: GraphBuilder, name: ValueName, shape: readonly number[]): ValueName {
  return graph.shape(name).join() === shape.join() ? name : graph.addOne(Expand, [name], { shape });
}

/** The mean and 1 / √(variance + epsilon), where the model asks for them: as nodes of their own. */
function addStatistics(
  graph: GraphBuilder,
  x: ValueName,
  { axis, epsilon }: LayerNormAttributes,
  mean?: ValueName,
  deviation?: ValueName,
): void {
  if (!mean && !deviation) return;
  const axes = graph.shape(x).flatMap((_, i) => (i >= axis ? [i] : []));
  const reduction = { function: 'Mean', axes, keepDims: true } as const;
  const average = addReduce(graph, x, reduction, mean || undefined);
  if (!deviation) return;
  const squares = addUnary(graph, graph.addOne(Sub, [x, average], unclamped), 'Pow', { alpha: 2 });
  const variance = addUnary(graph, addReduce(graph, squares, reduction), 'Affine', { alpha: 1, beta: epsilon });
  addUnary(graph, addUnary(graph, variance, 'Sqrt'), 'Reciprocal', { alpha: 1, output: deviation });
}

function extents(shape: readonly number[], axis: number): { outer: number; length: number } {
  return { outer: elementCount(shape.slice(0, axis)), length: elementCount(shape.slice(axis)) };
}

export const LayerNorm: Op<LayerNormAttributes> = {
  name: 'LayerNorm',

  onnx: { LayerNormalization: importLayerNormalization },

  infer([x, gamma, beta], { axis }) {
    const { dtype, shape } = x as TensorType;
    const { length } = extents(shape, axis);
    for (const type of [gamma, beta] as TensorType[]) {
      if (elementCount(type.shape) !== length)
        throw new Error(`scale or bias [${type.shape}] does not fit [${shape}] from axis ${axis} on`);
    }
    return [{ dtype, shape }];
  },

  evaluate([x, gamma, beta], { axis, epsilon }) {
    const { type, data } = x as Tensor;
    const { length } = extents(type.shape, axis);
    const result = new Float32Array(data.length);
    for (let start = 0; start < data.length; start += length) {
      const row = Array.from(data.slice(start, start + length));
      const mean = row.reduce((sum, value) => sum + value, 0) / length;
      const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / length;
      row.forEach((value, i) => {
        const normal = (value - mean) / Math.sqrt(variance + epsilon);
        result[start + i] = normal * ((gamma as Tensor).data[i] as number) + ((beta as Tensor).data[i] as number);
      });
    }
    return [{ type: { dtype: type.dtype, shape: type.shape }, data: result }];
  },

  quantize: { kind: 'float' },

  toOnnx(node, writer) {
    const { axis, epsilon } = node.attributes;
    const operands = node.inputs.map((name) => writer.operand(name));
    writer.output(node, writer.emit('LayerNormalization', operands, { axis, epsilon: { float: epsilon } }));
  },

  kernel({ attributes: { axis, epsilon } }, { inputs }) {
    const [x, gamma, beta] = inputs as [Value, Value, Value];
    if (x.type.dtype !== 'float32' || elementCount(x.type.shape) === 0) return undefined;
    const { outer, length } = extents(x.type.shape, axis);
    return {
      opcode: format.OPCODE_LAYER_NORM_FLOAT32,
      operands: [x.name, gamma.name, beta.name],
      parameters: parameterWords(format.LAYER_NORM_PARAMETERS, {
        [format.LAYER_NORM_OUTER]: outer,
        [format.LAYER_NORM_LENGTH]: length,
        [format.LAYER_NORM_EPSILON_F32]: float32Bits(epsilon),
      }),
      inPlace: [0],
    };
  },
};
