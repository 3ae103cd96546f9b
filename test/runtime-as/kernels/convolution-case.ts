/** Convolutions on the kernels against the definition of architecture.md 4, computed here with plain integers. */
import { expect } from 'vitest';
import { encodeAs } from '../../../compiler/encoding/encode-plan.ts';
import { Executor } from '../../../compiler/execute.ts';
import { elementCount, type Graph, type Quantization, type Tensor, type TensorType, tensor } from '../../../compiler/graph.ts';
import { GraphBuilder } from '../../../compiler/onnx/builder.ts';
import { Conv2d, type Conv2dAttributes } from '../../../compiler/ops/conv2d.ts';
import { writePackedModel } from '../../../compiler/packed/write.ts';
import { type ExecutionPlan, planExecution } from '../../../compiler/plan/plan.ts';
import type { Variant } from '../../../compiler/root.ts';
import { expectWritesOnlyTensors } from '../../canary.ts';
import { int8Variants, randomTensor, variants } from '../../compiler/ops/op-case.ts';
import { expectSurvivesDamagedWords } from '../../damage.ts';
import { isRelaxedEngine, type RelaxedEngine, relaxedRuntime } from '../relaxed-engine.ts';

export interface ConvolutionCase extends Partial<Omit<Conv2dAttributes, 'kernel' | 'clamp'>> {
  /** [N, H, W, C] */
  readonly x: readonly number[];
  readonly outChannels: number;
  readonly kernel: readonly [number, number];
  readonly inputZeroPoint?: number;
  readonly outputZeroPoint?: number;
  /** Largest weight, 127 by default: with 64 any two weights are within the bound of relaxed dot products. */
  readonly largestWeight?: number;
  /** Limits of the int8 output, as integers. */
  readonly clampInt8?: readonly [number, number];
}

const plain = { stride: [1, 1], dilation: [1, 1], padBefore: [0, 0], padAfter: [0, 0], groups: 1, clamp: [-Infinity, Infinity] } as const;

export function attributesOf({
  x,
  outChannels,
  inputZeroPoint,
  outputZeroPoint,
  largestWeight,
  clampInt8,
  ...window
}: ConvolutionCase): Conv2dAttributes {
  return { ...plain, ...window };
}

function randomIntegers(count: number, seed: number, low: number, high: number): number[] {
  return Array.from(randomTensor([count], seed, low, high + 1).data, Math.floor);
}

/** A quantized convolution whose outputs spread over the whole int8 range. */
export function quantizedConvolution(convolution: ConvolutionCase) {
  const attributes = attributesOf(convolution);
  const { x, outChannels, inputZeroPoint = 3, outputZeroPoint = -5, largestWeight = 127, clampInt8 = [-128, 127] } = convolution;
  const depth = attributes.kernel[0] * attributes.kernel[1] * ((x[3] as number) / attributes.groups);
  const xType: TensorType = { dtype: 'int8', shape: x, quantization: { scale: [0.05], zeroPoint: inputZeroPoint } };
  const scale = Array.from(randomTensor([outChannels], 4, 0.01, 0.02).data);
  const shape = [outChannels, ...attributes.kernel, (x[3] as number) / attributes.groups];
  const weightScales: Quantization = { scale, zeroPoint: 0, axis: 0 };
  const weights = tensor('int8', shape, randomIntegers(elementCount(shape), 1, -largestWeight, largestWeight));
  const bias = tensor('int32', [outChannels], randomIntegers(outChannels, 2, -3000, 3000));
  const yScale = (0.05 * 0.015 * 73 * 73 * Math.sqrt(depth)) / 60;
  return {
    attributes: { ...attributes, clamp: clampInt8.map((limit) => (limit - outputZeroPoint) * yScale) as [number, number] },
    x: { type: xType, data: Int8Array.from(randomIntegers(elementCount(x), 3, -128, 127)) },
    weights: { type: { ...weights.type, quantization: weightScales }, data: weights.data },
    bias,
    output: { scale: [yScale], zeroPoint: outputZeroPoint } as Quantization,
    clampInt8,
  };
}

export type QuantizedConvolution = ReturnType<typeof quantizedConvolution>;

/** The case with weights and activations that repeat these, no biases, and its sums over `divisor` as outputs. */
export function withValues(
  convolution: ConvolutionCase,
  weights: readonly number[],
  activations: readonly number[],
  divisor = 1,
): QuantizedConvolution {
  const quantized = quantizedConvolution(convolution);
  const repeat = (values: readonly number[], length: number) => Int8Array.from({ length }, (_, i) => values[i % values.length] as number);
  const scale = new Array(convolution.outChannels).fill(0.5);
  return {
    ...quantized,
    attributes: { ...quantized.attributes, clamp: [-Infinity, Infinity] },
    x: { ...quantized.x, data: repeat(activations, quantized.x.data.length) },
    weights: {
      type: { ...quantized.weights.type, quantization: { scale, zeroPoint: 0, axis: 0 } },
      data: repeat(weights, quantized.weights.data.length),
    },
    bias: tensor('int32', [convolution.outChannels], new Array(convolution.outChannels).fill(0)),
    output: { scale: [(quantized.x.type.quantization?.scale[0] as number) * 0.5 * divisor], zeroPoint: 0 },
  };
}

function roundToEven(value: number): number {
  const down = Math.floor(value);
  if (value - down === 0.5) return down % 2 === 0 ? down : down + 1;
  return Math.round(value);
}

/** bias + Σ (x - zx) w, by pixel and output channel; padding adds nothing. */
export function accumulators({ attributes, x, weights, bias }: QuantizedConvolution): number[] {
  const { kernel, stride, dilation, padBefore, padAfter, groups } = attributes;
  const [n, h, w, c] = x.type.shape as [number, number, number, number];
  const outChannels = bias.data.length;
  const extent = (input: number, axis: 0 | 1) =>
    Math.floor((input + padBefore[axis] + padAfter[axis] - dilation[axis] * (kernel[axis] - 1) - 1) / stride[axis]) + 1;
  const [oh, ow] = [extent(h, 0), extent(w, 1)];
  const perGroup = c / groups;
  const zx = x.type.quantization?.zeroPoint as number;
  const result: number[] = [];
  for (let b = 0; b < n; b++)
    for (let p = 0; p < oh * ow; p++)
      for (let o = 0; o < outChannels; o++) {
        let sum = bias.data[o] as number;
        for (let i = 0; i < kernel[0]; i++)
          for (let j = 0; j < kernel[1]; j++)
            for (let k = 0; k < perGroup; k++) {
              const row = Math.floor(p / ow) * stride[0] + i * dilation[0] - padBefore[0];
              const column = (p % ow) * stride[1] + j * dilation[1] - padBefore[1];
              if (row < 0 || row >= h || column < 0 || column >= w) continue;
              const channel = Math.floor(o / (outChannels / groups)) * perGroup + k;
              const weight = weights.data[((o * kernel[0] + i) * kernel[1] + j) * perGroup + k] as number;
              sum += ((x.data[((b * h + row) * w + column) * c + channel] as number) - zx) * weight;
            }
        result.push(sum);
      }
  return result;
}

/** y = clamp(rne(f32(accumulator) · m) + zy) */
function reference(quantized: QuantizedConvolution): Int8Array {
  const { x, weights, bias, output, clampInt8 } = quantized;
  const sx = Math.fround(x.type.quantization?.scale[0] as number);
  return Int8Array.from(accumulators(quantized), (sum, i) => {
    const sxw = Math.fround(sx * Math.fround(weights.type.quantization?.scale[i % bias.data.length] as number));
    const multiplier = Math.fround(sxw / Math.fround(output.scale[0] as number));
    const rounded = roundToEven(Math.fround(Math.fround(sum) * multiplier)) + output.zeroPoint;
    return Math.max(clampInt8[0], Math.min(clampInt8[1], rounded));
  });
}

function graphOf(attributes: Conv2dAttributes, x: Tensor, weights: Tensor, bias: Tensor, output?: Quantization): Graph {
  const builder = new GraphBuilder();
  builder.define('x', x.type);
  const names = ['x', builder.addConstant(weights, 'weights'), builder.addConstant(bias, 'bias')];
  const y = builder.addOne(Conv2d, names, attributes, { name: 'convolution' });
  if (output) builder.define(y, { ...builder.type(y), quantization: output });
  return builder.build('test', [{ name: 'x', value: 'x' }], [{ name: 'y', value: y }]);
}

function int8Graph({ attributes, x, weights, bias, output }: QuantizedConvolution): Graph {
  return graphOf(attributes, x, weights, bias, output);
}

function float32Case(convolution: ConvolutionCase, clamp: readonly [number, number]) {
  const attributes = { ...attributesOf(convolution), clamp };
  const x = randomTensor(convolution.x, 1);
  const weights = randomTensor([convolution.outChannels, ...attributes.kernel, (convolution.x[3] as number) / attributes.groups], 2);
  const bias = randomTensor([convolution.outChannels], 3);
  return { attributes, x, weights, bias, graph: graphOf(attributes, x, weights, bias) };
}

function convolutionPlan(quantized: QuantizedConvolution): ExecutionPlan {
  return planExecution(int8Graph(quantized));
}

/** What the compiler promises of its weights: TENSOR_… */
export function weightPromises(quantized: QuantizedConvolution): number {
  const { tensors, steps } = convolutionPlan(quantized);
  return tensors[steps[0]?.operands[1] as number]?.promises ?? 0;
}

/** The packed model of the int8 convolution alone, its weights encoded so where that is asked for. */
export function convolutionModel(convolution: ConvolutionCase, encoding?: string): Uint8Array {
  const plan = convolutionPlan(quantizedConvolution(convolution));
  const encoded = encoding ? encodeAs(plan, encoding).plan : plan;
  return writePackedModel(encoded, { name: 'convolution', inputs: [], outputs: [], steps: [] });
}

/** Every variant, and relaxed dot products of both signs, must refuse or run what is left of the model when words of its step are damaged. */
export async function expectSurvivesDamage(convolution: ConvolutionCase): Promise<void> {
  const graphs = [int8Graph(quantizedConvolution(convolution)), float32Case(convolution, [-1, 1]).graph];
  for (const graph of graphs) {
    const model = writePackedModel(planExecution(graph), { name: 'damaged', inputs: [], outputs: [], steps: [] });
    const relaxed = await Promise.all((['SMULL', 'PMADDUBSW'] as const).map(relaxedRuntime));
    for (const runtime of [...int8Variants, ...relaxed]) await expectSurvivesDamagedWords(model, 7, 400, runtime);
  }
}

/** Every variant must give exactly the integers of the definition; relaxed dot products on engines of two kinds. */
export async function expectExactInt8(convolution: ConvolutionCase): Promise<void> {
  await expectExact(quantizedConvolution(convolution), [...int8Variants, 'SDOT']);
  await expectExact(quantizedConvolution({ ...convolution, largestWeight: 64 }), ['PMADDUBSW']);
}

export async function expectExact(
  quantized: QuantizedConvolution,
  runtimes: readonly (Variant | RelaxedEngine | WebAssembly.Module)[],
): Promise<void> {
  const expected = reference(quantized);
  const graph = int8Graph(quantized);
  for (const name of runtimes) {
    const runtime = typeof name === 'string' && isRelaxedEngine(name) ? await relaxedRuntime(name) : name;
    const executor = await Executor.create(graph, runtime);
    // The second run meets a workspace and an arena full of the first one's numbers.
    for (const run of [1, 2]) {
      const [actual] = executor.run([quantized.x.data]) as [Tensor];
      const wrong = expected.findIndex((value, i) => value !== actual.data[i]);
      if (wrong >= 0) expect.fail(`${name} run ${run}: element ${wrong} is ${actual.data[wrong]}, expected ${expected[wrong]}`);
      expect(actual.data.length).toBe(expected.length);
    }
    await expectWritesOnlyTensors(graph, [quantized.x.data], runtime);
  }
}

/** Every variant must be close to the operator's reference, and all must give the same bits. */
export async function expectEqualFloat32(convolution: ConvolutionCase, clamp: readonly [number, number] = [-1.5, 2]): Promise<void> {
  const { attributes, x, weights, bias, graph } = float32Case(convolution, clamp);
  const [expected] = Conv2d.evaluate([x, weights, bias], attributes) as [Tensor];
  const results = [];
  for (const variant of variants) {
    const [actual] = (await Executor.create(graph, variant)).run([x.data]) as [Tensor];
    const worst = Math.max(...actual.data.map((value, i) => Math.abs(value - (expected.data[i] as number))));
    // float32 sums of up to a few hundred products of numbers below 1.
    expect(worst, variant).toBeLessThan(1e-4);
    results.push(new Uint32Array(actual.data.buffer));
    await expectWritesOnlyTensors(graph, [x.data], variant);
  }
  expect(results[1]).toEqual(results[0]);
}
