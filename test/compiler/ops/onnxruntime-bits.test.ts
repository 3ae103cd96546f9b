/**
 * The referee of the integer contract (architecture.md 4): random int8 layers as ONNX QLinearConv, QLinearMatMul and QDQ
 * Gemm, run by ONNX Runtime and, through importer, passes and quantizer, by whittle's kernels. Every byte must be equal.
 */
import { describe, expect, test } from 'vitest';
import { Executor } from '../../../compiler/execute.ts';
import type { Graph } from '../../../compiler/graph.ts';
import { fuseQuantizeDequantize } from '../../../compiler/passes/fuse-quantize-dequantize.ts';
import { runPasses } from '../../../compiler/passes/pass.ts';
import { quantizeGraph } from '../../../compiler/quantization/quantize.ts';
import { importCase, type OnnxModel, type OnnxTensor, onnxNode, runOnnxRuntime } from './onnx-case.ts';
import { int8Variants, randomNumbers } from './op-case.ts';

type Integer = 'int8' | 'uint8';

const random = randomNumbers(20240817);
const between = (low: number, high: number) => low + Math.floor(random() * (high - low + 1));
const pick = <T>(values: readonly T[]): T => values[between(0, values.length - 1)] as T;

/** Around every tile edge of the kernels. */
const tileEdges = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33];

function integers(type: OnnxTensor['type'], shape: readonly number[], low: number, high: number): OnnxTensor {
  const count = shape.reduce((p, e) => p * e, 1);
  return { type, shape, data: Array.from({ length: count }, () => between(low, high)) };
}

const bytes = (type: Integer, shape: readonly number[]) =>
  type === 'int8' ? integers(type, shape, -128, 127) : integers(type, shape, 0, 255);
const scalar = (type: OnnxTensor['type'], value: number): OnnxTensor => ({ type, shape: [], data: [value] });
const zeroPoint = (type: Integer) => (type === 'int8' ? between(-128, 127) : between(0, 255));

/** Weights of one dtype, symmetric around their zero point. */
interface Weights {
  readonly values: OnnxTensor;
  readonly scales: OnnxTensor;
  readonly zeroPoints: OnnxTensor;
}

/** ONNX Runtime takes uint8 weights with uint8 activations only. */
function weights(activation: Integer, shape: readonly number[], channels: number): Weights {
  const type = activation === 'int8' ? activation : pick<Integer>(['int8', 'int8', 'uint8']);
  const count = type === 'int8' && random() < 0.7 ? channels : 1;
  const listShape = count === 1 ? [] : [count];
  return {
    values: type === 'int8' ? integers('int8', shape, -128, 127) : integers('uint8', shape, 0, 255),
    scales: { type: 'float32', shape: listShape, data: Array.from({ length: count }, () => Math.fround(0.001 + 0.02 * random())) },
    zeroPoints: { type, shape: listShape, data: new Array(count).fill(type === 'int8' ? 0 : 128) },
  };
}

/**
 * Parameters with which sums of `terms` products spread over the int8 range and some saturate. For half of the layers the
 * first channel's multiplier is a power of two, so that many results lie exactly between two integers: there its last
 * bit and the rounding decide.
 */
function activations(type: Integer, terms: number, weightScale: number) {
  const inputScale = Math.fround(0.005 + 0.05 * random());
  const step = Math.fround(inputScale * weightScale);
  const ratio = 74 * 74 * Math.sqrt(terms) * (0.01 + 0.05 * random());
  const outputScale = Math.fround(step * (random() < 0.5 ? ratio : 2 ** Math.round(Math.log2(ratio))));
  return {
    xs: scalar('float32', inputScale),
    xz: scalar(type, zeroPoint(type)),
    ys: scalar('float32', outputScale),
    yz: scalar(type, zeroPoint(type)),
  };
}

function convolution(): OnnxModel {
  const type = pick<Integer>(['int8', 'uint8']);
  const rank = pick([1, 2, 2, 2]);
  const style = pick(['dense', 'dense', 'pointwise', 'grouped', 'depthwise']);
  const groups = style === 'grouped' ? pick([2, 3, 4]) : style === 'depthwise' ? pick(tileEdges) : 1;
  const inGroup = style === 'depthwise' ? 1 : style === 'grouped' ? pick([1, 2, 3, 4, 5, 8, 9]) : pick(tileEdges);
  const outGroup = style === 'depthwise' ? pick([1, 1, 1, 2]) : style === 'grouped' ? pick([1, 2, 4, 5, 8]) : pick(tileEdges);
  const list = (draw: () => number) => Array.from({ length: rank }, draw);
  const kernel = list(() => (style === 'pointwise' ? 1 : between(1, 5)));
  const dilations = list(() => pick([1, 1, 1, 2, 3]));
  const strides = list(() => pick([1, 1, 2, 3]));
  const pads = [...kernel, ...kernel].map((extent) => between(0, Math.min(extent, 3)));
  const spatial = list(() => between(1, 9)).map((extent, i) => {
    const covered = (dilations[i] as number) * ((kernel[i] as number) - 1) + 1;
    return Math.max(extent, covered - (pads[i] as number) - (pads[i + rank] as number));
  });
  const channels = groups * outGroup;
  const { values, scales, zeroPoints } = weights(type, [channels, inGroup, ...kernel], channels);
  const bias: Readonly<Record<string, OnnxTensor>> = random() < 0.6 ? { b: integers('int32', [channels], -20000, 20000) } : {};
  return {
    nodes: [
      onnxNode('QLinearConv', ['x', 'xs', 'xz', 'w', 'ws', 'wz', 'ys', 'yz', ...Object.keys(bias)], 'y', {
        group: groups,
        kernel_shape: kernel,
        strides,
        dilations,
        pads,
      }),
    ],
    inputs: { x: bytes(type, [pick([1, 1, 2]), groups * inGroup, ...spatial.map((extent) => Math.max(extent, 1))]) },
    constants: {
      ...activations(type, inGroup * kernel.reduce((p, e) => p * e, 1), scales.data[0] as number),
      w: values,
      ws: scales,
      wz: zeroPoints,
      ...bias,
    },
    outputs: { y: type },
  };
}

function matrixProduct(): OnnxModel {
  const type = pick<Integer>(['int8', 'uint8']);
  const [m, k, n] = [pick(tileEdges), pick(tileEdges), pick(tileEdges)];
  const { values, scales, zeroPoints } = weights(type, [k, n], n);
  return {
    nodes: [onnxNode('QLinearMatMul', ['x', 'xs', 'xz', 'w', 'ws', 'wz', 'ys', 'yz'], 'y')],
    inputs: { x: bytes(type, [...pick([[], [], [2], [2, 3]]), m, k]) },
    constants: { ...activations(type, k, scales.data[0] as number), w: values, ws: scales, wz: zeroPoints },
    outputs: { y: type },
  };
}

/** Both operands at run time, the right one with a zero point of its own. */
function activationProduct(): OnnxModel {
  const type = pick<Integer>(['int8', 'uint8']);
  const [m, k, n] = [pick(tileEdges), pick(tileEdges), pick(tileEdges)];
  const batch = pick([[], [3], [2, 2]]);
  const weightScale = Math.fround(0.001 + 0.02 * random());
  return {
    nodes: [onnxNode('QLinearMatMul', ['x', 'xs', 'xz', 'w', 'ws', 'wz', 'ys', 'yz'], 'y')],
    inputs: { x: bytes(type, [...batch, m, k]), w: bytes(type, [...batch, k, n]) },
    constants: { ...activations(type, k, weightScale), ws: scalar('float32', weightScale), wz: scalar(type, zeroPoint(type)) },
    outputs: { y: type },
  };
}

/** ONNX has no integer Gemm: ONNX Runtime makes one of the QDQ form. */
function dense(): OnnxModel {
  const type = pick<Integer>(['int8', 'uint8']);
  const [m, k, n] = [pick(tileEdges), pick(tileEdges), pick(tileEdges)];
  const first = Math.fround(0.001 + 0.02 * random());
  const differ = random() < 0.5;
  const scales = Array.from({ length: n }, (_, i) => (i && differ ? Math.fround(0.001 + 0.02 * random()) : first));
  const parameters = activations(type, k, scales[0] as number);
  const biasScales = scales.map((scale) => Math.fround((parameters.xs.data[0] as number) * scale));
  return {
    nodes: [
      onnxNode('DequantizeLinear', ['x', 'xs', 'xz'], 'xf'),
      onnxNode('DequantizeLinear', ['w', 'ws', 'wz'], 'wf', { axis: 0 }),
      onnxNode('DequantizeLinear', ['b', 'bs'], 'bf', { axis: 0 }),
      onnxNode('Gemm', ['xf', 'wf', 'bf'], 'yf', { transB: 1 }),
      onnxNode('QuantizeLinear', ['yf', 'ys', 'yz'], 'y'),
    ],
    inputs: { x: bytes(type, [m, k]) },
    constants: {
      ...parameters,
      w: integers('int8', [n, k], -128, 127),
      ws: { type: 'float32', shape: [n], data: scales },
      wz: { type: 'int8', shape: [n], data: new Array(n).fill(0) },
      b: integers('int32', [n], -20000, 20000),
      bs: { type: 'float32', shape: [n], data: biasScales },
    },
    outputs: { y: type },
  };
}

function asInt8({ type, data }: { type: OnnxTensor['type']; data: ArrayLike<number> }): Int8Array {
  return Int8Array.from(data, (q) => (type === 'uint8' ? q - 128 : q));
}

function integerGraph(model: OnnxModel): Graph {
  const { graph, islands } = quantizeGraph(runPasses(importCase(model), [fuseQuantizeDequantize]), new Map());
  expect(islands).toEqual([]);
  return graph;
}

async function expectEqualBits(model: OnnxModel): Promise<number> {
  const { y } = await runOnnxRuntime(model);
  const expected = asInt8({ type: model.outputs.y as Integer, data: y?.data as ArrayLike<number> });
  const graph = integerGraph(model);
  const inputs = Object.values(model.inputs ?? {}).map(asInt8);
  for (const variant of int8Variants) {
    const [actual] = (await Executor.create(graph, variant)).run(inputs);
    const difference = expected.findIndex((q, i) => q !== actual?.data[i]);
    if (difference >= 0) {
      const node = model.nodes.find(({ opType }) => !opType?.endsWith('eLinear'));
      const shapes = Object.entries({ ...model.inputs, w: model.constants?.w }).map(
        ([name, tensor]) => `${name} ${tensor?.type} [${tensor?.shape}]`,
      );
      const attributes = (node?.attribute ?? []).map(({ name, i, ints }) => `${name} ${ints?.length ? ints : i}`);
      expect.fail(
        `${variant} ${node?.opType} ${shapes.join(', ')}, ${attributes.join(', ')}: element ${difference} of ${expected.length} is ` +
          `${actual?.data[difference]}, ONNX Runtime says ${expected[difference]}`,
      );
    }
  }
  return new Set(expected).size;
}

describe('int8 kernels equal ONNX Runtime bit for bit', () => {
  test.for([
    { name: 'QLinearConv', count: 240, draw: convolution },
    { name: 'QLinearMatMul with constant weights', count: 60, draw: matrixProduct },
    { name: 'QLinearMatMul of two activations', count: 60, draw: activationProduct },
    { name: 'Gemm between QuantizeLinear and DequantizeLinear', count: 60, draw: dense },
  ])('$name: $count random layers', async ({ count, draw }) => {
    let levels = 0;
    for (let i = 0; i < count; i++) levels += await expectEqualBits(draw());
    // Outputs that only saturate would prove nothing.
    expect(levels / count).toBeGreaterThan(20);
  });
});
