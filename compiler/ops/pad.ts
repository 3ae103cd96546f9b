/** Pad: elements before and after every axis: a constant, the mirrored input (without the border itself), or the border. */
import * as format from '../../runtime-as/format.ts';
import { dtypeBytes, elementCount, type Tensor, type TensorType, typedArray, type Value, type ValueName } from '../graph.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';
import { quantizeNumber } from './accumulate.ts';
import { knownInput, knownInts } from './known.ts';
import { float32Bits, type Op, parameterWords } from './op.ts';
import { moveQuantizationAxis } from './quantization-axis.ts';
import { Slice } from './slice.ts';
import { forEachIndex, normalizeAxis, stridesOf } from './strides.ts';

type PadMode = 'constant' | 'reflect' | 'edge';

/** One entry per axis of x. */
export interface PadAttributes {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly mode: PadMode;
  /** What `constant` writes: a real number, whatever x is quantized to. */
  readonly value: number;
}

const modeCodes: Readonly<Record<PadMode, number>> = {
  constant: format.PAD_MODE_CONSTANT,
  reflect: format.PAD_MODE_REFLECT,
  edge: format.PAD_MODE_EDGE,
};

/** Pads of every axis; negative ones crop. */
function padsOf(node: OnnxNode, graph: GraphBuilder, rank: number): { before: number[]; after: number[] } {
  const pads = knownInts(node, graph, 'pads', 1);
  if (!pads) throw node.unsupported('pads are missing', 'the model is not valid ONNX, export it again');
  const given = knownInput(node, graph, 3, 'the axes') ?? Array.from({ length: rank }, (_, i) => i);
  const axes = given.map((axis) => normalizeAxis(axis, rank));
  const before = new Array<number>(rank).fill(0);
  const after = new Array<number>(rank).fill(0);
  axes.forEach((axis, i) => {
    before[axis] = pads[i] as number;
    after[axis] = pads[i + axes.length] as number;
  });
  return { before, after };
}

/** What negative pads leave of x. */
function crop(graph: GraphBuilder, x: ValueName, before: readonly number[], after: readonly number[], output?: ValueName): ValueName {
  const extents = graph.shape(x);
  const cut = (pads: readonly number[], i: number) => Math.max(0, -(pads[i] as number));
  const starts = extents.map((_, i) => cut(before, i));
  const shape = extents.map((extent, i) => extent - cut(before, i) - cut(after, i));
  if (shape.some((extent) => extent < 0)) throw new Error(`pads [${before}, ${after}] crop more than there is of [${extents}]`);
  return graph.addOne(Slice, [x], { starts, steps: extents.map(() => 1), shape }, output === undefined ? {} : { output });
}

function importPad(node: OnnxNode, graph: GraphBuilder): void {
  const mode = node.string('mode', 'constant');
  if (!(mode in modeCodes)) throw node.unsupported(`mode ${mode}`, 'export with mode constant, reflect or edge');
  const value = knownInput(node, graph, 2, 'the padding value')?.[0] ?? node.float('value', 0);
  const output = node.outputs[0] as ValueName;
  const x = node.required(0);
  const { before, after } = padsOf(node, graph, graph.shape(x).length);
  const pads = [...before, ...after];
  if (pads.every((pad) => pad === 0)) {
    graph.alias(output, x);
    return;
  }
  if (pads.every((pad) => pad <= 0)) {
    crop(graph, x, before, after, output);
    return;
  }
  const cropped = pads.some((pad) => pad < 0) ? crop(graph, x, before, after) : x;
  const positive = (list: readonly number[]) => list.map((pad) => Math.max(0, pad));
  graph.addOne(Pad, [cropped], { before: positive(before), after: positive(after), mode: mode as PadMode, value }, { output });
}

/** The index of x that position `at` (counted from the first element of x) shows; undefined in constant padding. */
function sourceIndex(at: number, extent: number, mode: PadMode): number | undefined {
  if (at >= 0 && at < extent) return at;
  if (mode === 'constant') return undefined;
  if (mode === 'edge') return at < 0 ? 0 : extent - 1;
  return at < 0 ? -at : 2 * (extent - 1) - at;
}

/** Extents of x and y and the pads before, with axes merged that the kernel may see as one. */
function mergeAxes(x: readonly number[], y: readonly number[], { before, mode }: PadAttributes) {
  const merged: { from: number; to: number; before: number }[] = [];
  x.forEach((from, i) => {
    const to = y[i] as number;
    const outer = merged.at(-1);
    // An axis without padding is part of its outer neighbour's elements; mirrored ones must keep their own order.
    if (outer && from === to && (mode === 'constant' || outer.from === outer.to)) {
      merged[merged.length - 1] = { from: outer.from * from, to: outer.to * from, before: outer.before * from };
    } else {
      merged.push({ from, to, before: before[i] as number });
    }
  });
  return merged;
}

/** The bits that fill constant padding: a real value, as the integer that stands for it where x is quantized. */
function valueBits(value: number, { dtype, quantization }: TensorType): number {
  if (dtype === 'float32') return float32Bits(value);
  if (dtype === 'int32' || !quantization) return Math.trunc(value) | 0;
  return Math.max(-128, Math.min(127, quantizeNumber(value, quantization)));
}

export const Pad: Op<PadAttributes> = {
  name: 'Pad',

  onnx: { Pad: importPad },

  infer([x], { before, after, mode }) {
    const type = x as TensorType;
    const { shape } = type;
    if (before.length !== shape.length || after.length !== shape.length) {
      throw new Error(`pads [${before}, ${after}] do not fit rank ${shape.length}`);
    }
    const longest = mode === 'reflect' ? 1 : 0;
    shape.forEach((extent, i) => {
      const pad = Math.max(before[i] as number, after[i] as number);
      if (pad > 0 && mode !== 'constant' && (mode === 'edge' ? extent === 0 : pad > extent - longest)) {
        throw new Error(`axis ${i} of [${shape}] is too short for ${mode} pads [${before}, ${after}]`);
      }
    });
    const padded = shape.map((extent, i) => extent + (before[i] as number) + (after[i] as number));
    return [moveQuantizationAxis(type, padded, (axis) => (padded[axis] === shape[axis] ? axis : undefined))];
  },

  evaluate([x], attributes) {
    const { type, data } = x as Tensor;
    const [output] = Pad.infer([type], attributes) as [TensorType];
    const fill = type.dtype === 'float32' ? attributes.value : valueBits(attributes.value, type);
    const result = typedArray(type.dtype, elementCount(output.shape)).fill(fill);
    const strides = stridesOf(type.shape);
    const outputStrides = stridesOf(output.shape);
    forEachIndex(output.shape, [], (index) => {
      const sources = output.shape.map((extent, i) => {
        const position = Math.floor(index / (outputStrides[i] as number)) % extent;
        return sourceIndex(position - (attributes.before[i] as number), type.shape[i] as number, attributes.mode);
      });
      if (sources.includes(undefined)) return;
      result[index] = data[sources.reduce<number>((sum, source, i) => sum + (source as number) * (strides[i] as number), 0)] as number;
    });
    return [{ type: output, data: result }];
  },

  quantize: { kind: 'same-as-input' },

  toOnnx(node, writer) {
    const { before, after, mode, value } = node.attributes;
    const layout = writer.commonLayout(node.inputs, before.length);
    const pads = writer.ints([...writer.perAxis(before, layout), ...writer.perAxis(after, layout)]);
    const operands = [writer.input(node, 0, layout), pads, ...(mode === 'constant' ? [writer.float(value)] : [])];
    writer.output(node, writer.emit('Pad', operands, { mode }), layout);
  },

  kernel({ attributes }, { inputs: [x], outputs: [y] }) {
    const { type, name } = x as Value;
    const axes = mergeAxes(type.shape, (y as Value).type.shape, attributes);
    if (axes.length > format.PAD_RANK || elementCount(type.shape) === 0) return undefined;
    while (axes.length < format.PAD_RANK) axes.unshift({ from: 1, to: 1, before: 0 });
    const words: Record<number, number> = {
      [format.PAD_ELEMENT_BYTES]: dtypeBytes(type.dtype),
      [format.PAD_MODE]: modeCodes[attributes.mode],
      [format.PAD_VALUE]: valueBits(attributes.value, type),
    };
    axes.forEach((axis, i) => {
      words[format.PAD_IN_DIMENSIONS + i] = axis.from;
      words[format.PAD_OUT_DIMENSIONS + i] = axis.to;
      words[format.PAD_BEFORE + i] = axis.before;
    });
    return { opcode: format.OPCODE_PAD, operands: [name], parameters: parameterWords(format.PAD_PARAMETERS, words) };
  },
};
