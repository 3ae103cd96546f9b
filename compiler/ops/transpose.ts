/** Transpose: y.shape[i] = x.shape[permutation[i]]. */
import { type Tensor, type TensorType, typedArray, type Value } from '../graph.ts';
import type { Op } from './op.ts';
import { moveQuantizationAxis } from './quantization-axis.ts';
import { stridedCopy } from './strided-copy.ts';
import { forEachIndex, stridesOf } from './strides.ts';

export interface TransposeAttributes {
  readonly permutation: readonly number[];
}

/** Whether the permutation moves no extent but 1: then the bytes stay where they are. */
export function keepsBytes(shape: readonly number[], permutation: readonly number[]): boolean {
  const moved = permutation.filter((axis) => shape[axis] !== 1);
  return moved.every((axis, i) => i === 0 || axis > (moved[i - 1] as number));
}

/** Strides of x in the order of y's axes. */
function permutedStrides(shape: readonly number[], permutation: readonly number[]): number[] {
  const strides = stridesOf(shape);
  return permutation.map((axis) => strides[axis] as number);
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
    const type = x as TensorType;
    if ([...permutation].sort((a, b) => a - b).some((axis, i) => axis !== i) || permutation.length !== type.shape.length) {
      throw new Error(`permutation [${permutation}] does not fit rank ${type.shape.length}`);
    }
    const shape = permutation.map((axis) => type.shape[axis] as number);
    return [moveQuantizationAxis(type, shape, (axis) => permutation.indexOf(axis))];
  },

  evaluate([x], attributes) {
    const { type, data } = x as Tensor;
    const [output] = Transpose.infer([type], attributes) as [TensorType];
    const result = typedArray(type.dtype, data.length);
    const strides = permutedStrides(type.shape, attributes.permutation);
    const length = output.shape.at(-1) ?? 1;
    const stride = strides.at(-1) ?? 0;
    // Row by row: the weights of large networks pass through here.
    forEachIndex(output.shape.slice(0, -1), [strides.slice(0, -1)], (row, [from]) => {
      for (let i = 0; i < length; i++) result[row * length + i] = data[(from as number) + i * stride] as number;
    });
    return [{ type: output, data: result }];
  },

  quantize: { kind: 'same-as-input' },

  toOnnx(node, writer) {
    writer.output(node, writer.emit('Transpose', [writer.input(node, 0)], { perm: node.attributes.permutation }));
  },

  kernel({ attributes: { permutation } }, { inputs: [x], outputs: [y] }) {
    const { shape } = (x as Value).type;
    if (keepsBytes(shape, permutation)) return 'alias';
    return stridedCopy(x as Value, y as Value, {
      shape: (y as Value).type.shape,
      start: 0,
      strides: permutedStrides(shape, permutation),
    });
  },
};
