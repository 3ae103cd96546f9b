/** Transpose: y.shape[i] = x.shape[permutation[i]]. */
import {
  COPY_DIMENSIONS,
  COPY_ELEMENT_BYTES,
  COPY_INPUT_STRIDES,
  COPY_OUTPUT_STRIDES,
  COPY_PARAMETERS,
  COPY_RANK,
  OPCODE_COPY,
} from '../../runtime-as/format.ts';
import { dtypeBytes, type Tensor, type TensorType, typedArray } from '../graph.ts';
import { type Op, parameterWords } from './op.ts';
import { forEachIndex, stridesOf } from './strides.ts';

export interface TransposeAttributes {
  readonly permutation: readonly number[];
}

/** Whether the permutation moves no extent but 1: then the bytes stay where they are. */
export function keepsBytes(shape: readonly number[], permutation: readonly number[]): boolean {
  const moved = permutation.filter((axis) => shape[axis] !== 1);
  return moved.every((axis, i) => i === 0 || axis > (moved[i - 1] as number));
}

/** Scales per index of an axis move with the axis. */
function transposedQuantization({ quantization }: TensorType, permutation: readonly number[]): Partial<TensorType> {
  if (quantization?.axis === undefined) return {};
  return { quantization: { ...quantization, axis: permutation.indexOf(quantization.axis) } };
}

export const Transpose: Op<TransposeAttributes> = {
  name: 'Transpose',

  onnx: {
    Transpose(node, graph) {
      const rank = graph.shape(node.required(0)).length;
      const permutation = node.ints('perm') ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
      graph.add(Transpose, [node.required(0)], { permutation }, { outputs: node.outputs });
    },
  },

  infer([x], { permutation }) {
    const shape = (x as TensorType).shape;
    if ([...permutation].sort((a, b) => a - b).some((axis, i) => axis !== i) || permutation.length !== shape.length) {
      throw new Error(`permutation [${permutation}] does not fit rank ${shape.length}`);
    }
    return [
      {
        ...(x as TensorType),
        shape: permutation.map((axis) => shape[axis] as number),
        ...transposedQuantization(x as TensorType, permutation),
      },
    ];
  },

  evaluate([x], attributes) {
    const { type, data } = x as Tensor;
    const [output] = Transpose.infer([type], attributes) as [TensorType];
    const result = typedArray(type.dtype, data.length);
    const strides = stridesOf(type.shape);
    forEachIndex(output.shape, [attributes.permutation.map((axis) => strides[axis] as number)], (i, [from]) => {
      result[i] = data[from as number] as number;
    });
    return [{ type: output, data: result }];
  },

  quantize: { kind: 'same-as-input' },

  kernel(node, { inputs: [x], outputs: [y] }) {
    if (!x || !y) return undefined;
    if (keepsBytes(x.type.shape, node.attributes.permutation)) return 'alias';
    const rank = y.type.shape.length;
    if (rank > COPY_RANK) return undefined;
    const from = stridesOf(x.type.shape);
    const to = stridesOf(y.type.shape);
    const words: Record<number, number> = { [COPY_ELEMENT_BYTES]: dtypeBytes(x.type.dtype) };
    for (let i = 0; i < COPY_RANK; i++) {
      const axis = i - (COPY_RANK - rank);
      words[COPY_DIMENSIONS + i] = axis < 0 ? 1 : (y.type.shape[axis] as number);
      words[COPY_INPUT_STRIDES + i] = axis < 0 ? 0 : (from[node.attributes.permutation[axis] as number] as number);
      words[COPY_OUTPUT_STRIDES + i] = axis < 0 ? 0 : (to[axis] as number);
    }
    return { opcode: OPCODE_COPY, operands: [x.name], parameters: parameterWords(COPY_PARAMETERS, words) };
  },
};
