/** The patches of a layer's input: the columns x of y = W x + b, in the column order of layers.ts. */
import { type Graph, type Value, valueOf } from '../graph.ts';
import { matrix, transpose } from '../linalg/matrix.ts';
import { addProduct } from '../linalg/multiply.ts';
import { spatialShape } from '../ops/conv2d.ts';
import { type Layer, windowOfLayer } from './layers.ts';

/** Writes the patch of an output position into `target` from `offset` on: [groups, taps · inputs / groups] numbers. */
export type PatchWriter = (input: ArrayLike<number>, position: number, target: Float64Array, offset: number) => void;

/** Output positions are counted row by row over [N, OH, OW]. */
export function patchWriter(graph: Graph, layer: Layer): PatchWriter {
  const { inputs, groups, taps } = layer;
  const { shape } = (valueOf(graph, layer.input) as Value).type;
  if (layer.kind === 'dense') {
    return (input, position, target, offset) => {
      for (let i = 0; i < inputs; i++) target[offset + i] = input[position * inputs + i] as number;
    };
  }
  const [, height, width] = spatialShape(shape);
  const [, rows, columns] = spatialShape(valueOf(graph, layer.output).type.shape);
  const { kernel, stride, dilation, padBefore } = windowOfLayer(layer);
  const channels = inputs / groups;
  const block = taps * channels;
  return (input, position, target, offset) => {
    const column = position % columns;
    const row = Math.floor(position / columns) % rows;
    const image = Math.floor(position / (columns * rows)) * height * width;
    for (let tap = 0; tap < taps; tap++) {
      const y = row * stride[0] + Math.floor(tap / kernel[1]) * dilation[0] - padBefore[0];
      const x = column * stride[1] + (tap % kernel[1]) * dilation[1] - padBefore[1];
      const isInside = y >= 0 && y < height && x >= 0 && x < width;
      const from = (image + y * width + x) * inputs;
      for (let group = 0; group < groups; group++) {
        const to = offset + group * block + tap * channels;
        for (let c = 0; c < channels; c++) target[to + c] = isInside ? (input[from + group * channels + c] as number) : 0;
      }
    }
  };
}

/**
 * y = W x + b without the activation, for patches [count, groups · columns] as `patchWriter` makes them.
 * @param rows the output channels that are wanted; default: all
 * @returns [count, rows]
 */
export function responses(layer: Layer, patches: Float64Array, count: number, rows?: ArrayLike<number>): Float64Array {
  const { outputs, columns, groups, weights, bias } = layer;
  const wanted = rows ?? Int32Array.from({ length: outputs }, (_, o) => o);
  const width = wanted.length;
  const result = new Float64Array(count * width);
  for (let i = 0; i < result.length; i++) result[i] = bias[wanted[i % width] as number] as number;
  if (groups === 1) {
    const chosen = matrix(width, columns);
    for (let i = 0; i < width; i++) {
      const from = (wanted[i] as number) * columns;
      for (let k = 0; k < columns; k++) chosen.data[i * columns + k] = weights[from + k] as number;
    }
    addProduct(matrix(count, width, result), matrix(count, columns, patches.subarray(0, count * columns)), transpose(chosen));
    return result;
  }
  const perGroup = outputs / groups;
  for (let n = 0; n < count; n++)
    for (let i = 0; i < width; i++) {
      const o = wanted[i] as number;
      const from = n * groups * columns + Math.floor(o / perGroup) * columns;
      let sum = 0;
      for (let k = 0; k < columns; k++) sum += (weights[o * columns + k] as number) * (patches[from + k] as number);
      result[n * width + i] = (result[n * width + i] as number) + sum;
    }
  return result;
}
