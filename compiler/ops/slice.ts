/** Slice: y[i] = x[starts + i · steps] on every axis; steps may be negative. Split becomes one Slice per part. */
import { elementCount, type Tensor, type TensorType, typedArray, type Value } from '../graph.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';
import { knownInput, knownInts } from './known.ts';
import type { Op } from './op.ts';
import { moveQuantizationAxis } from './quantization-axis.ts';
import { stridedCopy } from './strided-copy.ts';
import { forEachIndex, normalizeAxis, stridesOf } from './strides.ts';

/** One entry per axis of x. */
export interface SliceAttributes {
  /** The first index that is taken, not negative. */
  readonly starts: readonly number[];
  /** Not 0. */
  readonly steps: readonly number[];
  /** How many are taken: the shape of y. */
  readonly shape: readonly number[];
}

/** Attributes that cut [start, start + extent) out of one axis and leave the others whole. */
export function sliceOfAxis(shape: readonly number[], axis: number, start: number, extent: number): SliceAttributes {
  return {
    starts: shape.map((_, i) => (i === axis ? start : 0)),
    steps: shape.map(() => 1),
    shape: shape.map((whole, i) => (i === axis ? extent : whole)),
  };
}

/** Start and count along one axis as ONNX (and numpy) clamp them. */
function clampRange(from: number, to: number, step: number, extent: number): { start: number; count: number } {
  const clamp = (index: number) => {
    const absolute = index < 0 ? index + extent : index;
    return step > 0 ? Math.max(0, Math.min(extent, absolute)) : Math.max(-1, Math.min(extent - 1, absolute));
  };
  const start = clamp(from);
  const count = Math.max(0, Math.ceil((clamp(to) - start) / step));
  return { start: count === 0 ? 0 : start, count };
}

function importSlice(node: OnnxNode, graph: GraphBuilder): void {
  const x = node.required(0);
  const extents = graph.shape(x);
  const from = knownInts(node, graph, 'starts', 1);
  const to = knownInts(node, graph, 'ends', 2);
  if (!from || !to) throw node.unsupported('starts or ends are missing', 'the model is not valid ONNX, export it again');
  const axes = (knownInts(node, graph, 'axes', 3) ?? from.map((_, i) => i)).map((axis) => normalizeAxis(axis, extents.length));
  const by = knownInput(node, graph, 4, 'the steps') ?? from.map(() => 1);
  const starts = extents.map(() => 0);
  const steps = extents.map(() => 1);
  const shape = [...extents];
  axes.forEach((axis, i) => {
    const step = by[i] as number;
    if (step === 0) throw node.unsupported(`the step of axis ${axis} is 0`, 'the model is not valid ONNX, export it again');
    const range = clampRange(from[i] as number, to[i] as number, step, extents[axis] as number);
    starts[axis] = range.start;
    steps[axis] = step;
    shape[axis] = range.count;
  });
  graph.add(Slice, [x], { starts, steps, shape }, { outputs: node.outputs });
}

/** Sizes of the parts: given (attribute before opset 13, input after), or as equal as num_outputs (opset 18) allows. */
function partSizes(node: OnnxNode, graph: GraphBuilder, extent: number): number[] {
  const given = knownInts(node, graph, 'split', 1);
  if (given) return given;
  const count = node.int('num_outputs', node.outputs.length);
  if (!node.has('num_outputs') && extent % count !== 0) {
    throw node.unsupported(`${extent} elements do not split into ${count} equal parts`, 'export the model again with explicit part sizes');
  }
  const size = Math.ceil(extent / count);
  return Array.from({ length: count }, (_, i) => Math.max(0, Math.min(size, extent - i * size)));
}

function importSplit(node: OnnxNode, graph: GraphBuilder): void {
  const x = node.required(0);
  const shape = graph.shape(x);
  const axis = normalizeAxis(node.int('axis', 0), shape.length);
  const sizes = partSizes(node, graph, shape[axis] as number);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total !== shape[axis] || sizes.length < node.outputs.length) {
    throw node.unsupported(`parts [${sizes}] do not make up axis ${axis} of [${shape}]`, 'the model is not valid ONNX, export it again');
  }
  let start = 0;
  sizes.forEach((size, i) => {
    const output = node.outputs[i];
    if (output) graph.add(Slice, [x], sliceOfAxis(shape, axis, start, size), { outputs: [output] });
    start += size;
  });
}

/** Where the elements of y lie in x. */
function viewOf(shape: readonly number[], { starts, steps }: SliceAttributes): { start: number; strides: number[] } {
  const strides = stridesOf(shape);
  return {
    start: starts.reduce((sum, start, i) => sum + start * (strides[i] as number), 0),
    strides: strides.map((stride, i) => stride * (steps[i] as number)),
  };
}

export const Slice: Op<SliceAttributes> = {
  name: 'Slice',

  onnx: { Slice: importSlice, Split: importSplit },

  infer([x], { starts, steps, shape }) {
    const type = x as TensorType;
    const fits = type.shape.every((extent, i) => {
      const first = starts[i] as number;
      const last = first + ((shape[i] as number) - 1) * (steps[i] as number);
      return shape[i] === 0 || (first >= 0 && first < extent && last >= 0 && last < extent);
    });
    if (!fits || shape.length !== type.shape.length) {
      throw new Error(`starts [${starts}], steps [${steps}], extents [${shape}] leave the input [${type.shape}]`);
    }
    const scaleOf = (axis: number) => (scales: readonly number[]) =>
      Array.from({ length: shape[axis] as number }, (_, i) => scales[(starts[axis] as number) + i * (steps[axis] as number)] as number);
    return [moveQuantizationAxis(type, shape, (axis) => axis, scaleOf(type.quantization?.axis ?? 0))];
  },

  evaluate([x], attributes) {
    const { type, data } = x as Tensor;
    const [output] = Slice.infer([type], attributes) as [TensorType];
    const result = typedArray(type.dtype, elementCount(output.shape));
    const { start, strides } = viewOf(type.shape, attributes);
    forEachIndex(output.shape, [strides], (i, [from]) => {
      result[i] = data[start + (from as number)] as number;
    });
    return [{ type: output, data: result }];
  },

  quantize: { kind: 'same-as-input' },

  toOnnx(node, writer) {
    const { starts, steps, shape } = node.attributes;
    const layout = writer.commonLayout(node.inputs, shape.length);
    // The end is not taken; going down past index 0 is written as a number below any.
    const ends = starts.map((start, i) => {
      const end = start + (shape[i] as number) * (steps[i] as number);
      return end < 0 ? -0x80000000 : end;
    });
    const axes = starts.map((_, i) => i);
    const lists = [starts, ends].map((list) => writer.ints(writer.perAxis(list, layout)));
    const operands = [writer.input(node, 0, layout), ...lists, writer.ints(axes), writer.ints(writer.perAxis(steps, layout))];
    writer.output(node, writer.emit('Slice', operands), layout);
  },

  kernel({ attributes }, { inputs: [x], outputs: [y] }) {
    return stridedCopy(x as Value, y as Value, { shape: attributes.shape, ...viewOf((x as Value).type.shape, attributes) });
  },
};
