/** One step of every operator that threads divide, in the shapes at which its division could go wrong. */
import { encodings } from '../../compiler/encoding/index.ts';
import { type Graph, type Quantization, type Tensor, type TensorType, tensor } from '../../compiler/graph.ts';
import { Add } from '../../compiler/ops/add.ts';
import { ArgMax } from '../../compiler/ops/argmax.ts';
import { AveragePool } from '../../compiler/ops/average-pool.ts';
import { Cast } from '../../compiler/ops/cast.ts';
import { Concat } from '../../compiler/ops/concat.ts';
import { Conv2d } from '../../compiler/ops/conv2d.ts';
import { Dequantize } from '../../compiler/ops/dequantize.ts';
import { Gather } from '../../compiler/ops/gather.ts';
import { InstanceNorm } from '../../compiler/ops/instance-normalization.ts';
import { LayerNorm } from '../../compiler/ops/layer-normalization.ts';
import { Lrn } from '../../compiler/ops/lrn.ts';
import { MatMul } from '../../compiler/ops/matmul.ts';
import { MaxPool } from '../../compiler/ops/max-pool.ts';
import { Mul } from '../../compiler/ops/mul.ts';
import type { Op } from '../../compiler/ops/op.ts';
import { PRelu } from '../../compiler/ops/prelu.ts';
import { Quantize } from '../../compiler/ops/quantize.ts';
import { Reduce } from '../../compiler/ops/reduce.ts';
import { Requantize } from '../../compiler/ops/requantize.ts';
import { Resize } from '../../compiler/ops/resize.ts';
import { Slice } from '../../compiler/ops/slice.ts';
import { Softmax } from '../../compiler/ops/softmax.ts';
import { Transpose } from '../../compiler/ops/transpose.ts';
import { Unary } from '../../compiler/ops/unary.ts';
import { randomTensor } from '../compiler/ops/op-case.ts';

const q = (scale: number, zeroPoint: number): Quantization => ({ scale: [scale], zeroPoint });

function int8(shape: readonly number[], seed: number, quantization: Quantization = q(0.05, 3)): Tensor {
  return { type: { dtype: 'int8', shape, quantization }, data: Int8Array.from(randomTensor(shape, seed, -128, 128).data, Math.floor) };
}

export interface Case {
  readonly name: string;
  readonly op: Op;
  readonly attributes: unknown;
  readonly inputs: readonly Tensor[];
  /** Indices of constant inputs. */
  readonly constants?: readonly number[];
  /** Of an int8 output. */
  readonly output?: Quantization;
  /** Of the weights in the file. */
  readonly encoding?: string;
  /** Where the operator alone cannot tell. */
  readonly outputShape?: readonly number[];
}

export function graphOf({ op, attributes, inputs, constants = [], output, outputShape }: Case): Graph {
  const values = new Map(
    inputs.map(({ type, data }, i) => [`x${i}`, { name: `x${i}`, type, ...(constants.includes(i) && { constant: data }) }]),
  );
  const types = inputs.map((input) => input.type);
  const shape = outputShape ?? (op.infer(types, attributes)[0] as TensorType).shape;
  const dtype = output ? 'int8' : (op.infer(types, attributes)[0] as TensorType).dtype;
  values.set('y', { name: 'y', type: { dtype, shape, ...(output && { quantization: output }) } });
  const names = inputs.map((_, i) => `x${i}`);
  const ports = names.filter((_, i) => !constants.includes(i)).map((name) => ({ name, value: name }));
  return {
    name: 'case',
    inputs: ports,
    outputs: [{ name: 'y', value: 'y' }],
    nodes: [{ name: 'node', op, inputs: names, outputs: ['y'], attributes }],
    values,
  };
}

const plain = {
  kernel: [1, 1],
  stride: [1, 1],
  dilation: [1, 1],
  padBefore: [0, 0],
  padAfter: [0, 0],
  groups: 1,
  clamp: [-Infinity, Infinity],
};

function convolution(name: string, x: readonly number[], outChannels: number, window: Partial<typeof plain> = {}): Case[] {
  const attributes = { ...plain, ...window };
  const shape = [outChannels, ...attributes.kernel, (x[3] as number) / attributes.groups];
  const weights = int8(shape, 2);
  const scale = Array.from({ length: outChannels }, (_, i) => 0.001 + 0.0001 * (i % 7));
  return [
    {
      name: `int8 convolution ${name}`,
      op: Conv2d,
      attributes,
      inputs: [
        int8(x, 1),
        { ...weights, type: { ...weights.type, quantization: { scale, zeroPoint: 0, axis: 0 } } },
        tensor('int32', [outChannels], Int32Array.from(randomTensor([outChannels], 3, -900, 900).data)),
      ],
      constants: [1, 2],
      output: q(0.11, -4),
    },
    {
      name: `float32 convolution ${name}`,
      op: Conv2d,
      attributes,
      inputs: [randomTensor(x, 1), randomTensor(shape, 2), randomTensor([outChannels], 3)],
      constants: [1, 2],
    },
  ];
}

/** Weights that suit every encoding: few, in blocks, and multiples of 3 from -24 to 21. */
function encoded(encoding: string): Case[] {
  const window = { kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1] };
  return [...convolution(encoding, [1, 6, 5, 16], 32), ...convolution(`${encoding}, 3x3`, [1, 12, 16, 16], 32, window)]
    .filter(({ output }) => output)
    .map((oneCase) => {
      const [x, weights, bias] = oneCase.inputs as [Tensor, Tensor, Tensor];
      const columns = weights.data.length / 32;
      const data = Int8Array.from(weights.data, (value, i) =>
        (((i / columns / 16) | 0) + (((i % columns) / 16) | 0)) % 2 ? 0 : 3 * ((value >> 4) | 1),
      );
      return { ...oneCase, encoding, inputs: [x, { ...weights, data }, bias] };
    });
}

const pool = { kernel: [3, 2], stride: [2, 1], dilation: [1, 1], padBefore: [1, 0], padAfter: [1, 1], ceil: false };

function pools(name: string, x: readonly number[]): Case[] {
  return [MaxPool, AveragePool].flatMap((op) => [
    { name: `int8 ${op.name} ${name}`, op, attributes: { ...pool, countIncludePad: true }, inputs: [int8(x, 1)], output: q(0.05, 3) },
    { name: `float32 ${op.name} ${name}`, op, attributes: { ...pool, countIncludePad: true }, inputs: [randomTensor(x, 1)] },
  ]);
}

function elementwise(name: string, a: readonly number[], b: readonly number[]): Case[] {
  const attributes = { clamp: [-Infinity, Infinity] };
  return [
    ...[Add, Mul].map((op) => ({
      name: `int8 ${op.name} ${name}`,
      op,
      attributes,
      inputs: [int8(a, 1), int8(b, 2, q(0.07, -9))],
      output: q(0.2, 1),
    })),
    { name: `float32 Add ${name}`, op: Add, attributes, inputs: [randomTensor(a, 1), randomTensor(b, 2)] },
  ];
}

const sampling = (from: number, to: number) => ({ from, to, scale: to / from, coordinates: 'half_pixel', nearest: 'round_prefer_floor' });

export const cases: readonly Case[] = [
  ...convolution('1x1', [1, 7, 7, 12], 20),
  ...convolution('1x1, batch 3', [3, 5, 3, 9], 8),
  ...convolution('1x1 of groups', [1, 6, 5, 8], 12, { groups: 4 }),
  ...convolution('3x3, padded', [1, 9, 10, 5], 11, { kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1] }),
  ...convolution('3x3, stride 2, padded behind', [1, 11, 8, 3], 9, { kernel: [3, 3], stride: [2, 2], padAfter: [1, 1] }),
  ...convolution('1x1, stride 2', [1, 9, 9, 6], 7, { stride: [2, 2] }),
  ...convolution('2x5, dilated', [1, 13, 12, 4], 6, { kernel: [2, 5], dilation: [3, 2], padBefore: [2, 3], padAfter: [1, 3] }),
  ...convolution('3x3, filtered after Winograd', [1, 13, 17, 24], 24, { kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1] }),
  ...convolution('3x3, batch 2', [2, 5, 6, 4], 5, { kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1] }),
  ...convolution('3x3, a column of pixels', [1, 11, 3, 4], 5, { kernel: [3, 3] }),
  ...convolution('3x3, one pixel of each of 5 images', [5, 3, 3, 4], 6, { kernel: [3, 3] }),
  ...encodings.flatMap(({ name }) => encoded(name)),
  ...convolution('of one pixel', [1, 1, 1, 70], 45),
  ...convolution('of one pixel, 3x3', [1, 3, 3, 7], 19, { kernel: [3, 3] }),
  ...convolution('depthwise 3x3', [1, 10, 9, 18], 18, { kernel: [3, 3], groups: 18, padBefore: [1, 1], padAfter: [1, 1] }),
  ...convolution('depthwise 5x3, stride 2, dilated', [1, 17, 9, 9], 9, {
    kernel: [5, 3],
    stride: [2, 2],
    dilation: [2, 1],
    groups: 9,
    padBefore: [4, 0],
  }),
  ...convolution('depthwise, batch 2', [2, 6, 5, 8], 8, { kernel: [3, 3], groups: 8, padAfter: [2, 2] }),
  ...pools('one image', [1, 12, 9, 7]),
  ...pools('three images', [3, 6, 5, 17]),
  ...elementwise('of equal shapes', [1, 9, 9, 5], [1, 9, 9, 5]),
  ...elementwise('with a vector', [1, 9, 6, 21], [21]),
  ...elementwise('with a column', [4, 6, 10], [4, 6, 1]),
  ...elementwise('of a long row', [1000], [1000]),
  {
    name: 'int8 PRelu',
    op: PRelu,
    attributes: {},
    inputs: [int8([1, 8, 7, 6], 1), randomTensor([6], 2)],
    constants: [1],
    outputShape: [1, 8, 7, 6],
    output: q(0.07, 2),
  },
  { name: 'Requantize', op: Requantize, attributes: {}, inputs: [int8([3, 333], 1)], output: q(0.03, -7) },
  { name: 'Unary', op: Unary, attributes: { function: 'Tanh', alpha: 0, beta: 0 }, inputs: [randomTensor([3, 333], 1)] },
  { name: 'Quantize', op: Quantize, attributes: { quantization: q(0.02, 5) }, inputs: [randomTensor([3, 333], 1)], output: q(0.02, 5) },
  { name: 'Dequantize', op: Dequantize, attributes: {}, inputs: [int8([3, 333], 1)] },
  { name: 'Cast', op: Cast, attributes: { to: 'int32', boolean: false }, inputs: [randomTensor([3, 333], 1, -9, 9)] },
  {
    name: 'int8 Reduce',
    op: Reduce,
    attributes: { function: 'Mean', axes: [2], keepDims: true },
    inputs: [int8([5, 3, 7, 6], 1)],
    output: q(0.03, 2),
  },
  {
    name: 'int8 maximum',
    op: Reduce,
    attributes: { function: 'Max', axes: [1], keepDims: false },
    inputs: [int8([9, 33, 6], 1)],
    output: q(0.05, 3),
  },
  { name: 'float32 minimum', op: Reduce, attributes: { function: 'Min', axes: [1], keepDims: false }, inputs: [randomTensor([9, 33], 1)] },
  { name: 'float32 Reduce', op: Reduce, attributes: { function: 'Sum', axes: [1], keepDims: false }, inputs: [randomTensor([9, 33], 1)] },
  { name: 'int8 Softmax', op: Softmax, attributes: { axis: 1 }, inputs: [int8([9, 12], 1)], output: q(1 / 256, -128) },
  { name: 'float32 Softmax', op: Softmax, attributes: { axis: 1 }, inputs: [randomTensor([6, 5, 4], 1)] },
  { name: 'int8 ArgMax', op: ArgMax, attributes: { axis: 1, keepDims: true, selectLast: false }, inputs: [int8([9, 12], 1)] },
  { name: 'float32 ArgMax', op: ArgMax, attributes: { axis: 1, keepDims: true, selectLast: true }, inputs: [randomTensor([9, 12, 2], 1)] },
  {
    name: 'LayerNorm',
    op: LayerNorm,
    attributes: { axis: 1, epsilon: 1e-3 },
    inputs: [randomTensor([7, 19], 1), randomTensor([19], 2), randomTensor([19], 3)],
    constants: [1, 2],
  },
  {
    name: 'InstanceNorm',
    op: InstanceNorm,
    attributes: { epsilon: 1e-3 },
    inputs: [randomTensor([5, 4, 4, 6], 1), randomTensor([6], 2), randomTensor([6], 3)],
    constants: [1, 2],
  },
  { name: 'Lrn', op: Lrn, attributes: { size: 3, alpha: 0.3, beta: 0.75, bias: 1.5 }, inputs: [randomTensor([1, 5, 6, 9], 1)] },
  {
    name: 'Concat',
    op: Concat,
    attributes: { axis: 3 },
    inputs: [int8([1, 6, 5, 7], 1), int8([1, 6, 5, 50], 2), int8([1, 6, 5, 3], 3)],
    output: q(0.05, 3),
  },
  {
    name: 'Gather',
    op: Gather,
    attributes: { axis: 1 },
    inputs: [randomTensor([7, 6, 5], 1), tensor('int32', [3], [5, 0, 2])],
    constants: [1],
  },
  { name: 'Transpose', op: Transpose, attributes: { permutation: [0, 3, 1, 2] }, inputs: [randomTensor([1, 20, 17, 18], 1)] },
  {
    name: 'Slice backwards',
    op: Slice,
    attributes: { starts: [8, 1], steps: [-1, 2], shape: [9, 10] },
    inputs: [randomTensor([9, 21], 1)],
  },
  { name: 'float32 MatMul', op: MatMul, attributes: {}, inputs: [randomTensor([13, 9], 1), randomTensor([9, 21], 2)] },
  {
    name: 'float32 MatMul of batches with one matrix',
    op: MatMul,
    attributes: {},
    inputs: [randomTensor([5, 3, 9], 1), randomTensor([1, 9, 7], 2)],
  },
  { name: 'int8 MatMul', op: MatMul, attributes: {}, inputs: [int8([13, 9], 1), int8([9, 21], 2, q(0.1, 0))], output: q(0.5, 3) },
  {
    name: 'int8 MatMul of batches',
    op: MatMul,
    attributes: {},
    inputs: [int8([1, 4, 8], 1), int8([6, 8, 9], 2, q(0.1, 0))],
    output: q(0.5, 3),
  },
  ...(['nearest', 'linear'] as const).flatMap((mode) => [
    {
      name: `float32 Resize ${mode}`,
      op: Resize,
      attributes: { mode, sampling: [sampling(7, 13), sampling(5, 4)] },
      inputs: [randomTensor([1, 7, 5, 6], 1)],
    },
    {
      name: `int8 Resize ${mode}`,
      op: Resize,
      attributes: { mode, sampling: [sampling(7, 13), sampling(5, 4)] },
      inputs: [int8([1, 7, 5, 6], 1)],
      output: q(0.05, 3),
    },
    {
      name: `int8 Resize ${mode}, two images`,
      op: Resize,
      attributes: { mode, sampling: [sampling(3, 5), sampling(4, 8)] },
      inputs: [int8([2, 3, 4, 3], 1)],
      output: q(0.05, 3),
    },
  ]),
];
