import { expect, test } from 'vitest';
import { Engine } from '../../compiler/engine.ts';
import { engineOf } from '../../compiler/relaxed-engine.ts';
import type { Variant } from '../../compiler/root.ts';
import { OPCODE_CONV2D_INT8, OPCODE_DEPTHWISE_INT8, TENSOR_FITS_QUADS } from '../../runtime-as/format.ts';
import { buildInspectedRuntime } from '../../targets/build-runtime.ts';
import {
  accumulators,
  type ConvolutionCase,
  convolutionModel,
  expectExact,
  type QuantizedConvolution,
  quantizedConvolution,
  weightPromises,
  withValues,
} from './kernels/convolution-case.ts';
import { probedEngine, type RelaxedEngine, relaxedBuild, relaxedEngines, relaxedRuntime } from './relaxed-engine.ts';

const runtimes: readonly (Variant | RelaxedEngine)[] = ['scalar', 'simd', ...relaxedEngines];

/** Four rows of the matrix product and one that is computed alone; K that ends inside a step, two blocks of channels. */
const matrix: ConvolutionCase = { x: [1, 1, 5, 19], outChannels: 9, kernel: [1, 1], inputZeroPoint: -128, outputZeroPoint: 0 };
const vector: ConvolutionCase = { ...matrix, x: [1, 1, 1, 19] };
const depthwise: ConvolutionCase = {
  ...matrix,
  x: [1, 5, 6, 9],
  groups: 9,
  outChannels: 9,
  kernel: [3, 3],
  padBefore: [1, 1],
  padAfter: [1, 1],
};

/**
 * The case with weights and activations that repeat these. Every output is its accumulator, and the biases bring those of
 * the pixel in the middle to 0: a sum that was saturated on the way shows.
 */
function withExtremes(convolution: ConvolutionCase, weights: readonly number[], activations: readonly number[]): QuantizedConvolution {
  const channels = convolution.outChannels;
  const extremes = withValues(convolution, weights, activations);
  const sums = accumulators(extremes);
  const middle = Math.floor(sums.length / channels / 2) * channels;
  const bias = Int32Array.from({ length: channels }, (_, o) => -(sums[middle + o] as number));
  return { ...extremes, bias: { ...extremes.bias, data: bias } };
}

/** Two or four weights of a quad within the bound, at it, and beyond it; -128 only comes with imported models. */
const weightPatterns = [
  [127, 1, -127, -1, 0, 0, 0, 0],
  [32],
  [33],
  [-32],
  [-33],
  [127, 0, 0, 0, 0, 1, 0, 0],
  [127, 0, 0, 0, 2, 0, 0, 0],
  [0, 0, -128, 0, 0, 0, 0, 0],
  [0, 0, -127, 0, 0, 0, 0, -2],
  [65, 64],
  [127],
  [-128],
  [127, -128],
  [0, 0, 127, 127],
];
const activationPatterns = [[-128], [127], [-128, 127], [127, -128, -1, 0]];

test.for(weightPatterns.map((weights) => ({ weights })))('weights $weights: the same bits on every engine', async ({ weights }) => {
  for (const convolution of [matrix, vector, depthwise])
    for (const activations of activationPatterns) await expectExact(withExtremes(convolution, weights, activations), runtimes);
});

/** The first and the third weight of a column, row by row of the window: together they may be 128 and -128, and -128 by itself on its own. */
const windowPatterns = [
  { window: [127, 0, 0, 100, 127, -127, 1, 0, 0], fits: true },
  { window: [-1, 0, -127, -127, -127, 0, -127, 0, -1], fits: true },
  { window: [127, -127, 5, 0, 0, 0, -127, 127, 5], fits: true },
  { window: [0, -128, 0, -128, -128, -128, 0, 0, 0], fits: true },
  { window: [127, 0, 0, 0, 0, 0, 2, 0, 0], fits: false },
  { window: [0, 0, 64, 0, 0, 0, 0, 0, 65], fits: false },
  { window: [0, -127, 0, 0, 0, 0, 0, -2, 0], fits: false },
  { window: [-128, -128, -128, 0, 0, 0, -128, -128, -128], fits: false },
];

test.for(windowPatterns)('depthwise windows $window: the same bits on every engine; they fit: $fits', async ({ window, fits }) => {
  for (const stride of [1, 2])
    for (const activations of activationPatterns) {
      const quantized = withExtremes({ ...depthwise, stride: [stride, stride] }, window, activations);
      expect((weightPromises(quantized) & TENSOR_FITS_QUADS) !== 0).toBe(fits);
      await expectExact(quantized, runtimes);
    }
});

/** Around the tile of 4 rows x 8 channels and around the steps of 4 and of 16 bytes. */
test.for([1, 4, 5])('matrices of %i rows', async (width) => {
  for (const outChannels of [1, 8, 9])
    for (const channels of [1, 3, 4, 5, 15, 16, 17, 33]) {
      const convolution: ConvolutionCase = { x: [1, 1, width, channels], outChannels, kernel: [1, 1], largestWeight: 64 };
      await expectExact(quantizedConvolution(convolution), ['SDOT', 'PMADDUBSW']);
    }
});

/** Rows read where they lie, and copied ones; several strips of rows, of which the last is short; kernel rows that end inside a step. */
const windows: readonly (readonly [string, ConvolutionCase])[] = [
  ['3x3 padded, 8 channels', { x: [2, 11, 18, 8], outChannels: 9, kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1] }],
  ['3x3 padded, 4 channels', { x: [1, 10, 17, 4], outChannels: 8, kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1] }],
  ['3x3 padded, stride 2, 3 channels', { x: [1, 19, 35, 3], outChannels: 8, kernel: [3, 3], stride: [2, 2], padAfter: [1, 1] }],
  ['3x3, 16 channels, one pixel', { x: [1, 3, 3, 16], outChannels: 9, kernel: [3, 3] }],
  ['one pixel, padded', { x: [1, 2, 2, 5], outChannels: 17, kernel: [3, 3], padBefore: [1, 1] }],
  ['one pixel of two groups', { x: [1, 1, 1, 38], outChannels: 34, kernel: [1, 1], groups: 2 }],
  ['lines of three images', { x: [3, 5, 19, 5], outChannels: 7, kernel: [1, 1] }],
  ['row kernel, padded', { x: [2, 7, 21, 6], outChannels: 9, kernel: [1, 5], padBefore: [0, 2], padAfter: [0, 2] }],
  ['dilated', { x: [1, 9, 23, 8], outChannels: 8, kernel: [3, 3], dilation: [2, 3], padBefore: [2, 3], padAfter: [2, 3] }],
  ['groups', { x: [2, 7, 17, 12], outChannels: 20, kernel: [3, 3], groups: 4, padBefore: [1, 1], padAfter: [1, 1] }],
];

test.for(windows)('%s: the same bits on every engine, whether the weights fit or not', async ([, convolution]) => {
  for (const largestWeight of [32, 127]) await expectExact(quantizedConvolution({ ...convolution, largestWeight }), runtimes);
});

test.for(relaxedEngines)('a build without pairs: the same bits of weights that fit, nothing else (%s)', async (engine) => {
  const build = await buildInspectedRuntime({ opcodes: [OPCODE_CONV2D_INT8], without: ['PAIRS'] }, 'relaxed');
  const runtime = await relaxedBuild(engine, build);
  const refuses = (convolution: ConvolutionCase) =>
    expect(Engine.create(runtime, convolutionModel(convolution))).rejects.toThrow('step 0 needs a kernel that this runtime does not have');
  for (const convolution of [matrix, vector, ...windows.map(([, window]) => window)]) {
    const fitting = { ...convolution, largestWeight: 32 };
    if (engine === 'unknown') await refuses(fitting);
    else await expectExact(quantizedConvolution(fitting), [runtime]);
    await refuses({ ...convolution, largestWeight: 127 });
  }
});

test.for(relaxedEngines)('a build with no kernel for other windows runs 3x3 wherever it knows the engine (%s)', async (engine) => {
  const build = await buildInspectedRuntime({ opcodes: [OPCODE_DEPTHWISE_INT8], without: ['WINDOWS', 'QUADS'] }, 'relaxed');
  const runtime = await relaxedBuild(engine, build);
  for (const largestWeight of [64, 127]) {
    const layer = { ...depthwise, largestWeight };
    if (engine !== 'unknown') await expectExact(quantizedConvolution(layer), [runtime]);
    else await expect(Engine.create(runtime, convolutionModel(layer))).rejects.toThrow('needs a kernel that this runtime does not have');
  }
});

test('engines with signed bytes take weights of 8 bits as bytes, not as int16, unless one is -128', async () => {
  const memoryOf = async (engine: RelaxedEngine, largestWeight: number) => {
    const model = convolutionModel({ x: [1, 1, 5, 512], outChannels: 512, kernel: [1, 1], largestWeight });
    return (await Engine.create(await relaxedRuntime(engine), model)).memoryBytes;
  };
  for (const engine of ['SDOT', 'SMULL'] as const) {
    const bytes = await memoryOf(engine, 127);
    expect(bytes).toBe(await memoryOf(engine, 32));
    expect((await memoryOf(engine, 128)) - bytes).toBeGreaterThan(0.9 * 512 * 512);
  }
  expect(await memoryOf('PMADDUBSW', 127)).toBe(await memoryOf('SMULL', 128));
});

test('the probe knows the engines, and nothing it does not know', () => {
  // ENGINE_KNOWN 1, ENGINE_SIGNED 2, ENGINE_EXACT 4.
  const bits = Object.fromEntries(relaxedEngines.map((engine) => [engine, probedEngine(engine)]));
  expect(bits).toEqual({ SDOT: 7, SMULL: 3, VPDPBUSD: 5, PMADDUBSW: 1, unknown: 0 });
});

test('an engine whose sums of two do not saturate as the kernels need is not known', () => {
  const lanes = [-65531, 65540, 32265, -946];
  expect(engineOf([...lanes, -2147450880, 2147450879, 1057046273, -54198398])).toBe(1);
  expect(engineOf([...lanes, -2147450880, 2147450879, 1057046273, -54198399])).toBe(0);
});
