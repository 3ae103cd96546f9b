import { describe, expect, test } from 'vitest';
import { isExact, winogradPromises } from '../../../compiler/plan/winograd.ts';
import * as format from '../../../runtime-as/format.ts';

const BOTH = format.TENSOR_FITS_WINOGRAD | format.TENSOR_FITS_WINOGRAD_BEST;

/** Parameters of a 3x3 convolution with padding of 1, side x side. */
function layer(side: number, channels: number, outChannels: number, other: Readonly<Record<number, number>> = {}): number[] {
  const parameters = new Array<number>(format.CONV_INT8_PARAMETERS).fill(1);
  const extents = [format.CONV_IN_HEIGHT, format.CONV_IN_WIDTH, format.CONV_OUT_HEIGHT, format.CONV_OUT_WIDTH];
  for (const index of extents) parameters[index] = side;
  Object.assign(parameters, { [format.CONV_IN_CHANNELS]: channels, [format.CONV_OUT_CHANNELS]: outChannels });
  Object.assign(parameters, { [format.CONV_KERNEL_HEIGHT]: 3, [format.CONV_KERNEL_WIDTH]: 3 });
  return Object.assign(parameters, other);
}

function promised(parameters: readonly number[], weight = 1): number {
  const [channels, outChannels] = [parameters[format.CONV_IN_CHANNELS] as number, parameters[format.CONV_OUT_CHANNELS] as number];
  const weights = new Int8Array(9 * channels * outChannels).fill(weight);
  return winogradPromises(parameters, weights, new Int32Array(outChannels), new Float32Array(outChannels).fill(0.01));
}

describe('layers that are filtered', () => {
  // As measured by npm run bench:winograd.
  test.for([
    [8, 64, 64, BOTH],
    [28, 128, 128, BOTH],
    [16, 32, 32, BOTH],
    [32, 16, 16, format.TENSOR_FITS_WINOGRAD],
    [14, 64, 256, format.TENSOR_FITS_WINOGRAD],
    [10, 32, 32, format.TENSOR_FITS_WINOGRAD],
    [4, 64, 64, 0],
    [112, 3, 16, 0],
    [14, 256, 256, BOTH],
    [14, 256, 264, 0],
  ] as const)('%i x %i -> %i', ([side, channels, outChannels, promises]) => {
    expect(promised(layer(side, channels, outChannels))).toBe(promises);
  });

  test.for([
    ['stride', { [format.CONV_STRIDE_WIDTH]: 2 }],
    ['dilation', { [format.CONV_DILATION_HEIGHT]: 2 }],
    ['groups', { [format.CONV_GROUPS]: 2 }],
    ['other windows', { [format.CONV_KERNEL_WIDTH]: 1 }],
  ] as const)('none with %s', ([, other]) => {
    expect(promised(layer(16, 32, 32))).toBe(BOTH);
    expect(promised(layer(16, 32, 32, other))).toBe(0);
  });

  test('none whose sums may reach 2^25', () => {
    expect(promised(layer(16, 226, 32), 127)).toBe(BOTH);
    expect(promised(layer(16, 230, 32), 127)).toBe(0);
  });

  test('none whose bias or multipliers are computed while it runs', () => {
    const weights = new Int8Array(9 * 32 * 32);
    expect(winogradPromises(layer(16, 32, 32), weights, undefined, new Float32Array(32))).toBe(0);
  });
});

describe('exactness', () => {
  const exact = (weights: readonly number[], bias: number, multiplier = 0.01) =>
    isExact(Int8Array.from([...weights, 1, 1]), Int32Array.of(bias, 0), Float32Array.of(multiplier, 1));

  test('the bias counts, of either sign', () => {
    const most = 2 ** 25 - 1 - 128 * 227;
    for (const sign of [1, -1]) {
      expect(exact([127, -100], sign * most)).toBe(true);
      expect(exact([127, -100], sign * (most + 1))).toBe(false);
    }
  });

  test('multipliers must survive a division by 64', () => {
    expect(exact([1, 1], 0, 0)).toBe(true);
    expect(exact([1, 1], 0, 1.5 * 2 ** -120)).toBe(true);
    expect(exact([1, 1], 0, (1 + 2 ** -23) * 2 ** -121)).toBe(false);
  });
});
