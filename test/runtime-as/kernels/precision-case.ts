/** Layers in other number formats than int8 and float32, as graphs of one node. */
import { elementCount, type Graph, type Tensor, tensor, valueOf } from '../../../compiler/graph.ts';
import { Conv2d, type Conv2dAttributes } from '../../../compiler/ops/conv2d.ts';
import { Dequantize } from '../../../compiler/ops/dequantize.ts';
import { halfBits } from '../../../compiler/ops/half.ts';
import { Quantize } from '../../../compiler/ops/quantize.ts';
import { graphOf, type OpCase, randomTensor } from '../../compiler/ops/op-case.ts';

export const plain = { stride: [1, 1], dilation: [1, 1], padBefore: [0, 0], padAfter: [0, 0], groups: 1, clamp: [-1, Infinity] } as const;

export interface PrecisionCase extends Partial<Conv2dAttributes> {
  readonly x: readonly number[];
  readonly out: number;
  readonly kernel: readonly [number, number];
}

/** Around the tiles of 4 rows, 4 and 8 channels, and 8 elements of depth; depthwise, too. */
export const convolutions: readonly PrecisionCase[] = [
  { x: [1, 5, 6, 7], out: 9, kernel: [1, 1] },
  { x: [2, 7, 8, 3], out: 5, kernel: [3, 3], stride: [2, 2], padBefore: [1, 0], padAfter: [1, 2] },
  { x: [1, 9, 9, 8], out: 12, kernel: [3, 2], groups: 4, dilation: [2, 3] },
  { x: [1, 6, 5, 16], out: 16, kernel: [3, 3], groups: 16, padBefore: [1, 1], padAfter: [1, 1] },
  { x: [1, 6, 5, 3], out: 3, kernel: [3, 3], groups: 3, padBefore: [2, 2], padAfter: [0, 1] },
  { x: [1, 20, 4], out: 6, kernel: [1, 5], padBefore: [0, 2], padAfter: [0, 2] },
  { x: [1, 1, 1, 130], out: 21, kernel: [1, 1] },
];

export function weightsShape({ x, out, kernel, groups = 1 }: PrecisionCase): number[] {
  return [out, ...kernel, (x.at(-1) as number) / groups];
}

export function convolutionOf(convolution: PrecisionCase, weights: Tensor): OpCase<Conv2dAttributes> {
  const { x, out, ...window } = convolution;
  const inputs = [randomTensor(x, 1, -3, 2), weights, randomTensor([out], 3)];
  return { op: Conv2d, attributes: { ...plain, ...window }, inputs, constants: [1, 2] };
}

export function halves(shape: readonly number[]): Tensor {
  return { type: { dtype: 'float16', shape }, data: Uint16Array.from(randomTensor(shape, 2).data, halfBits) };
}

export function integers(shape: readonly number[]): Tensor {
  const scale = Array.from(randomTensor([shape[0] as number], 4, 0.001, 0.01).data);
  const data = Int8Array.from(randomTensor(shape, 2, -127, 128).data, Math.floor);
  return { type: { dtype: 'int8', shape, quantization: { scale, zeroPoint: 0, axis: 0 } }, data };
}

/** An int16 layer: x, weights, bias and the scale of an output that uses most of its range. */
export function int16Convolution(convolution: PrecisionCase) {
  const { x: shape, out, ...window } = convolution;
  const attributes: Conv2dAttributes = { ...plain, ...window };
  const depth = elementCount(weightsShape(convolution)) / out;
  const x: Tensor = {
    type: { dtype: 'int16', shape, quantization: { scale: [0.0001], zeroPoint: 0 } },
    data: Int16Array.from(randomTensor(shape, 1, -32767, 32768).data, Math.floor),
  };
  const weights = integers(weightsShape(convolution));
  const bias = tensor('int32', [out], Array.from(randomTensor([out], 3, -1e6, 1e6).data, Math.floor));
  const yScale = Math.fround((Math.sqrt(depth) * 0.0001 * 19000 * 73 * 0.005) / 12000);
  const graph = graphOf({ op: Conv2d, attributes, inputs: [x, weights, bias], constants: [1, 2] });
  const y = valueOf(graph, (graph.outputs[0] as Graph['outputs'][number]).value);
  const type = { dtype: 'int16' as const, shape: y.type.shape, quantization: { scale: [yScale], zeroPoint: 0 } };
  return { attributes, x, weights, bias, yScale, graph: { ...graph, values: new Map([...graph.values, [y.name, { ...y, type }]]) } };
}

/** One graph per format, for other engines; with a depthwise layer of halves. */
export function precisionGraphs(): Graph[] {
  const [padded, depthwise] = [convolutions[1], convolutions[3]] as [PrecisionCase, PrecisionCase];
  const quantization = { scale: [0.01], zeroPoint: 0 };
  const named = (name: string, graph: Graph) => ({ ...graph, name });
  return [
    named('float16', graphOf(convolutionOf(padded, halves(weightsShape(padded))))),
    named('float16 depthwise', graphOf(convolutionOf(depthwise, halves(weightsShape(depthwise))))),
    named('dynamic', graphOf(convolutionOf(padded, integers(weightsShape(padded))))),
    named('int16', int16Convolution(padded).graph),
    named('to int16', graphOf({ op: Quantize, attributes: { quantization, dtype: 'int16' }, inputs: [randomTensor([33], 1, -9, 9)] })),
    named('from int16', graphOf({ op: Dequantize, attributes: { quantization }, inputs: [tensor('int16', [33], new Int16Array(33))] })),
  ];
}
