/** From the order in which samples are stored to the order in which a model's input value lies in memory. */
import { InputFileError } from '../errors.ts';
import { elementCount, type Graph, valueOf } from '../graph.ts';
import type { ModelInput, SampleLayout, Samples } from './samples.ts';

/** An input in memory: a port of the graph or of a packed model. `shape[i] = onnxShape[permutation[i]]`. */
export interface InputPort {
  readonly name: string;
  readonly shape: readonly number[];
  readonly permutation?: readonly number[];
}

/** The shape of the port in the ONNX file. */
export function onnxShapeOf(port: InputPort): number[] {
  const shape = [...port.shape];
  port.permutation?.forEach((axis, i) => {
    shape[axis] = port.shape[i] as number;
  });
  return shape;
}

/** The inputs of a graph with their shapes in memory. */
export function inputPortsOf(graph: Graph): InputPort[] {
  return graph.inputs.map(({ name, value, permutation }) => ({
    name,
    shape: valueOf(graph, value).type.shape,
    ...(permutation && { permutation }),
  }));
}

/** The inputs as the ONNX file has them. */
export function modelInputsOf(ports: readonly InputPort[]): ModelInput[] {
  return ports.map((port) => ({ name: port.name, shape: onnxShapeOf(port) }));
}

function equal(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((extent, i) => extent === b[i]);
}

/** Shape without leading extents of 1, so that [1, 3, 8, 8] and [3, 8, 8] compare equal. */
function withoutBatch(shape: readonly number[], rank: number): readonly number[] {
  return shape.length === rank + 1 && shape[0] === 1 ? shape.slice(1) : shape;
}

/** Axes of [N, …spatial, C] in the order of ONNX: [0, rank - 1, 1, 2, …]. */
function channelsLastAxes(rank: number): number[] {
  return [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)];
}

/**
 * For each axis of the ONNX shape, the axis of the stored sample with its batch; undefined when the shapes do not fit.
 * Flat models (rank 2 and less) take any sample of the right size in its stored order.
 */
function storedAxes(layout: SampleLayout, onnx: readonly number[]): number[] | undefined {
  const sample = withoutBatch(layout.shape, onnx.length - 1);
  const stored = sample.length === onnx.length ? sample : [1, ...sample];
  const axes = stored.map((_, i) => i);
  if (stored.length === onnx.length) {
    const reordered = channelsLastAxes(onnx.length);
    const isChannelsLast =
      onnx.length > 2 &&
      equal(
        reordered.map((axis) => stored[axis] as number),
        onnx,
      );
    const isModelOrder = equal(stored, onnx);
    if (layout.order === 'channels-last' && isChannelsLast) return reordered;
    if (isModelOrder) return axes;
    if (isChannelsLast) return reordered;
  }
  return onnx.length <= 2 && elementCount(sample) === elementCount(onnx) ? onnx.map((_, i) => i) : undefined;
}

/** A tensor in the order of the ONNX file, from the order it has in memory. */
export function toOnnxOrder(data: Float32Array, port: InputPort): Float32Array {
  if (!port.permutation) return data;
  const axes = port.shape.map((_, axis) => (port.permutation as readonly number[]).indexOf(axis));
  const indices = gatherIndices({ name: port.name, shape: onnxShapeOf(port) }, onnxShapeOf(port), axes);
  return indices ? Float32Array.from(indices, (index) => data[index] as number) : data;
}

/** Source index of each element of the port; undefined when the stored order is the port's order already. */
function gatherIndices(port: InputPort, onnx: readonly number[], axes: readonly number[]): Int32Array | undefined {
  const rank = onnx.length;
  const storedShape = new Array<number>(rank);
  axes.forEach((stored, axis) => {
    storedShape[stored] = onnx[axis] as number;
  });
  const storedStrides = new Array<number>(rank).fill(1);
  for (let i = rank - 2; i >= 0; i--) storedStrides[i] = (storedStrides[i + 1] as number) * (storedShape[i + 1] as number);
  const strides = port.shape.map((_, i) => storedStrides[axes[port.permutation?.[i] ?? i] as number] as number);
  const indices = new Int32Array(elementCount(port.shape));
  const position = new Array<number>(rank).fill(0);
  let source = 0;
  let inOrder = true;
  for (let i = 0; i < indices.length; i++) {
    indices[i] = source;
    inOrder &&= source === i;
    for (let axis = rank - 1; axis >= 0; axis--) {
      source += strides[axis] as number;
      if (++(position[axis] as number) < (port.shape[axis] as number)) break;
      source -= (strides[axis] as number) * (port.shape[axis] as number);
      position[axis] = 0;
    }
  }
  return inOrder ? undefined : indices;
}

/**
 * A function from sample index to one array per input, in the order of the port's shape: stored channels-last data are
 * used as they are where the port is channels-last, all else is transposed.
 * @throws InputFileError when the samples do not have the shapes of the model's inputs.
 */
export function sampleReader(samples: Samples, ports: readonly InputPort[]): (index: number) => Float32Array[] {
  if (samples.layouts.length !== ports.length) {
    throw new InputFileError(
      `${samples.source}: holds ${samples.layouts.length} array(s) per sample, the model has ${ports.length} inputs (${ports.map(({ name }) => name).join(', ')}); use a .npz file with one array per input`,
    );
  }
  const gathers = ports.map((port, i) => {
    const layout = samples.layouts[i] as SampleLayout;
    const onnx = onnxShapeOf(port);
    const axes = storedAxes(layout, onnx);
    if (!axes) {
      const order = layout.order === 'channels-last' ? ' (channels last)' : '';
      throw new InputFileError(
        `${samples.source}: a sample is [${layout.shape.join(', ')}]${order}, input "${port.name}" of the model is [${onnx.join(', ')}]; ` +
          'store samples of that shape (or its channels-last order), or fix the shape with --input',
      );
    }
    return gatherIndices(port, onnx, axes);
  });
  return (index) =>
    samples.sample(index).map((data, i) => {
      const indices = gathers[i];
      if (!indices) return data;
      const gathered = new Float32Array(indices.length);
      for (let k = 0; k < indices.length; k++) gathered[k] = data[indices[k] as number] as number;
      return gathered;
    });
}
