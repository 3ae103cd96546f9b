/** Resize: an image [N, H, W, C] (or [N, W, C]) sampled at other positions: the nearest pixel, or linear in between. */
import * as format from '../../runtime-as/format.ts';
import {
  byteLength,
  dtypeBytes,
  elementCount,
  type Tensor,
  type TensorType,
  tensor,
  typedArray,
  type Value,
  type ValueName,
} from '../graph.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';
import type { OnnxWriter } from '../onnx/writer.ts';
import { spatialShape } from './conv2d.ts';
import { toChannelsFirst, toChannelsLast } from './layout.ts';
import { type KernelCall, type Op, type Operand, parameterWords } from './op.ts';
import { type LinearTable, linearTable, nearestTable, type Sampling } from './resize-coordinates.ts';
import { resizeTargetOf } from './resize-target.ts';

export interface ResizeAttributes {
  readonly mode: 'nearest' | 'linear';
  /** Height and width (height 1 for [N, W, C]): how positions of y map to positions of x. */
  readonly sampling: readonly [Sampling, Sampling];
}

function importResize(node: OnnxNode, graph: GraphBuilder): void {
  const x = node.required(0);
  const output = node.outputs[0] as ValueName;
  const target = resizeTargetOf(node, graph);
  if (target) toChannelsFirst(graph, graph.addOne(Resize, [toChannelsLast(graph, x)], target), output);
  else graph.alias(output, x);
}

function outputShape(shape: readonly number[], { sampling: [rows, columns] }: ResizeAttributes): number[] {
  const [n, , , c] = spatialShape(shape);
  return shape.length === 3 ? [n, columns.to, c] : [n, rows.to, columns.to, c];
}

/** ONNX's scales; its sizes where rounding the scaled extents down does not give them. */
function targetOperands(writer: OnnxWriter, axes: readonly Sampling[], [n, c]: readonly [number, number]): string[] {
  const fits = axes.every(({ from, to, scale }) => Math.floor(Math.fround(from * Math.fround(scale))) === to);
  if (!fits) return ['', writer.ints([n, c, ...axes.map(({ to }) => to)])];
  return [writer.constant(tensor('float32', [axes.length + 2], [1, 1, ...axes.map(({ scale }) => scale)]))];
}

export const Resize: Op<ResizeAttributes> = {
  name: 'Resize',

  onnx: { Resize: importResize, Upsample: importResize },

  infer([x], attributes) {
    const type = x as TensorType;
    const [, h, w] = spatialShape(type.shape);
    const [rows, columns] = attributes.sampling;
    if (rows.from !== h || columns.from !== w || rows.to < 1 || columns.to < 1) {
      throw new Error(`sizes ${rows.from} x ${columns.from} to ${rows.to} x ${columns.to} do not fit [${type.shape}]`);
    }
    return [{ ...type, shape: outputShape(type.shape, attributes) }];
  },

  evaluate([x], attributes) {
    const { type, data } = x as Tensor;
    const [output] = Resize.infer([type], attributes) as [TensorType];
    const [n, h, w, c] = spatialShape(type.shape);
    const [rows, columns] = attributes.sampling;
    const row = attributes.mode === 'nearest' ? nearestAsLinear(rows) : linearTable(rows);
    const column = attributes.mode === 'nearest' ? nearestAsLinear(columns) : linearTable(columns);
    const result = typedArray(type.dtype, elementCount(output.shape));
    let at = 0;
    for (let batch = 0; batch < n; batch++)
      for (let i = 0; i < rows.to; i++)
        for (let j = 0; j < columns.to; j++)
          for (let channel = 0; channel < c; channel++) {
            const pixel = (y: number, xx: number) => data[((batch * h + y) * w + xx) * c + channel] as number;
            const between = (y: number) =>
              mix(pixel(y, column.low[j] as number), pixel(y, column.high[j] as number), column.weight[j] as number);
            result[at++] = mix(between(row.low[i] as number), between(row.high[i] as number), row.weight[i] as number);
          }
    return [{ type: output, data: result }];
  },

  quantize: { kind: 'same-as-input' },

  toOnnx(node, writer) {
    const { mode, sampling } = node.attributes;
    const shape = writer.inputShape(node, 0);
    const rank = shape.length;
    const [n, , , c] = spatialShape(shape);
    const [rows, columns] = sampling;
    const axes = rank === 3 ? [columns] : [rows, columns];
    const { coordinates, nearest } = columns;
    // Opset 10's way of rounding has a name of its own for each direction.
    const rounding = nearest !== 'simple' ? nearest : columns.scale < 1 ? 'ceil' : 'floor';
    const y = writer.emit('Resize', [writer.input(node, 0, 'channels-first'), '', ...targetOperands(writer, axes, [n, c])], {
      mode,
      coordinate_transformation_mode: coordinates,
      nearest_mode: rounding,
    });
    writer.output(node, y, 'channels-first');
  },

  kernel({ attributes }, { inputs: [x], outputs: [y] }) {
    if (byteLength((x as Value).type) === 0) return undefined;
    return attributes.mode === 'nearest' ? nearestCall(x as Value, y as Value, attributes) : linearCall(x as Value, y as Value, attributes);
  },
};

function mix(low: number, high: number, weight: number): number {
  return weight === 0 ? low : low + (high - low) * weight;
}

function nearestAsLinear(sampling: Sampling): LinearTable {
  const low = nearestTable(sampling);
  return { low, high: low, weight: new Float32Array(low.length) };
}

function table(name: string, data: Int32Array | Float32Array): Operand {
  return { name, type: { dtype: data instanceof Int32Array ? 'int32' : 'float32', shape: [data.length] }, data };
}

function geometryWords(x: Value, { sampling: [rows, columns] }: ResizeAttributes, pixel: number): number[] {
  return parameterWords(format.RESIZE_PARAMETERS, {
    [format.RESIZE_BATCH]: x.type.shape[0] as number,
    [format.RESIZE_IN_HEIGHT]: rows.from,
    [format.RESIZE_IN_WIDTH]: columns.from,
    [format.RESIZE_OUT_HEIGHT]: rows.to,
    [format.RESIZE_OUT_WIDTH]: columns.to,
    [format.RESIZE_PIXEL]: pixel,
  });
}

function nearestCall(x: Value, y: Value, attributes: ResizeAttributes): KernelCall {
  const [rows, columns] = attributes.sampling;
  const pixelBytes = (x.type.shape.at(-1) as number) * dtypeBytes(x.type.dtype);
  return {
    opcode: format.OPCODE_RESIZE_NEAREST,
    operands: [x.name, table(`${y.name}.rows`, nearestTable(rows)), table(`${y.name}.columns`, nearestTable(columns))],
    parameters: geometryWords(x, attributes, pixelBytes),
  };
}

function linearCall(x: Value, y: Value, attributes: ResizeAttributes): KernelCall | undefined {
  const { dtype, shape } = x.type;
  if (dtype === 'int32') return undefined;
  const tables = (axis: string, sampling: Sampling): Operand[] => {
    const { low, high, weight } = linearTable(sampling);
    const weights = dtype === 'float32' ? weight : Int32Array.from(weight, (w) => Math.round(w * 2 ** format.RESIZE_WEIGHT_BITS));
    return [table(`${y.name}.${axis}Low`, low), table(`${y.name}.${axis}High`, high), table(`${y.name}.${axis}Weight`, weights)];
  };
  const [rows, columns] = attributes.sampling;
  return {
    opcode: dtype === 'float32' ? format.OPCODE_RESIZE_LINEAR_FLOAT32 : format.OPCODE_RESIZE_LINEAR_INT8,
    operands: [x.name, ...tables('row', rows), ...tables('column', columns)],
    parameters: geometryWords(x, attributes, shape.at(-1) as number),
  };
}
