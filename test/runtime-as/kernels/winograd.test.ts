import { describe, expect, test } from 'vitest';
import { Engine } from '../../../compiler/engine.ts';
import { fullRuntime } from '../../../compiler/root.ts';
import * as format from '../../../runtime-as/format.ts';
import { isRelaxedEngine, relaxedEngines, relaxedRuntime } from '../relaxed-engine.ts';
import {
  type ConvolutionCase,
  convolutionModel,
  expectExact,
  expectSurvivesDamage,
  quantizedConvolution,
  weightPromises,
  withValues,
} from './convolution-case.ts';

const runtimes = ['scalar', 'simd', ...relaxedEngines] as const;
const padded = { kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1] } as const;

/** Around tiles of 4 x 4, groups of 4 tiles, strips of the image, and blocks of 8 channels on both sides. */
const layers: readonly (readonly [string, ConvolutionCase])[] = [
  ['whole groups', { x: [1, 16, 16, 32], outChannels: 32, ...padded }],
  ['one group', { x: [1, 7, 8, 64], outChannels: 16, ...padded }],
  ['odd channels and sides, two images', { x: [2, 15, 19, 23], outChannels: 21, ...padded }],
  ['no padding', { x: [1, 10, 14, 24], outChannels: 24, kernel: [3, 3] }],
  ['asymmetric padding', { x: [1, 9, 14, 24], outChannels: 24, kernel: [3, 3], padBefore: [0, 2], padAfter: [2, 0] }],
  ['padding wider than the window', { x: [1, 6, 7, 24], outChannels: 24, kernel: [3, 3], padBefore: [3, 4], padAfter: [4, 3] }],
  ['strips, an odd number of tiles across', { x: [1, 21, 35, 16], outChannels: 16, ...padded }],
  ['strips, two tiles across', { x: [1, 30, 7, 32], outChannels: 33, ...padded }],
  ['strips, more tiles across than a strip has', { x: [1, 9, 66, 16], outChannels: 16, ...padded }],
  ['one row of tiles', { x: [1, 4, 40, 16], outChannels: 16, ...padded }],
  ['three images', { x: [3, 8, 12, 24], outChannels: 40, ...padded }],
  ['deep', { x: [1, 8, 16, 250], outChannels: 8, ...padded }],
  ['clamped', { x: [1, 12, 12, 32], outChannels: 32, ...padded, outputZeroPoint: -100, clampInt8: [-100, 20] }],
];

describe('minimal filtering', () => {
  test.for(layers)('%s: the same bits on every engine', async ([, layer]) => {
    for (const largestWeight of [32, 127]) {
      const quantized = quantizedConvolution({ ...layer, largestWeight });
      expect(weightPromises(quantized) & format.TENSOR_FITS_WINOGRAD).not.toBe(0);
      await expectExact(quantized, runtimes);
    }
  });

  test.for([-128, 127])('zero points %i', async (zeroPoint) => {
    const layer: ConvolutionCase = { x: [1, 11, 13, 24], outChannels: 24, ...padded };
    await expectExact(quantizedConvolution({ ...layer, inputZeroPoint: zeroPoint, outputZeroPoint: 0 }), runtimes);
    await expectExact(quantizedConvolution({ ...layer, inputZeroPoint: 0, outputZeroPoint: zeroPoint }), runtimes);
  });

  test.for([
    { weight: 127, activations: [127] },
    { weight: 127, activations: [-128] },
    { weight: -128, activations: [-128] },
    { weight: -128, activations: [127, -128] },
  ])('sums just below 2^25: weights $weight, activations $activations', async ({ weight, activations }) => {
    const layer: ConvolutionCase = { x: [1, 8, 8, 224], outChannels: 16, ...padded, inputZeroPoint: 0, outputZeroPoint: 0 };
    const quantized = withValues(layer, [weight], activations, 2 ** 18);
    expect(weightPromises(quantized) & format.TENSOR_FITS_WINOGRAD_BEST).not.toBe(0);
    await expectExact(quantized, runtimes);
  });

  // Transformed, the weights take eight times their bytes; direct ones at most twice.
  test.for([
    { side: 14, filtered: ['simd', 'unknown', 'PMADDUBSW'] },
    { side: 16, filtered: ['simd', 'unknown', 'PMADDUBSW', 'VPDPBUSD'] },
  ] as const)('$side x $side, 64 -> 256: filtered where that is quicker ($filtered)', async ({ side, filtered }) => {
    const model = convolutionModel({ x: [1, side, side, 64], outChannels: 256, ...padded, largestWeight: 32 });
    const isFiltered = async (name: (typeof runtimes)[number]) => {
      const runtime = isRelaxedEngine(name) ? await relaxedRuntime(name) : await fullRuntime(name);
      return (await Engine.create(runtime, model)).memoryBytes > 6 * 9 * 64 * 256;
    };
    for (const name of runtimes) expect(await isFiltered(name), name).toBe((filtered as readonly string[]).includes(name));
  });

  test('damaged parameters are refused or harmless', () => expectSurvivesDamage({ x: [2, 9, 17, 24], outChannels: 24, ...padded }));
});
