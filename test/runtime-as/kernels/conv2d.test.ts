import { describe, test } from 'vitest';
import { int8Variants } from '../../compiler/ops/op-case.ts';
import {
  type ConvolutionCase,
  expectEqualFloat32,
  expectExact,
  expectExactInt8,
  expectSurvivesDamage,
  quantizedConvolution,
} from './convolution-case.ts';

/** Output pixels around the tile of 4 rows, output channels around the block of 8, depth around pairs and steps of 8. */
function* tileEdges(): Generator<ConvolutionCase> {
  for (const width of [1, 2, 3, 4, 5, 9])
    for (const outChannels of [1, 7, 8, 9, 18])
      for (const channels of [1, 2, 7, 8, 11, 17]) yield { x: [1, 1, width, channels], outChannels, kernel: [1, 1] };
}

const windows: readonly (readonly [string, ConvolutionCase])[] = [
  ['3x3', { x: [1, 5, 6, 5], outChannels: 9, kernel: [3, 3] }],
  ['3x3 padded, 3 channels', { x: [1, 6, 6, 3], outChannels: 8, kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1] }],
  ['3x3 padded, stride 2', { x: [2, 9, 7, 16], outChannels: 12, kernel: [3, 3], stride: [2, 2], padBefore: [1, 1], padAfter: [1, 1] }],
  ['asymmetric padding', { x: [1, 5, 5, 4], outChannels: 5, kernel: [3, 3], padBefore: [0, 2], padAfter: [2, 0] }],
  ['padding wider than the input', { x: [1, 2, 2, 3], outChannels: 3, kernel: [3, 3], padBefore: [4, 5], padAfter: [4, 5] }],
  ['5x2, strides 3 and 1', { x: [1, 11, 6, 6], outChannels: 7, kernel: [5, 2], stride: [3, 1], padBefore: [2, 1], padAfter: [1, 1] }],
  ['dilated', { x: [1, 9, 10, 5], outChannels: 8, kernel: [3, 3], dilation: [2, 3], padBefore: [2, 3], padAfter: [2, 3] }],
  ['4 groups', { x: [2, 5, 5, 12], outChannels: 20, kernel: [3, 3], groups: 4, padBefore: [1, 1], padAfter: [1, 1] }],
  ['1x1 groups', { x: [1, 3, 3, 9], outChannels: 6, kernel: [1, 1], groups: 3 }],
  ['depth multiplier', { x: [1, 4, 5, 3], outChannels: 6, kernel: [3, 3], groups: 3, padBefore: [1, 1], padAfter: [1, 1] }],
  ['1x1, stride 2', { x: [2, 7, 5, 9], outChannels: 10, kernel: [1, 1], stride: [2, 2] }],
  ['1x1, padded', { x: [1, 3, 3, 4], outChannels: 8, kernel: [1, 1], padBefore: [1, 1], padAfter: [1, 1] }],
  ['row kernel', { x: [2, 1, 21, 6], outChannels: 9, kernel: [1, 5], padBefore: [0, 2], padAfter: [0, 2] }],
  ['row kernel, dilated', { x: [1, 1, 21, 6], outChannels: 9, kernel: [1, 3], dilation: [1, 4], padBefore: [0, 4], padAfter: [0, 4] }],
  ['column kernel', { x: [1, 13, 2, 6], outChannels: 9, kernel: [7, 1], padBefore: [3, 0], padAfter: [3, 0] }],
  ['kernel of the input', { x: [3, 4, 4, 5], outChannels: 10, kernel: [4, 4] }],
  ['strips of rows, stride 2', { x: [2, 21, 35, 4], outChannels: 9, kernel: [3, 3], stride: [2, 2], padBefore: [1, 1], padAfter: [1, 1] }],
  ['strips of rows, 3 channels', { x: [2, 10, 18, 3], outChannels: 8, kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1] }],
  ['lines of three images', { x: [3, 5, 19, 5], outChannels: 7, kernel: [1, 1] }],
  ['rows of a batch', { x: [71, 1, 1, 5], outChannels: 9, kernel: [1, 1] }],
  ['long depth', { x: [1, 1, 5, 1030], outChannels: 17, kernel: [1, 1] }],
  ['one row of long depth', { x: [1, 1, 1, 1281], outChannels: 33, kernel: [1, 1] }],
];

describe('Conv2d int8', () => {
  test('around every edge of the tile', async () => {
    for (const convolution of tileEdges()) await expectExact(quantizedConvolution(convolution), int8Variants);
  });

  test.for(windows)('%s', ([, convolution]) => expectExactInt8(convolution));

  test.for([-128, 0, 127])('zero points %i', async (zeroPoint) => {
    const convolution = { x: [1, 5, 7, 5], outChannels: 10, kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1] } as const;
    await expectExactInt8({ ...convolution, inputZeroPoint: zeroPoint, outputZeroPoint: 0 });
    await expectExactInt8({ ...convolution, inputZeroPoint: 0, outputZeroPoint: zeroPoint });
  });

  test('a fused activation clamps', () =>
    expectExactInt8({ x: [1, 4, 7, 8], outChannels: 11, kernel: [1, 1], outputZeroPoint: -100, clampInt8: [-100, 20] }));
});

describe('Conv2d float32', () => {
  test('around every edge of the tile', async () => {
    for (const convolution of tileEdges()) await expectEqualFloat32(convolution);
  });

  test.for(windows)('%s', ([, convolution]) => expectEqualFloat32(convolution));
});

test('damaged parameters are refused or harmless', () =>
  expectSurvivesDamage({
    x: [2, 5, 7, 6],
    outChannels: 10,
    kernel: [3, 2],
    groups: 2,
    dilation: [1, 2],
    padBefore: [1, 0],
    padAfter: [0, 2],
  }));
