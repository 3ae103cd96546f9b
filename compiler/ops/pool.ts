/** What MaxPool and AveragePool share: attributes, import, shapes, the reference's loop and the kernel's geometry. */
import * as format from '../../runtime-as/format.ts';
import type { Node, Tensor, TensorType, Value, ValueName } from '../graph.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';
import type { OnnxWriter } from '../onnx/writer.ts';
import { spatialShape } from './conv2d.ts';
import { toChannelsFirst, toChannelsLast } from './layout.ts';
import { outputExtent, type Window, windowAttributes, windowOf } from './window.ts';

export interface PoolAttributes extends Window {
  /** The number of outputs is rounded up: the last window may reach beyond the padding. */
  readonly ceil: boolean;
}

/** Reads the window of an ONNX pool over x [N, C, W] or [N, C, H, W]. */
export function poolAttributes(node: OnnxNode, shape: readonly number[]): PoolAttributes {
  const spatial = shape.slice(2);
  if (spatial.length !== 1 && spatial.length !== 2) {
    throw node.unsupported(`input of rank ${shape.length} [${shape}]`, 'only 1-D and 2-D pools are supported');
  }
  const kernel = node.ints('kernel_shape');
  if (kernel?.length !== spatial.length) throw node.unsupported(`kernel_shape [${kernel}] for [${shape}]`, 'export the model again');
  return { ...windowOf(node, spatial, kernel), ceil: node.int('ceil_mode', 0) === 1 };
}

/** Adds the pool between the layouts of ONNX and of the graph. */
export function addChannelsLast(node: OnnxNode, graph: GraphBuilder, add: (x: ValueName) => ValueName): void {
  toChannelsFirst(graph, add(toChannelsLast(graph, node.required(0))), node.outputs[0] as string);
}

/** How many taps of the window at output position `index` lie inside [0, extent). */
function tapsInside(window: Window, axis: 0 | 1, index: number, extent: number): number[] {
  const start = index * window.stride[axis] - window.padBefore[axis];
  return Array.from({ length: window.kernel[axis] }, (_, tap) => start + tap * window.dilation[axis]).filter(
    (at) => at >= 0 && at < extent,
  );
}

function outputAxis(shape: readonly number[], attributes: PoolAttributes, axis: 0 | 1): number {
  const input = spatialShape(shape)[1 + axis] as number;
  const extent = outputExtent(input, attributes, axis, attributes.ceil);
  if (extent < 1) throw new Error(`the window [${attributes.kernel}] is larger than the padded input [${shape}]`);
  for (let index = 0; index < extent; index++) {
    if (tapsInside(attributes, axis, index, input).length === 0) {
      throw new Error(`window ${index} of the pool over [${shape}] lies in the padding alone`);
    }
  }
  return extent;
}

export function inferPool([x]: readonly TensorType[], attributes: PoolAttributes): TensorType[] {
  const { dtype, shape } = x as TensorType;
  const [n, , , c] = spatialShape(shape);
  const ow = outputAxis(shape, attributes, 1);
  return [{ dtype, shape: shape.length === 3 ? [n, ow, c] : [n, outputAxis(shape, attributes, 0), ow, c] }];
}

/** One output element: the inputs of its window, and how many positions of the padded input the window covers. */
type Combine = (values: readonly number[], covered: number) => number;

export function evaluatePool([x]: readonly Tensor[], attributes: PoolAttributes, combine: Combine): Tensor[] {
  const { type, data } = x as Tensor;
  const [output] = inferPool([type], attributes) as [TensorType];
  const [n, h, w, c] = spatialShape(type.shape);
  const [, oh, ow] = spatialShape(output.shape);
  const { padBefore, padAfter } = attributes;
  const coveredAxis = (axis: 0 | 1, index: number, extent: number) => {
    const inPadded = { ...attributes, padBefore: [0, 0] as const };
    return tapsInside(inPadded, axis, index, padBefore[axis] + extent + padAfter[axis]).length;
  };
  const result: number[] = [];
  for (let batch = 0; batch < n; batch++)
    for (let y = 0; y < oh; y++)
      for (let xx = 0; xx < ow; xx++) {
        const rows = tapsInside(attributes, 0, y, h);
        const columns = tapsInside(attributes, 1, xx, w);
        const covered = coveredAxis(0, y, h) * coveredAxis(1, xx, w);
        for (let channel = 0; channel < c; channel++) {
          const at = (row: number, column: number) => data[((batch * h + row) * w + column) * c + channel] as number;
          const values = rows.flatMap((row) => columns.map((column) => at(row, column)));
          result.push(combine(values, covered));
        }
      }
  return [{ type: output, data: Float32Array.from(result) }];
}

/** The words POOL_… that both pools have. */
export function poolWords(x: Value, y: Value, attributes: PoolAttributes): Record<number, number> {
  const [n, h, w, c] = spatialShape(x.type.shape);
  const [, oh, ow] = spatialShape(y.type.shape);
  return {
    [format.POOL_BATCH]: n,
    [format.POOL_IN_HEIGHT]: h,
    [format.POOL_IN_WIDTH]: w,
    [format.POOL_CHANNELS]: c,
    [format.POOL_OUT_HEIGHT]: oh,
    [format.POOL_OUT_WIDTH]: ow,
    [format.POOL_KERNEL_HEIGHT]: attributes.kernel[0],
    [format.POOL_KERNEL_WIDTH]: attributes.kernel[1],
    [format.POOL_STRIDE_HEIGHT]: attributes.stride[0],
    [format.POOL_STRIDE_WIDTH]: attributes.stride[1],
    [format.POOL_DILATION_HEIGHT]: attributes.dilation[0],
    [format.POOL_DILATION_WIDTH]: attributes.dilation[1],
    [format.POOL_PAD_TOP]: attributes.padBefore[0],
    [format.POOL_PAD_LEFT]: attributes.padBefore[1],
  };
}

/** The ONNX form of both pools. */
export function writePool(
  operator: string,
  node: Node,
  attributes: PoolAttributes,
  writer: OnnxWriter,
  more: Readonly<Record<string, number>> = {},
): void {
  const y = writer.emit(operator, [writer.input(node, 0, 'channels-first')], {
    ...windowAttributes(attributes, writer.inputShape(node, 0).length),
    ceil_mode: Number(attributes.ceil),
    ...more,
  });
  writer.output(node, y, 'channels-first');
}
