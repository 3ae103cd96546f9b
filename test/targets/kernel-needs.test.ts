import { expect, test } from 'vitest';
import { Engine } from '../../compiler/engine.ts';
import { elementCount } from '../../compiler/graph.ts';
import { float32Bits } from '../../compiler/ops/op.ts';
import { readPackedModel } from '../../compiler/packed/read.ts';
import * as format from '../../runtime-as/format.ts';
import { inlineModule } from '../../targets/browser/inline.ts';
import { buildInspectedRuntime } from '../../targets/build-runtime.ts';
import { fitsRelaxed, type KernelPart, kernelNeeds } from '../../targets/kernel-needs.ts';
import { sessionSources } from '../../targets/web-package.ts';
import { type ConvolutionCase, convolutionModel } from '../runtime-as/kernels/convolution-case.ts';
import { stepModel } from '../runtime-as/kernels/step-case.ts';
import { isRelaxedEngine, type RelaxedEngine, relaxedBuild } from '../runtime-as/relaxed-engine.ts';

const matrix: ConvolutionCase = { x: [1, 1, 5, 18], outChannels: 8, kernel: [1, 1], largestWeight: 127 };
const dilated: ConvolutionCase = { ...matrix, x: [1, 7, 7, 4], kernel: [3, 3], dilation: [2, 2] };
const depthwise: ConvolutionCase = { ...matrix, x: [1, 5, 5, 8], groups: 8, kernel: [3, 3] };
const filtered: ConvolutionCase = { ...matrix, x: [1, 16, 16, 32], outChannels: 32, kernel: [3, 3] };
const needsOf = (convolution: ConvolutionCase) => kernelNeeds(readPackedModel(convolutionModel(convolution)));

const fitting: ConvolutionCase = { ...matrix, largestWeight: 32 };

test('a plain convolution does without groups, dilation and the form that its weights do not ask for', () => {
  const others = ['ROWS', 'GROUPS', 'DILATION', 'WINDOWS', 'STRIDES', 'CLAMPS', 'WINOGRAD', 'BROADCAST', 'NARROW_SUMS'];
  expect(needsOf(matrix).without).toEqual(['QUADS', ...others]);
  expect(needsOf(fitting).without).toEqual(['PAIRS', ...others]);
});

test.for([
  { convolution: fitting, fits: true },
  { convolution: matrix, fits: false },
  { convolution: { ...depthwise, largestWeight: 64 }, fits: true },
  { convolution: depthwise, fits: false },
])('a package says whether most products are of weights that fit: $fits', ({ convolution, fits }) => {
  const model = readPackedModel(convolutionModel(convolution));
  expect(fitsRelaxed(model)).toBe(fits);
  expect(sessionSources(model, false).includes('fits: true')).toBe(fits);
  expect(inlineModule(model, {}).split('fits: true')).toHaveLength(fits ? 3 : 1);
});

test('a model is read where it lies, also in the middle of a buffer', () => {
  const model = convolutionModel(fitting);
  const buffer = Buffer.concat([Buffer.alloc(1003), model]).subarray(1003);
  expect(kernelNeeds(readPackedModel(buffer)).without).toEqual(needsOf(fitting).without);
});

test.for([
  { part: 'GROUPS', convolution: { ...matrix, groups: 2 } },
  { part: 'DILATION', convolution: dilated },
  { part: 'ROWS', convolution: { ...matrix, x: [1, 1, 1, 1024], outChannels: 33 } },
  { part: 'WINDOWS', convolution: { ...depthwise, kernel: [5, 5] } },
  { part: 'WINDOWS', convolution: { ...depthwise, stride: [1, 3] } },
  { part: 'WINDOWS', convolution: { ...depthwise, dilation: [2, 2] } },
  { part: 'WINDOWS', convolution: { ...depthwise, x: [1, 5, 5, 7], outChannels: 7, groups: 7 } },
  { part: 'STRIDES', convolution: { ...depthwise, stride: [1, 2] } },
  { part: 'WINOGRAD', convolution: filtered },
  { part: 'CLAMPS', convolution: { ...matrix, clampInt8: [-128, 126] } },
  { part: 'CLAMPS', convolution: { ...depthwise, clampInt8: [-127, 127] } },
] as const)('$part where a layer has them', ({ part, convolution }) => {
  expect(needsOf(convolution).without).not.toContain(part);
});

test.for([
  { encoding: 'bitmap', needs: true },
  { encoding: 'block16x4', needs: false },
])("Winograd's filtering of weights encoded as $encoding: $needs", ({ encoding, needs }) => {
  const { without } = kernelNeeds(readPackedModel(convolutionModel(filtered, encoding)));
  expect(!without?.includes('WINOGRAD')).toBe(needs);
});

test.for([
  { convolution: { ...depthwise, largestWeight: 64 }, needs: false },
  { convolution: depthwise, needs: true },
  { convolution: { ...depthwise, kernel: [1, 5] }, needs: false },
] as const)('pairs, for windows of 3x3 in parts: $needs', ({ convolution, needs }) => {
  expect(!needsOf(convolution).without?.includes('PAIRS')).toBe(needs);
});

test.for(['PMADDUBSW', 'VPDPBUSD', 'SMULL'] as const)(
  '%s: windows that fit give the same bits without parts, in fewer bytes, others are refused',
  async (name) => {
    const [smaller, larger] = await Promise.all([buildOf(name, ['PAIRS', 'WINDOWS']), buildOf(name, ['WINDOWS'])]);
    expect(smaller.length).toBeLessThan(larger.length - 400);
    const layer: ConvolutionCase = { ...depthwise, x: [1, 9, 7, 40], outChannels: 40, groups: 40, largestWeight: 64 };
    const output = await outputOf(name, smaller, layer, 7 * 5 * 40);
    expect(new Set(output).size).toBeGreaterThan(20);
    expect(output).toEqual(await outputOf(name, larger, layer, 7 * 5 * 40));
    await expect(outputOf(name, smaller, { ...layer, largestWeight: 127 }, 7 * 5 * 40)).rejects.toThrow('needs a kernel that');
  },
);

test('a depthwise convolution has no groups in this sense', () => {
  expect(needsOf(depthwise).without).toContain('GROUPS');
});

test('depthwise 3x3 windows need no other kernel, and its build refuses others', async () => {
  const needs = needsOf({ ...depthwise, stride: [2, 2] });
  expect(needs.without).toContain('WINDOWS');
  const runtime = await WebAssembly.compile((await buildInspectedRuntime(needs, 'simd')) as BufferSource);
  await Engine.create(runtime, convolutionModel(depthwise));
  await expect(Engine.create(runtime, convolutionModel({ ...depthwise, kernel: [5, 5] }))).rejects.toThrow('needs a kernel that');
});

test('depthwise 3x3 windows of stride 1 need no kernel of stride 2, and their build refuses it', async () => {
  const needs = needsOf(depthwise);
  expect(needs.without).toContain('STRIDES');
  const runtime = await WebAssembly.compile((await buildInspectedRuntime(needs, 'simd')) as BufferSource);
  await Engine.create(runtime, convolutionModel(depthwise));
  await expect(Engine.create(runtime, convolutionModel({ ...depthwise, stride: [2, 2] }))).rejects.toThrow('needs a kernel that');
});

test('a build without a part is smaller, and refuses models that have it', async () => {
  const needs = needsOf(matrix);
  const plain = await buildInspectedRuntime(needs, 'simd');
  expect(plain.length).toBeLessThan((await buildInspectedRuntime({ opcodes: needs.opcodes }, 'simd')).length);
  const runtime = await WebAssembly.compile(plain as BufferSource);
  await Engine.create(runtime, convolutionModel(matrix));
  for (const other of [{ ...matrix, groups: 2 }, dilated, { ...matrix, clampInt8: [-128, 126] } as const])
    await expect(Engine.create(runtime, convolutionModel(other))).rejects.toThrow(
      'step 0 needs a kernel that this runtime does not have; build and deploy it with its own runtime',
    );
});

type BuildName = 'simd' | RelaxedEngine;

/** Of int8 convolutions, depthwise ones included. */
function buildOf(name: BuildName, without: readonly KernelPart[]): Promise<Uint8Array> {
  const opcodes = [format.OPCODE_CONV2D_INT8, format.OPCODE_DEPTHWISE_INT8];
  return buildInspectedRuntime({ opcodes, without }, isRelaxedEngine(name) ? 'relaxed' : name);
}

/** Of an input of all values. */
async function outputOf(name: BuildName, wasm: Uint8Array, convolution: ConvolutionCase, outputBytes: number): Promise<Uint8Array> {
  const runtime = isRelaxedEngine(name) ? await relaxedBuild(name, wasm) : await WebAssembly.compile(wasm as BufferSource);
  const engine = await Engine.create(runtime, convolutionModel(convolution));
  const inputBytes = elementCount(convolution.x);
  engine.input(0, inputBytes).set(Uint8Array.from({ length: inputBytes }, (_, i) => (i * 67 + 5) & 255));
  engine.run();
  return engine.output(0, outputBytes).slice();
}

test('single pixels give the same bits without the kernel of one row, in fewer bytes', async () => {
  const [smaller, larger] = await Promise.all([buildOf('simd', ['ROWS']), buildOf('simd', [])]);
  expect(smaller.length).toBeLessThan(larger.length - 300);
  for (const [channels, outChannels] of [
    [19, 9],
    [64, 33],
  ] as const) {
    const row: ConvolutionCase = { ...matrix, x: [1, 1, 1, channels], outChannels };
    const output = await outputOf('simd', smaller, row, outChannels);
    expect(new Set(output).size).toBeGreaterThan(1);
    expect(output).toEqual(await outputOf('simd', larger, row, outChannels));
  }
});

test.for(['simd', 'PMADDUBSW', 'VPDPBUSD'] as const)(
  "%s: layers give the same bits without Winograd's filtering, in fewer bytes",
  async (name) => {
    const [smaller, larger] = await Promise.all([buildOf(name, ['WINOGRAD']), buildOf(name, [])]);
    expect(smaller.length).toBeLessThan(larger.length - 1000);
    const output = await outputOf(name, smaller, filtered, 14 * 14 * 32);
    expect(new Set(output).size).toBeGreaterThan(100);
    expect(output).toEqual(await outputOf(name, larger, filtered, 14 * 14 * 32));
  },
);

test.for(['simd', 'PMADDUBSW', 'unknown'] as const)(
  '%s: outputs beyond int8 are the same bits without clamps, in fewer bytes',
  async (name) => {
    const [smaller, larger] = await Promise.all([buildOf(name, ['CLAMPS']), buildOf(name, [])]);
    expect(smaller.length).toBeLessThan(larger.length - 100);
    for (const [convolution, outputBytes] of [
      [{ ...matrix, x: [1, 1, 65, 18] }, 65 * 8],
      [{ ...matrix, x: [1, 1, 1, 64], outChannels: 515 }, 515],
      [{ ...depthwise, x: [1, 9, 7, 99], outChannels: 99, groups: 99 }, 7 * 5 * 99],
    ] as const) {
      const output = await outputOf(name, smaller, convolution, outputBytes);
      expect(output).toContain(0x7f);
      expect(output).toContain(0x80);
      expect(output).toEqual(await outputOf(name, larger, convolution, outputBytes));
    }
  },
);

const int8 = (...shape: number[]) => ({ dtype: 'int8', shape }) as const;

/** [2, 4] x [4, 8] */
function matmulModel(clampHigh: number): Uint8Array {
  return stepModel({
    opcode: format.OPCODE_MATMUL_INT8,
    operands: [{ type: int8(1, 2, 4) }, { type: int8(1, 4, 8) }],
    output: int8(1, 2, 8),
    parameters: [1, 1, 1, 2, 4, 8, 3, -5, float32Bits(0.01), 7, -128, clampHigh],
  });
}

test('a matrix product needs clamps unless its limits are those of int8, and a build without refuses them', async () => {
  const needs = kernelNeeds(readPackedModel(matmulModel(127)));
  expect(needs.without).toContain('CLAMPS');
  expect(kernelNeeds(readPackedModel(matmulModel(126))).without).not.toContain('CLAMPS');
  const runtime = await WebAssembly.compile((await buildInspectedRuntime(needs, 'simd')) as BufferSource);
  await Engine.create(runtime, matmulModel(127));
  await expect(Engine.create(runtime, matmulModel(126))).rejects.toThrow('needs a kernel that');
});

test.for(['PAIRS', 'QUADS'] as const)('only the relaxed build can do without %s', async (part) => {
  const { opcodes } = needsOf(matrix);
  const build = (variant: 'simd' | 'relaxed', without: readonly (typeof part)[]) => buildInspectedRuntime({ opcodes, without }, variant);
  expect(Buffer.compare(await build('simd', [part]), await build('simd', []))).toBe(0);
  expect((await build('relaxed', [part])).length).toBeLessThan((await build('relaxed', [])).length - 400);
});

/** a [dimensions] + b, whose strides are given. */
function addModel(dimensions: readonly number[], bStrides: readonly number[], bShape: readonly number[]): Uint8Array {
  const aStrides = [0, 1, 2, 3].map((axis) => dimensions.slice(axis + 1).reduce((product, extent) => product * extent, 1));
  return stepModel({
    opcode: format.OPCODE_ADD_INT8,
    operands: [{ type: int8(...dimensions) }, { type: int8(...bShape) }],
    output: int8(...dimensions),
    parameters: [...dimensions, ...aStrides, ...bStrides, 3, -4, 20000, -32767, 15, 7, -128, 127],
  });
}

/** [4, channels] -> [channels] */
function reduceModel(channels: number): Uint8Array {
  return stepModel({
    opcode: format.OPCODE_REDUCE_INT8,
    operands: [{ type: int8(4, channels) }],
    output: int8(channels),
    parameters: [1, 4, channels, format.FUNCTION_REDUCE_SUM, -3, float32Bits(0.06), 5],
  });
}

/** A window of 2x2. */
function poolModel(channels: number): Uint8Array {
  const parameters = new Array<number>(format.AVERAGE_POOL_INT8_PARAMETERS).fill(0);
  const set = (value: number, ...indices: number[]) => {
    for (const index of indices) parameters[index] = value;
  };
  set(1, format.POOL_BATCH, format.POOL_OUT_HEIGHT, format.POOL_OUT_WIDTH, format.POOL_STRIDE_HEIGHT, format.POOL_STRIDE_WIDTH);
  set(1, format.POOL_DILATION_HEIGHT, format.POOL_DILATION_WIDTH);
  set(2, format.POOL_IN_HEIGHT, format.POOL_IN_WIDTH, format.POOL_KERNEL_HEIGHT, format.POOL_KERNEL_WIDTH);
  set(channels, format.POOL_CHANNELS);
  set(float32Bits(0.7), format.POOL_RATIO_F32);
  set(-128, format.POOL_CLAMP_LOW);
  set(127, format.POOL_CLAMP_HIGH);
  return stepModel({
    opcode: format.OPCODE_AVERAGE_POOL_INT8,
    operands: [{ type: int8(1, 2, 2, channels) }],
    output: int8(1, 1, 1, channels),
    parameters,
  });
}

test('sums of equal shapes need no broadcasting, and their build refuses it', async () => {
  const plain = addModel([1, 1, 1, 37], [0, 0, 0, 1], [37]);
  const repeated = addModel([1, 1, 2, 37], [0, 0, 0, 1], [37]);
  const single = addModel([1, 1, 1, 37], [0, 0, 0, 0], [1]);
  const needs = kernelNeeds(readPackedModel(plain));
  expect(needs.without).toContain('BROADCAST');
  const build = async (without: typeof needs.without) =>
    WebAssembly.compile((await buildInspectedRuntime({ opcodes: needs.opcodes, without }, 'simd')) as BufferSource);
  const [runtime, other] = await Promise.all([build(needs.without), build([])]);
  const outputs: Uint8Array[] = [];
  for (const engine of [await Engine.create(runtime, plain), await Engine.create(other, plain)]) {
    for (const input of [0, 1]) engine.input(input, 37).set(Uint8Array.from({ length: 37 }, (_, i) => (i * 67 + input * 31) & 255));
    engine.run();
    outputs.push(engine.output(0, 37).slice());
  }
  expect(new Set(outputs[0]).size).toBeGreaterThan(1);
  expect(outputs[0]).toEqual(outputs[1]);
  for (const model of [repeated, single]) {
    expect(kernelNeeds(readPackedModel(model)).without).not.toContain('BROADCAST');
    await Engine.create(other, model);
    await expect(Engine.create(runtime, model)).rejects.toThrow('step 0');
  }
});

test.for([
  { name: 'reduction', narrow: reduceModel(15), wide: reduceModel(16) },
  { name: 'average pool', narrow: poolModel(15), wide: poolModel(16) },
])('a $name of 16 channels needs no kernel for fewer, and its build refuses them', async ({ narrow, wide }) => {
  const { opcodes, without } = kernelNeeds(readPackedModel(wide));
  expect(without).toContain('NARROW_SUMS');
  expect(kernelNeeds(readPackedModel(narrow)).without).not.toContain('NARROW_SUMS');
  const outputs: Uint8Array[] = [];
  for (const variant of ['scalar', 'simd'] as const) {
    const runtime = await WebAssembly.compile((await buildInspectedRuntime({ opcodes, without }, variant)) as BufferSource);
    await expect(Engine.create(runtime, narrow)).rejects.toThrow('step 0');
    const engine = await Engine.create(runtime, wide);
    engine.input(0, 64).set(Uint8Array.from({ length: 64 }, (_, i) => (i * 67 + 5) & 255));
    engine.run();
    outputs.push(engine.output(0, 16).slice());
  }
  expect(new Set(outputs[0]).size).toBeGreaterThan(1);
  expect(outputs[0]).toEqual(outputs[1]);
});
