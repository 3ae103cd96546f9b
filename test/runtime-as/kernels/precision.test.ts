/** Layers in other number formats: half-precision weights, activations quantized per call, int16 activations, on every variant. */
import { describe, expect, test } from 'vitest';
import { Executor } from '../../../compiler/execute.ts';
import { type Graph, type Tensor, tensor } from '../../../compiler/graph.ts';
import { Conv2d, type Conv2dAttributes } from '../../../compiler/ops/conv2d.ts';
import { Dense } from '../../../compiler/ops/dense.ts';
import { Dequantize } from '../../../compiler/ops/dequantize.ts';
import { quantizeDynamically } from '../../../compiler/ops/dynamic-range.ts';
import { halfValue } from '../../../compiler/ops/half.ts';
import { Quantize } from '../../../compiler/ops/quantize.ts';
import { onnxNode, runOnnxRuntime, toOnnxTensor } from '../../compiler/ops/onnx-case.ts';
import { expectKernelsEqualReference, graphOf, int8Variants, randomTensor } from '../../compiler/ops/op-case.ts';
import { convolutionOf, convolutions, halves, int16Convolution, integers, weightsShape } from './precision-case.ts';

/** The bytes that every variant answers; they must be the same. */
async function expectSameBytes(graph: Graph, inputs: readonly ArrayLike<number>[]): Promise<Uint8Array> {
  const answers = await Promise.all(
    int8Variants.map(async (variant) => {
      const executor = await Executor.create(graph, variant);
      executor.run(inputs);
      // Once more, on a workspace full of the first run's numbers.
      const [{ data }] = executor.run(inputs) as [Tensor];
      return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    }),
  );
  answers.forEach((bytes, i) => expect(bytes, int8Variants[i]).toEqual(answers[0]));
  return answers[0] as Uint8Array;
}

describe('half-precision weights', () => {
  test.for(convolutions.map((convolution, i) => [i, convolution] as const))(
    'convolution %i: the bits of float32',
    async ([, convolution]) => {
      const weights = halves(weightsShape(convolution));
      const opCase = convolutionOf(convolution, weights);
      await expectKernelsEqualReference(opCase);
      const real = { type: { ...weights.type, dtype: 'float32' as const }, data: Float32Array.from(weights.data, halfValue) };
      const input = (opCase.inputs[0] as Tensor).data;
      expect(await expectSameBytes(graphOf(opCase), [input])).toEqual(
        await expectSameBytes(graphOf(convolutionOf(convolution, real)), [input]),
      );
    },
  );

  test('subnormal, largest and zero weights', async () => {
    const bits = Uint16Array.of(0x0001, 0x83ff, 0x0400, 0x7bff, 0xfbff, 0x0000, 0x8000, 0x3555);
    const weights: Tensor = { type: { dtype: 'float16', shape: [2, 4] }, data: bits };
    const inputs = [tensor('float32', [1, 4], [2 ** 20, 1, 2 ** 10, 0.5]), weights, tensor('float32', [2], [0, 0])];
    await expectKernelsEqualReference({ op: Dense, attributes: { clamp: [-Infinity, Infinity] }, inputs, constants: [1, 2] });
  });
});

describe('activations quantized per call', () => {
  test.for(convolutions.map((convolution, i) => [i, convolution] as const))(
    'convolution %i: the reference, the same bits',
    async ([, convolution]) => {
      const opCase = convolutionOf(convolution, integers(weightsShape(convolution)));
      await expectKernelsEqualReference(opCase, 1e-6);
      await expectSameBytes(graphOf(opCase), [(opCase.inputs[0] as Tensor).data]);
    },
  );

  test.for([
    ['of one sign', [0.5, 3, 0.25, 7]],
    ['all zero', [0, 0, 0, 0]],
    ['negative', [-1, -2, -0.5, -3]],
    ['with a NaN', [1, Number.NaN, 2, 3]],
    ['with an infinity', [1, Number.POSITIVE_INFINITY, 2, -3]],
  ] as const)('numbers %s', async ([, numbers]) => {
    const inputs = [tensor('float32', [1, 4], numbers), integers([5, 4]), randomTensor([5], 3)];
    const graph = graphOf({ op: Dense, attributes: { clamp: [-Infinity, Infinity] }, inputs, constants: [1, 2] });
    await expectSameBytes(graph, [Float32Array.from(numbers)]);
  });

  test('the integers are those of DynamicQuantizeLinear', async () => {
    const x = randomTensor([37], 8, -1.5, 2.5);
    const { quantized } = await runOnnxRuntime({
      nodes: [{ opType: 'DynamicQuantizeLinear', input: ['x'], output: ['quantized', 'scale', 'zero'] }],
      inputs: { x: toOnnxTensor(x) },
      outputs: { quantized: 'uint8', scale: 'float32', zero: 'uint8' },
    });
    const { zeroPoint, distances } = quantizeDynamically(x.data);
    expect(Array.from(distances, (distance) => distance + zeroPoint)).toEqual(Array.from(quantized?.data ?? []));
  });

  test('a dense layer answers bit for bit as ONNX Runtime with DynamicQuantizeLinear and MatMulInteger', async () => {
    const x = randomTensor([3, 70], 1, -2, 5);
    const weights = integers([13, 70]);
    const bias = randomTensor([13], 3);
    const scales = Float32Array.from(weights.type.quantization?.scale ?? []);
    const transposed = Int8Array.from({ length: 13 * 70 }, (_, i) => weights.data[(i % 13) * 70 + Math.floor(i / 13)] as number);
    const { y } = await runOnnxRuntime({
      nodes: [
        { opType: 'DynamicQuantizeLinear', input: ['x'], output: ['q', 'scale', 'zero'] },
        onnxNode('MatMulInteger', ['q', 'w', 'zero'], 'sums'),
        onnxNode('Cast', ['sums'], 'real', { to: 1 }),
        onnxNode('Mul', ['scale', 'scales'], 'factors'),
        onnxNode('Mul', ['real', 'factors'], 'product'),
        onnxNode('Add', ['product', 'b'], 'y'),
      ],
      inputs: { x: toOnnxTensor(x) },
      constants: {
        w: { type: 'int8', shape: [70, 13], data: transposed },
        scales: { type: 'float32', shape: [13], data: scales },
        b: toOnnxTensor(bias),
      },
      outputs: { y: 'float32' },
    });
    const graph = graphOf({ op: Dense, attributes: { clamp: [-Infinity, Infinity] }, inputs: [x, weights, bias], constants: [1, 2] });
    const bytes = await expectSameBytes(graph, [x.data]);
    expect([...new Float32Array(bytes.buffer)]).toEqual(Array.from(y?.data ?? []));
  });
});

/** architecture.md 4 with int16: y = clamp(rne(f32(sum) m)), the sum of integers. */
function int16Answer(x: Tensor, weights: Tensor, bias: Tensor, yScale: number, attributes: Conv2dAttributes): Int16Array {
  const unclamped = { ...attributes, clamp: [-Infinity, Infinity] as const };
  // Sums stay below 2^53 by far: the float64 reference is exact, but for its float32 result, so low and high parts go separately.
  const part = (of: (value: number) => number, b: Tensor) =>
    (
      Conv2d.evaluate(
        [tensor('float32', x.type.shape, Array.from(x.data, of)), tensor('float32', weights.type.shape, weights.data), b],
        unclamped,
      )[0] as Tensor
    ).data;
  const zero = tensor('float32', bias.type.shape, new Float32Array(bias.data.length));
  const [low, high] = [part((value) => value & 255, zero), part((value) => value >> 8, zero)];
  const scales = weights.type.quantization?.scale as readonly number[];
  const xScale = Math.fround(x.type.quantization?.scale[0] as number);
  return Int16Array.from(low, (value, i) => {
    const o = i % scales.length;
    const sum = (value as number) + 256 * (high[i] as number) + (bias.data[o] as number);
    const multiplier = Math.fround(Math.fround(xScale * Math.fround(scales[o] as number)) / Math.fround(yScale));
    const product = Math.fround(Math.fround(sum) * multiplier);
    const floor = Math.floor(product);
    const rounded = product - floor === 0.5 ? floor + (floor & 1) : Math.round(product);
    const limit = (bound: number) => Math.max(-32767, Math.min(32767, Math.round(bound / yScale)));
    return Math.max(limit(attributes.clamp[0]), Math.min(limit(attributes.clamp[1]), rounded));
  });
}

describe('int16 activations', () => {
  test.for(convolutions.map((convolution, i) => [i, convolution] as const))(
    'convolution %i: the integers of the contract',
    async ([, convolution]) => {
      const { attributes, x, weights, bias, yScale, graph } = int16Convolution(convolution);
      const bytes = await expectSameBytes(graph, [x.data]);
      const answer = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
      expect(answer).toEqual(int16Answer(x, weights, bias, yScale, attributes));
      expect(new Set(answer).size).toBeGreaterThan(answer.length / 8);
    },
  );

  test('to int16 and back', async () => {
    const quantization = { scale: [0.01], zeroPoint: 0 };
    const numbers = [0, 0.004, 0.005, 0.015, 0.025, -0.015, 327.67, 400, -400, Number.NaN, Number.POSITIVE_INFINITY];
    const x = tensor('float32', [1, numbers.length], numbers);
    await expectKernelsEqualReference({ op: Quantize, attributes: { quantization, dtype: 'int16' }, inputs: [x] });
    const integer: Tensor = {
      type: { dtype: 'int16', shape: [9], quantization },
      data: Int16Array.of(0, 1, -1, 32767, -32767, 5, 6, 7, 8),
    };
    await expectKernelsEqualReference({ op: Dequantize, attributes: { quantization }, inputs: [integer] });
  });
});

test('the accumulators of methods.md 18.1, exactly, and what they stand for', async () => {
  // [-.18120981 -.29043840; .49722983 .22141714] · [.77412377 .49299395] with 128 steps to 1.
  const scale = [1 / 128];
  const weights: Tensor = {
    type: { dtype: 'int8', shape: [2, 2], quantization: { scale, zeroPoint: 0 } },
    data: Int8Array.of(-24, -38, 63, 28),
  };
  const x: Tensor = { type: { dtype: 'int16', shape: [1, 2], quantization: { scale, zeroPoint: 0 } }, data: Int16Array.of(99, 63) };
  const clamp = [-Infinity, Infinity] as const;
  const graph = graphOf({ op: Dense, attributes: { clamp }, inputs: [x, weights, tensor('int32', [2], [0, 0])], constants: [1, 2] });
  const [port] = graph.outputs as [Graph['outputs'][number]];
  const quantization = { scale: [1 / 16384], zeroPoint: 0 };
  const y = { name: port.value, type: { dtype: 'int16' as const, shape: [1, 2], quantization } };
  const bytes = await expectSameBytes({ ...graph, values: new Map([...graph.values, [y.name, y]]) }, [x.data]);
  const sums = new Int16Array(bytes.buffer, bytes.byteOffset, 2);
  expect([...sums]).toEqual([-4770, 8001]);
  expect((sums[0] as number) / 16384).toBeCloseTo(-0.2911377, 6);
  expect((sums[1] as number) / 16384).toBeCloseTo(0.48834229, 6);
});
