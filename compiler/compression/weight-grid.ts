/**
 * Weights that a method puts on int8 numbers of its own choice, w = scale of the row · integer: the quantizer takes both as
 * they are, where it would choose the scale from the largest weight.
 */
import { type Graph, type ValueName, valueOf } from '../graph.ts';
import { INT8_MAX } from '../quantization/affine.ts';
import { type Layer, withWeights } from './layers.ts';

export interface WeightGrid {
  /** [outputs, columns], each in [-127, 127]. */
  readonly integers: Int8Array;
  /** [outputs], float32 numbers above 0. */
  readonly scales: Float64Array;
}

/** A bias of more accumulator steps than this per unit of the input's scale would not fit into int32. */
const LARGEST_BIAS = 2 ** 20;

/** Largest magnitude of each row / 127; rows of nothing but zeros get the layer's largest scale, which costs nothing. */
export function rowScales({ outputs, columns, weights, bias }: Pick<Layer, 'outputs' | 'columns' | 'weights' | 'bias'>): Float64Array {
  const maxima = Float64Array.from({ length: outputs }, (_, row) => {
    let largest = 0;
    for (let i = row * columns; i < (row + 1) * columns; i++) largest = Math.max(largest, Math.abs(weights[i] as number));
    return largest;
  });
  const largest = maxima.reduce((a, b) => Math.max(a, b), 0) || 1;
  return maxima.map((max, row) => Math.fround(Math.max((max || largest) / INT8_MAX, Math.abs(bias[row] as number) / LARGEST_BIAS)));
}

/** The real numbers, as float32. */
export function gridWeights({ integers, scales }: WeightGrid): Float32Array {
  const columns = integers.length / scales.length;
  return Float32Array.from(integers, (integer, i) => integer * (scales[Math.floor(i / columns)] as number));
}

/** The graph with these weights in the layer, which stay on their grid unless a later step changes them. */
export function withGrid(graph: Graph, layer: Layer, grid: WeightGrid, bias: ArrayLike<number>): Graph {
  const changed = withWeights(graph, layer, gridWeights(grid), bias);
  const node = changed.nodes.find(({ name }) => name === layer.name) as Graph['nodes'][number];
  const value = valueOf(changed, node.inputs[1] as ValueName);
  const type = { ...value.type, quantization: { scale: [...grid.scales], zeroPoint: 0, axis: 0 } };
  return { ...changed, values: new Map([...changed.values, [value.name, { ...value, type }]]) };
}
