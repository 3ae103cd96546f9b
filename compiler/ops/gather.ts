/** Gather: x [outer…, length, inner…] · indices → [outer…, indices…, inner…]; negative indices count from the end. */
import { GATHER_INNER_BYTES, GATHER_LENGTH, GATHER_OUTER, GATHER_PARAMETERS, OPCODE_GATHER } from '../../runtime-as/format.ts';
import { dtypeBytes, elementCount, type Tensor, type TensorType, typedArray, type Value } from '../graph.ts';
import { type Op, parameterWords } from './op.ts';
import { moveQuantizationAxis } from './quantization-axis.ts';
import { normalizeAxis } from './strides.ts';

export interface GatherAttributes {
  readonly axis: number;
}

/** Where an index points; one that is computed at run time and lies outside is moved to the nearest end. */
function clampIndex(index: number, length: number): number {
  return Math.max(0, Math.min(length - 1, index < 0 ? index + length : index));
}

export const Gather: Op<GatherAttributes> = {
  name: 'Gather',

  onnx: {
    Gather(node, graph) {
      const shape = graph.shape(node.required(0));
      const axis = normalizeAxis(node.int('axis', 0), shape.length);
      const length = shape[axis] as number;
      const outside = graph.numbers(node.required(1))?.find((index) => index < -length || index >= length);
      if (outside !== undefined) {
        throw node.unsupported(`index ${outside} is outside axis ${axis} of [${shape}]`, 'the model is not valid ONNX, export it again');
      }
      graph.add(Gather, [node.required(0), node.required(1)], { axis }, { outputs: node.outputs });
    },
  },

  infer([x, indices], { axis }) {
    const type = x as TensorType;
    const selection = indices as TensorType;
    if (selection.dtype !== 'int32') throw new Error(`the indices are ${selection.dtype}, expected integers`);
    const shape = [...type.shape.slice(0, axis), ...selection.shape, ...type.shape.slice(axis + 1)];
    const moved = (from: number) => (from < axis ? from : from + selection.shape.length - 1);
    return [moveQuantizationAxis(type, shape, (from) => (from === axis ? undefined : moved(from)))];
  },

  evaluate([x, indices], { axis }) {
    const { type, data } = x as Tensor;
    const selection = indices as Tensor;
    const [output] = Gather.infer([type, selection.type], { axis }) as [TensorType];
    const result = typedArray(type.dtype, elementCount(output.shape));
    const length = type.shape[axis] as number;
    const inner = elementCount(type.shape.slice(axis + 1));
    const outer = elementCount(type.shape.slice(0, axis));
    let at = 0;
    for (let o = 0; o < outer; o++) {
      for (const index of selection.data) {
        const from = (o * length + clampIndex(index, length)) * inner;
        result.set(data.subarray(from, from + inner), at);
        at += inner;
      }
    }
    return [{ type: output, data: result }];
  },

  quantize: { kind: 'same-as-input', inputs: [0] },

  toOnnx(node, writer) {
    writer.output(node, writer.emit('Gather', [writer.input(node, 0), writer.input(node, 1)], { axis: node.attributes.axis }));
  },

  kernel({ attributes: { axis } }, { inputs: [x, indices], outputs: [y] }) {
    const { type, name } = x as Value;
    if (elementCount((y as Value).type.shape) === 0) return undefined;
    return {
      opcode: OPCODE_GATHER,
      operands: [name, (indices as Value).name],
      parameters: parameterWords(GATHER_PARAMETERS, {
        [GATHER_OUTER]: elementCount(type.shape.slice(0, axis)),
        [GATHER_LENGTH]: type.shape[axis] as number,
        [GATHER_INNER_BYTES]: elementCount(type.shape.slice(axis + 1)) * dtypeBytes(type.dtype),
      }),
    };
  },
};
