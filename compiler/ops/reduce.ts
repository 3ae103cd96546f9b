/**
 * Reduce (sum, mean) and ReduceExtreme (maximum, minimum) along some axes. They are two operators because extremes keep the
 * integers of their input and sums do not. Global pools land here too: they are means and maxima over the spatial axes.
 */
import * as format from '../../runtime-as/format.ts';
import { elementCount, type Node, type Tensor, type TensorType, typedArray, type Value, type ValueName } from '../graph.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';
import type { OnnxWriter } from '../onnx/writer.ts';
import { LARGEST_REQUANTIZED } from './accumulate.ts';
import { layoutName } from './layout.ts';
import { float32Bits, type KernelCall, type Op, parameterWords, type QuantizationRule } from './op.ts';
import { forEachIndex, normalizeAxis, stridesOf } from './strides.ts';
import { Transpose } from './transpose.ts';

export interface ReduceAttributes {
  /** A key of `functions`. */
  readonly function: keyof typeof functions;
  /** Ascending; apart from axes of extent 1 they are neighbours. */
  readonly axes: readonly number[];
  /** The axes stay, with extent 1. */
  readonly keepDims: boolean;
}

interface ReduceFunction {
  readonly code: number;
  readonly start: number;
  combine(a: number, b: number): number;
}

const functions = {
  Sum: { code: format.FUNCTION_REDUCE_SUM, start: 0, combine: (a, b) => a + b },
  Mean: { code: format.FUNCTION_REDUCE_MEAN, start: 0, combine: (a, b) => a + b },
  Max: { code: format.FUNCTION_REDUCE_MAX, start: -Infinity, combine: Math.max },
  Min: { code: format.FUNCTION_REDUCE_MIN, start: Infinity, combine: Math.min },
} satisfies Readonly<Record<string, ReduceFunction>>;

/** Whether one kernel call can reduce these axes: between the first and the last of them lies no other axis that is longer than 1. */
export function areNeighbours(shape: readonly number[], axes: readonly number[]): boolean {
  const long = axes.filter((axis) => shape[axis] !== 1);
  const [first = 0, last = -1] = [long[0], long.at(-1)];
  return shape.slice(first, last + 1).every((extent, i) => extent === 1 || long.includes(first + i));
}

/** x as [outer, length, inner] around the reduced axes. */
function reducedExtents(shape: readonly number[], axes: readonly number[]): { outer: number; length: number; inner: number } {
  const long = axes.filter((axis) => shape[axis] !== 1);
  const first = long[0] ?? shape.length;
  const last = long.at(-1) ?? shape.length - 1;
  const length = elementCount(long.map((axis) => shape[axis] as number));
  return { outer: elementCount(shape.slice(0, first)), length, inner: elementCount(shape.slice(last + 1)) };
}

function reducedShape(shape: readonly number[], axes: readonly number[], keepDims: boolean): number[] {
  return shape.flatMap((extent, axis) => (!axes.includes(axis) ? [extent] : keepDims ? [1] : []));
}

function infer([x]: readonly TensorType[], { axes, keepDims }: ReduceAttributes): TensorType[] {
  const { dtype, shape } = x as TensorType;
  if (!areNeighbours(shape, axes)) throw new Error(`axes [${axes}] of [${shape}] are not neighbours`);
  return [{ dtype, shape: reducedShape(shape, axes, keepDims) }];
}

function evaluate([x]: readonly Tensor[], attributes: ReduceAttributes): Tensor[] {
  const { type, data } = x as Tensor;
  const { axes } = attributes;
  const [output] = infer([type], attributes) as [TensorType];
  const { start, combine } = functions[attributes.function];
  const kept = reducedShape(type.shape, axes, true);
  const strides = stridesOf(kept).map((stride, axis) => (axes.includes(axis) ? 0 : stride));
  const sums = new Float64Array(elementCount(output.shape)).fill(start);
  forEachIndex(type.shape, [strides], (i, [to]) => {
    sums[to as number] = combine(sums[to as number] as number, data[i] as number);
  });
  const divisor = attributes.function === 'Mean' ? elementCount(axes.map((axis) => type.shape[axis] as number)) : 1;
  const result = typedArray(output.dtype, sums.length);
  sums.forEach((sum, i) => {
    result[i] = sum / divisor;
  });
  return [{ type: output, data: result }];
}

function int8Parameters({ function: name }: ReduceAttributes, length: number, x: Value, y: Value): Record<number, number> | undefined {
  const [qx, qy] = [x.type.quantization, y.type.quantization];
  if (!qx || !qy) return undefined;
  const ratio = Math.fround(Math.fround(qx.scale[0] as number) / Math.fround(qy.scale[0] as number));
  const multiplier = name === 'Mean' ? Math.fround(ratio / length) : ratio;
  if ((name === 'Sum' || name === 'Mean') && !(255 * length * multiplier < LARGEST_REQUANTIZED)) return undefined;
  return {
    [format.REDUCE_INPUT_ZERO_POINT]: qx.zeroPoint,
    [format.REDUCE_MULTIPLIER_F32]: float32Bits(multiplier),
    [format.REDUCE_OUTPUT_ZERO_POINT]: qy.zeroPoint,
  };
}

/** Sums of so many int8 distances fit int32. */
const LONGEST_INT8 = 2 ** 23;

function kernelCall(attributes: ReduceAttributes, x: Value, y: Value): KernelCall | undefined {
  const { dtype, shape } = x.type;
  const { outer, length, inner } = reducedExtents(shape, attributes.axes);
  if (dtype === 'int32' || elementCount(shape) === 0) return undefined;
  const words = {
    [format.REDUCE_OUTER]: outer,
    [format.REDUCE_LENGTH]: length,
    [format.REDUCE_INNER]: inner,
    [format.REDUCE_FUNCTION]: functions[attributes.function].code,
  };
  const parameters = parameterWords(format.REDUCE_PARAMETERS, words);
  const operands = [x.name];
  if (attributes.function === 'Max' || attributes.function === 'Min')
    return { opcode: dtype === 'int8' ? format.OPCODE_REDUCE_EXTREME_INT8 : format.OPCODE_REDUCE_EXTREME_FLOAT32, operands, parameters };
  if (dtype === 'float32') return { opcode: format.OPCODE_REDUCE_FLOAT32, operands, parameters };
  const int8Words = length < LONGEST_INT8 ? int8Parameters(attributes, length, x, y) : undefined;
  if (!int8Words) return undefined;
  return {
    opcode: format.OPCODE_REDUCE_INT8,
    operands,
    parameters: parameterWords(format.REDUCE_INT8_PARAMETERS, { ...words, ...int8Words }),
  };
}

/** The axes of an ONNX reduction: an attribute or an input; left out, all of them (or none, when asked so). */
function reducedAxes(node: OnnxNode, graph: GraphBuilder): number[] {
  const rank = graph.shape(node.required(0)).length;
  const given = node.input(1) ? graph.numbers(node.input(1)) : (node.ints('axes') ?? []);
  if (!given) throw node.unsupported('the axes are computed at run time', 'export with constant axes');
  if (given.length === 0) return node.int('noop_with_empty_axes', 0) === 1 ? [] : Array.from({ length: rank }, (_, i) => i);
  return [...new Set(given.map((axis) => normalizeAxis(axis, rank)))].sort((a, b) => a - b);
}

/** Adds the reduction; axes that are not neighbours are first moved to the end. */
export function addReduce(
  graph: GraphBuilder,
  x: ValueName,
  { function: name, axes, keepDims }: ReduceAttributes,
  output?: ValueName,
): ValueName {
  const shape = graph.shape(x);
  const options = output ? { output } : {};
  const op: Op<ReduceAttributes> = name === 'Sum' || name === 'Mean' ? Reduce : ReduceExtreme;
  if (areNeighbours(shape, axes)) return graph.addOne(op, [x], { function: name, axes, keepDims }, options);
  const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const permutation = [...kept, ...axes];
  const layout = { name: layoutName(graph) };
  const moved = graph.addOne(Transpose, [x], { permutation }, layout);
  const last = axes.map((_, i) => kept.length + i);
  if (!keepDims) return graph.addOne(op, [moved], { function: name, axes: last, keepDims }, options);
  const reduced = graph.addOne(op, [moved], { function: name, axes: last, keepDims });
  return graph.addOne(
    Transpose,
    [reduced],
    { permutation: permutation.map((_, axis) => permutation.indexOf(axis)) },
    { ...options, ...layout },
  );
}

function importReduce(name: ReduceAttributes['function']) {
  return (node: OnnxNode, graph: GraphBuilder): void => {
    const axes = reducedAxes(node, graph);
    const keepDims = node.int('keepdims', 1) === 1;
    if (axes.length === 0) graph.alias(node.outputs[0] as ValueName, node.required(0));
    else addReduce(graph, node.required(0), { function: name, axes, keepDims }, node.outputs[0] as ValueName);
  };
}

function importGlobalPool(name: ReduceAttributes['function']) {
  return (node: OnnxNode, graph: GraphBuilder): void => {
    const axes = graph.shape(node.required(0)).flatMap((_, axis) => (axis < 2 ? [] : [axis]));
    if (axes.length === 0) throw node.unsupported(`input of rank ${graph.shape(node.required(0)).length}`, 'export the model again');
    addReduce(graph, node.required(0), { function: name, axes, keepDims: true }, node.outputs[0] as ValueName);
  };
}

/** Without keepDims the result has no channels-first order of its own: it is made from the stored one. */
function writeReduce(node: Node<ReduceAttributes>, writer: OnnxWriter): void {
  const { axes, keepDims, function: name } = node.attributes;
  const rank = writer.inputShape(node, 0).length;
  const isSpatial = axes.length === rank - 2 && axes.every((axis, i) => axis === i + 1);
  const layout = keepDims || isSpatial ? writer.commonLayout(node.inputs, rank) : 'stored';
  const reduced = writer.ints(axes.map((axis) => writer.axis(axis, layout, rank)).sort((a, b) => a - b));
  writer.output(node, writer.emit(`Reduce${name}`, [writer.input(node, 0, layout), reduced], { keepdims: Number(keepDims) }), layout);
}

function reduceOperator(name: string, onnx: Op['onnx'], quantize: QuantizationRule<ReduceAttributes>): Op<ReduceAttributes> {
  return {
    name,
    onnx,
    infer,
    evaluate,
    quantize,
    toOnnx: writeReduce,
    kernel: ({ attributes }, { inputs: [x], outputs: [y] }) => kernelCall(attributes, x as Value, y as Value),
  };
}

export const Reduce = reduceOperator(
  'Reduce',
  { ReduceSum: importReduce('Sum'), ReduceMean: importReduce('Mean'), GlobalAveragePool: importGlobalPool('Mean') },
  { kind: 'observed' },
);

export const ReduceExtreme = reduceOperator(
  'ReduceExtreme',
  { ReduceMax: importReduce('Max'), ReduceMin: importReduce('Min'), GlobalMaxPool: importGlobalPool('Max') },
  { kind: 'same-as-input' },
);
