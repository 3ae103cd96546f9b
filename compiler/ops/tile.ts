/** Tile: x laid side by side, `repeats` times along each axis. */
import { elementCount, type Tensor, type TensorType, typedArray, type Value } from '../graph.ts';
import { knownInput } from './known.ts';
import type { Op } from './op.ts';
import { moveQuantizationAxis } from './quantization-axis.ts';
import { stridedCopy } from './strided-copy.ts';
import { forEachIndex, stridesOf } from './strides.ts';

export interface TileAttributes {
  /** One entry per axis. */
  readonly repeats: readonly number[];
}

/** y as twice as many axes: [repeat of axis 0, extent of axis 0, repeat of axis 1, …]; x stands still along the repeats. */
function viewOf(shape: readonly number[], repeats: readonly number[]): { shape: number[]; strides: number[] } {
  const strides = stridesOf(shape);
  return {
    shape: shape.flatMap((extent, i) => [repeats[i] as number, extent]),
    strides: strides.flatMap((stride) => [0, stride]),
  };
}

export const Tile: Op<TileAttributes> = {
  name: 'Tile',

  onnx: {
    Tile(node, graph) {
      const x = node.required(0);
      node.required(1);
      const repeats = knownInput(node, graph, 1, 'the repeats') as number[];
      if (repeats.every((count) => count === 1)) graph.alias(node.outputs[0] as string, x);
      else graph.add(Tile, [x], { repeats }, { outputs: node.outputs });
    },
  },

  infer([x], { repeats }) {
    const type = x as TensorType;
    if (repeats.length !== type.shape.length || repeats.some((count) => count < 0)) {
      throw new Error(`repeats [${repeats}] do not fit [${type.shape}]`);
    }
    const shape = type.shape.map((extent, i) => extent * (repeats[i] as number));
    return [moveQuantizationAxis(type, shape, (axis) => (repeats[axis] === 1 ? axis : undefined))];
  },

  evaluate([x], attributes) {
    const { type, data } = x as Tensor;
    const [output] = Tile.infer([type], attributes) as [TensorType];
    const result = typedArray(type.dtype, elementCount(output.shape));
    const view = viewOf(type.shape, attributes.repeats);
    forEachIndex(view.shape, [view.strides], (i, [from]) => {
      result[i] = data[from as number] as number;
    });
    return [{ type: output, data: result }];
  },

  quantize: { kind: 'same-as-input' },

  toOnnx(node, writer) {
    writer.output(node, writer.emit('Tile', [writer.input(node, 0), writer.ints(node.attributes.repeats)]));
  },

  kernel({ attributes: { repeats } }, { inputs: [x], outputs: [y] }) {
    return stridedCopy(x as Value, y as Value, { start: 0, ...viewOf((x as Value).type.shape, repeats) });
  },
};
