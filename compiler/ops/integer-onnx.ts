/**
 * ONNX's integer operators. Layers that quantize their inputs per call become Dense and Conv2d with int8 weights on float32
 * inputs (onnx/fuse-dynamic-range.ts finds them); an operator by itself becomes the float32 nodes that compute the same
 * integers.
 */
import { elementCount, type Tensor, type TensorType, type ValueName } from '../graph.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { OnnxNode } from '../onnx/node.ts';
import { Add } from './add.ts';
import { Cast, type CastAttributes } from './cast.ts';
import { convolve, zeroBias } from './conv2d.ts';
import { Dense, multiply } from './dense.ts';
import { Div } from './div.ts';
import { unclamped } from './elementwise.ts';
import { toChannelsFirst } from './layout.ts';
import { Max } from './max.ts';
import { Min } from './min.ts';
import type { OnnxImporter } from './op.ts';
import { ReduceExtreme } from './reduce.ts';
import { Sub } from './sub.ts';
import { addUnary } from './unary.ts';

const LEVELS = 255;

/** Integers below this are exact in float32. */
const EXACT = 2 ** 24;

/** The kernel sums int8 times distances of up to 255: more of them could leave int32. */
const LARGEST_PATCH = 65536;

const toFloat: CastAttributes = { to: 'float32', boolean: false };
const toInteger: CastAttributes = { to: 'int32', boolean: false };

const asFloat = (graph: GraphBuilder, x: ValueName) => (graph.type(x).dtype === 'float32' ? x : graph.addOne(Cast, [x], toFloat));

/** uint8 integers, which are int32 inside. */
function asUint8(graph: GraphBuilder, x: ValueName, output: ValueName | undefined): void {
  if (!output) return;
  graph.addOne(Cast, [x], toInteger, { output });
  graph.onnxDtypes.set(output, 'uint8');
}

/** The steps of the operator's definition, each rounded to float32: range with 0 in it, scale, zero point, integers. */
function importDynamicQuantizeLinear(node: OnnxNode, graph: GraphBuilder): void {
  const x = node.required(0);
  const [integers, scale, zeroPoint] = node.outputs;
  const axes = graph.shape(x).map((_, axis) => axis);
  const pair = (op: typeof Add, a: ValueName, b: ValueName, output?: ValueName) =>
    graph.addOne(op, [a, b], unclamped, output ? { output } : {});
  const extreme = (name: 'Min' | 'Max', op: typeof Min) =>
    pair(op, graph.addOne(ReduceExtreme, [x], { function: name, axes, keepDims: false }), graph.scalar(0));
  const low = extreme('Min', Min);
  const range = pair(Sub, extreme('Max', Max), low);
  // Nothing but zeros: their scale is 1.
  const isEmpty = pair(Sub, graph.scalar(1), addUnary(graph, pair(Min, range, graph.scalar(1)), 'Ceil'));
  const step = pair(Add, pair(Div, range, graph.scalar(LEVELS)), isEmpty, scale);
  const limited = (value: ValueName) => pair(Min, pair(Max, value, graph.scalar(0)), graph.scalar(LEVELS));
  const zero = addUnary(graph, limited(pair(Sub, graph.scalar(0), pair(Div, low, step))), 'Round');
  asUint8(graph, limited(pair(Add, addUnary(graph, pair(Div, x, step), 'Round'), zero)), integers);
  asUint8(graph, zero, zeroPoint);
}

interface Distances {
  /** Constant integers minus their zero point. */
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** @param axis of the zero points, where there are several */
function distancesOf(node: OnnxNode, graph: GraphBuilder, index: number, zeroPointIndex: number, axis: number): Distances {
  const constant = graph.constant(node.required(index));
  if (!constant) throw node.unsupported('the weights are computed at run time', 'export with constant weights');
  const { shape } = constant.type;
  const zeroPoints = zeroPointsOf(node, graph, zeroPointIndex);
  if (zeroPoints.length !== 1 && zeroPoints.length !== shape[axis])
    throw node.unsupported(`${zeroPoints.length} zero points for weights [${shape}]`, 'the model is not valid ONNX, export it again');
  const inner = elementCount(shape.slice(axis + 1));
  const at = (i: number) => (zeroPoints.length === 1 ? 0 : Math.floor(i / inner) % zeroPoints.length);
  return { shape, data: Float32Array.from(constant.data, (q, i) => q - (zeroPoints[at(i)] as number)) };
}

function zeroPointsOf(node: OnnxNode, graph: GraphBuilder, index: number): number[] {
  const name = node.input(index);
  if (!name) return [0];
  const values = graph.numbers(name);
  if (!values) throw node.unsupported(`the zero point (input ${index}) is computed at run time`, 'use constant zero points for weights');
  return values;
}

/** Largest sum of the weights' magnitudes over what one output adds up. */
function largestSum({ data }: Distances, outputOf: (i: number) => number): number {
  const sums: number[] = [];
  data.forEach((distance, i) => {
    sums[outputOf(i)] = (sums[outputOf(i)] ?? 0) + Math.abs(distance);
  });
  return Math.max(0, ...sums);
}

/** An integer operator by itself: int32 sums out of float32 products, as long as those are exact. */
function importInteger(node: OnnxNode, graph: GraphBuilder, isConvolution: boolean): void {
  const weights = distancesOf(node, graph, 1, 3, isConvolution ? 0 : weightsOf(node, graph).shape.length - 1);
  const columns = weights.shape.at(-1) as number;
  const patch = elementCount(weights.shape.slice(1));
  const largest = LEVELS * largestSum(weights, isConvolution ? (i) => Math.floor(i / patch) : (i) => i % columns);
  if (largest >= EXACT)
    throw node.unsupported(
      `its sums can reach ${largest}, float32 is exact below ${EXACT}`,
      'leave the operator in the pattern of dynamic quantization (DynamicQuantizeLinear before it, Cast and Mul behind it)',
    );
  const x = asFloat(graph, node.required(0));
  const zeroPoint = node.input(2);
  const distances = zeroPoint ? graph.addOne(Sub, [x, asFloat(graph, zeroPoint)], unclamped) : x;
  const constant = graph.addConstant({ type: { dtype: 'float32', shape: weights.shape }, data: weights.data });
  const sums = isConvolution
    ? toChannelsFirst(graph, convolve(node, graph, distances, constant, undefined))
    : multiply(graph, distances, constant);
  graph.addOne(Cast, [sums], toInteger, { output: node.outputs[0] as ValueName });
}

function weightsOf(node: OnnxNode, graph: GraphBuilder): TensorType {
  return graph.type(node.required(1));
}

/** Inputs x, weights, their scales, their zero points, bias. */
function importDynamic(node: OnnxNode, graph: GraphBuilder, isConvolution: boolean): void {
  const { shape } = weightsOf(node, graph);
  if (!isConvolution && shape.length !== 2) throw node.unsupported(`weights of shape [${shape}]`, 'only matrices can be weights');
  const axis = isConvolution ? 0 : 1;
  const channels = shape[axis] as number;
  const scale = graph.numbers(node.required(2));
  if (!scale || (scale.length !== 1 && scale.length !== channels))
    throw node.unsupported(`${scale?.length ?? 'computed'} scales for ${channels} output channels`, 'quantize per tensor or per channel');
  const { data } = distancesOf(node, graph, 1, 3, axis);
  if (data.some((distance) => distance < -128 || distance > 127))
    throw node.unsupported(
      'weights lie more than 8 bits from their zero point',
      'quantize weights symmetrically (quantize_dynamic: weight_type=QInt8, or WeightSymmetric)',
    );
  const patch = data.length / channels;
  if (patch > LARGEST_PATCH) throw node.unsupported(`${patch} inputs per output could leave int32`, `at most ${LARGEST_PATCH} are summed`);
  const quantization = { scale, zeroPoint: 0, ...(scale.length > 1 && { axis: 0 }) };
  const bias = graph.addConstant(biasOf(node, graph, channels));
  const [output] = node.outputs as [ValueName];
  if (isConvolution) {
    const weights = graph.addConstant({ type: { dtype: 'int8', shape, quantization }, data: Int8Array.from(data) });
    toChannelsFirst(graph, convolve(node, graph, node.required(0), weights, bias), output);
    return;
  }
  const [k, n] = shape as [number, number];
  const transposed = Int8Array.from(data, (_, i) => data[(i % k) * n + Math.floor(i / k)] as number);
  const weights = graph.addConstant({ type: { dtype: 'int8', shape: [n, k], quantization }, data: transposed });
  graph.addOne(Dense, [node.required(0), weights, bias], unclamped, { output });
}

function biasOf(node: OnnxNode, graph: GraphBuilder, channels: number): Tensor {
  const constant = graph.constant(node.input(4));
  return constant ? { type: { dtype: 'float32', shape: [channels] }, data: constant.data } : zeroBias(channels);
}

export const IntegerLayers: OnnxImporter = {
  onnx: {
    DynamicQuantizeLinear: importDynamicQuantizeLinear,
    MatMulInteger: (node, graph) => importInteger(node, graph, false),
    ConvInteger: (node, graph) => importInteger(node, graph, true),
    DynamicQuantizeMatMul: (node, graph) => importDynamic(node, graph, false),
    DynamicQuantizeConv: (node, graph) => importDynamic(node, graph, true),
  },
};
