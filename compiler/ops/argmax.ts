/** ArgMax: index of the largest element along one axis, as int32; of equal ones the first, or the last if asked. */
import * as format from '../../runtime-as/format.ts';
import { elementCount, type Tensor, type TensorType, type Value } from '../graph.ts';
import { onnxDtypeNames } from '../onnx/tensor.ts';
import { type Op, parameterWords } from './op.ts';
import { extentsAround, normalizeAxis } from './strides.ts';

export interface ArgMaxAttributes {
  readonly axis: number;
  /** The axis stays, with extent 1. */
  readonly keepDimensions: boolean;
  readonly selectLast: boolean;
}

export const ArgMax: Op<ArgMaxAttributes> = {
  name: 'ArgMax',

  onnx: {
    ArgMax(node, graph) {
      const axis = normalizeAxis(node.int('axis', 0), graph.shape(node.required(0)).length);
      const keepDimensions = node.int('keepdims', 1) === 1;
      const selectLast = node.int('select_last_index', 0) === 1;
      graph.add(ArgMax, [node.required(0)], { axis, keepDimensions, selectLast }, { outputs: node.outputs });
    },
  },

  infer([x], { axis, keepDimensions }) {
    const { shape } = x as TensorType;
    if (shape[axis] === 0) throw new Error(`axis ${axis} of [${shape}] is empty`);
    return [{ dtype: 'int32', shape: shape.flatMap((extent, i) => (i !== axis ? [extent] : keepDimensions ? [1] : [])) }];
  },

  evaluate([x], attributes) {
    const { type, data } = x as Tensor;
    const [output] = ArgMax.infer([type], attributes) as [TensorType];
    const { outer, length, inner } = extentsAround(type.shape, attributes.axis);
    const result = new Int32Array(outer * inner);
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        const at = (index: number) => data[(o * length + index) * inner + i] as number;
        let best = 0;
        for (let index = 1; index < length; index++) {
          if (at(index) > at(best) || (attributes.selectLast && at(index) === at(best))) best = index;
        }
        result[o * inner + i] = best;
      }
    }
    return [{ type: output, data: result }];
  },

  // The output is int32 and stays so; int8 inputs need no particular parameters: their order is that of the reals.
  quantize: { kind: 'same-as-input' },

  toOnnx(node, writer) {
    const { axis, keepDimensions, selectLast } = node.attributes;
    const attributes = { axis, keepdims: Number(keepDimensions), select_last_index: Number(selectLast) };
    const index = writer.emit('ArgMax', [writer.input(node, 0)], attributes);
    // ONNX's indices are int64, ours are int32.
    writer.output(node, writer.emit('Cast', [index], { to: onnxDtypeNames.indexOf('int32') }));
  },

  kernel({ attributes }, { inputs: [x] }) {
    const { type, name } = x as Value;
    if (type.dtype === 'int32' || elementCount(type.shape) === 0) return undefined;
    const { outer, length, inner } = extentsAround(type.shape, attributes.axis);
    return {
      opcode: type.dtype === 'int8' ? format.OPCODE_ARGMAX_INT8 : format.OPCODE_ARGMAX_FLOAT32,
      operands: [name],
      parameters: parameterWords(format.ARGMAX_PARAMETERS, {
        [format.REDUCE_OUTER]: outer,
        [format.REDUCE_LENGTH]: length,
        [format.REDUCE_INNER]: inner,
        [format.ARGMAX_SELECT_LAST]: attributes.selectLast ? 1 : 0,
      }),
    };
  },
};
