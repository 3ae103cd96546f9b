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

type Depthwise = Omit<ConvolutionCase, 'outChannels' | 'groups'>;

function depthwise(convolution: Depthwise): ConvolutionCase {
  const channels = convolution.x[3] as number;
  return { ...convolution, outChannels: channels, groups: channels };
}

/** Output columns around the tiles of 4 to 1, channels around the vectors of 4 and 8, and pairs of blocks of 8. */
function* tileEdges(): Generator<Depthwise> {
  for (const width of [1, 2, 3, 4, 5, 6, 7, 8, 9])
    for (const channels of [2, 3, 4, 5, 7, 8, 9, 16, 17, 31])
      for (const stride of [1, 2])
        yield { x: [1, 3, width, channels], kernel: [3, 3], stride: [stride, stride], padBefore: [1, 1], padAfter: [1, 1] };
}

const windows: readonly (readonly [string, Depthwise])[] = [
  ['3x3 without padding', { x: [1, 7, 9, 8], kernel: [3, 3] }],
  ['two images', { x: [2, 6, 6, 10], kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1] }],
  ['stride 2, odd input', { x: [2, 9, 11, 16], kernel: [3, 3], stride: [2, 2], padBefore: [1, 1], padAfter: [1, 1] }],
  ['3x3, one output row', { x: [2, 3, 5, 40], kernel: [3, 3], padBefore: [0, 1], padAfter: [0, 1] }],
  ['3x3, a larger image', { x: [2, 26, 25, 65], kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1] }],
  ['stride 2, a larger image', { x: [1, 27, 31, 65], kernel: [3, 3], stride: [2, 2], padBefore: [1, 1], padAfter: [1, 1] }],
  ['3x3, long rows', { x: [1, 5, 210, 8], kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1] }],
  ['3x3, rows in parts', { x: [2, 5, 75, 130], kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1] }],
  ['stride 2, rows in parts', { x: [1, 6, 77, 130], kernel: [3, 3], stride: [2, 2], padBefore: [1, 1], padAfter: [1, 1] }],
  ['3x3, padding wider than a part', { x: [1, 3, 2, 130], kernel: [3, 3], padBefore: [0, 70], padAfter: [0, 40] }],
  ['3x3, strides 3 and 2', { x: [1, 14, 9, 9], kernel: [3, 3], stride: [3, 2], padBefore: [2, 0], padAfter: [0, 2] }],
  ['3x3, strides 3 and 2, a larger image', { x: [2, 44, 16, 65], kernel: [3, 3], stride: [3, 2], padBefore: [2, 0], padAfter: [0, 2] }],
  ['3x3, stride 3', { x: [1, 10, 13, 9], kernel: [3, 3], stride: [1, 3] }],
  ['stride 2, pads of SAME_UPPER', { x: [1, 8, 8, 9], kernel: [3, 3], stride: [2, 2], padAfter: [1, 1] }],
  ['stride 2, pads of SAME_UPPER, a larger image', { x: [2, 28, 26, 65], kernel: [3, 3], stride: [2, 2], padAfter: [1, 1] }],
  ['strides 3 and 4 with a 2x2 kernel', { x: [1, 10, 13, 6], kernel: [2, 2], stride: [3, 4] }],
  ['5x5', { x: [1, 8, 9, 12], kernel: [5, 5], padBefore: [2, 2], padAfter: [2, 2] }],
  ['5x5, stride 2', { x: [1, 8, 9, 12], kernel: [5, 5], stride: [2, 2], padBefore: [1, 2], padAfter: [2, 1] }],
  ['1x1', { x: [1, 3, 5, 11], kernel: [1, 1] }],
  ['row kernel', { x: [2, 1, 20, 9], kernel: [1, 9], padBefore: [0, 4], padAfter: [0, 4] }],
  ['column kernel', { x: [1, 20, 1, 9], kernel: [10, 1], padBefore: [4, 0], padAfter: [5, 0] }],
  ['kernel of the input', { x: [1, 7, 7, 6], kernel: [7, 7] }],
  ['dilated', { x: [1, 9, 10, 5], kernel: [3, 3], dilation: [2, 3], padBefore: [2, 3], padAfter: [2, 3] }],
  ['dilated and strided', { x: [2, 12, 13, 5], kernel: [3, 3], stride: [2, 3], dilation: [3, 2], padBefore: [3, 2], padAfter: [3, 2] }],
  ['even kernel, asymmetric padding', { x: [1, 6, 7, 8], kernel: [4, 2], padBefore: [3, 0], padAfter: [0, 1] }],
  ['8 channels, padding wider than the input', { x: [1, 2, 2, 8], kernel: [3, 3], padBefore: [4, 5], padAfter: [4, 5] }],
  ['padding wider than the input', { x: [1, 2, 2, 3], kernel: [3, 3], padBefore: [4, 5], padAfter: [4, 5] }],
];

describe('depthwise int8', () => {
  test('around every edge of the tile', async () => {
    for (const convolution of tileEdges())
      await expectExact(quantizedConvolution(depthwise(convolution)), [...int8Variants, 'SDOT', 'PMADDUBSW']);
  });

  test.for(windows)('%s', ([, convolution]) => expectExactInt8(depthwise(convolution)));

  test.for([-128, 0, 127])('zero points %i', async (zeroPoint) => {
    const convolution = depthwise({ x: [1, 5, 7, 10], kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1] });
    await expectExactInt8({ ...convolution, inputZeroPoint: zeroPoint, outputZeroPoint: 0 });
    await expectExactInt8({ ...convolution, inputZeroPoint: 0, outputZeroPoint: zeroPoint });
  });

  test('a fused activation clamps', () =>
    expectExactInt8({ ...depthwise({ x: [1, 5, 5, 9], kernel: [3, 3] }), outputZeroPoint: -100, clampInt8: [-100, 20] }));
});

describe('depthwise float32', () => {
  test('around every edge of the tile', async () => {
    for (const convolution of tileEdges()) await expectEqualFloat32(depthwise(convolution));
  });

  test.for(windows)('%s', ([, convolution]) => expectEqualFloat32(depthwise(convolution)));
});

test('damaged parameters are refused or harmless', () =>
  expectSurvivesDamage(depthwise({ x: [2, 6, 7, 9], kernel: [3, 2], stride: [1, 2], padBefore: [1, 0], padAfter: [0, 2] })));

test('damaged parameters of a 3x3 window are refused or harmless', () =>
  expectSurvivesDamage(depthwise({ x: [2, 6, 7, 9], kernel: [3, 3], stride: [1, 2], padBefore: [1, 0], padAfter: [0, 2] })));
