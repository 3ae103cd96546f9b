/**
 * Which int8 convolutions run by Winograd's minimal filtering in the browser (runtime-as/microkernels/winograd-simd.ts): those whose
 * bits stay the same, and which it makes quicker.
 */
import * as format from '../../runtime-as/format.ts';

/** Tiles that one product takes. */
const GROUP = 4;
/** Input channels times output channels from which the transformed weights, 8 times the plain ones, are not worth their memory: 4.7 MB. */
const LARGEST_MATRIX = 65_536;

/**
 * Multiply-accumulates of the direct convolution for each unit of time of this one. With C channels to O, both in blocks of 8, a group
 * of tiles takes C · O for the products, 5 C and 13 O for the transformations, at 2.73 ns for each such unit: on an AMD EPYC with AVX-VNNI
 * (Node 26) within 12 % of the quickest runs for all shapes of `npm run bench:winograd` but 4x4.
 */
const WORTH = 19;
/** There, direct convolutions in pairs make 15 per unit, in quads 20, in fours 32: at least a quarter is gained over those. */
const WORTH_OVER_FOURS = 40.5;

function upToEight(channels: number): number {
  return Math.ceil(channels / 8) * 8;
}

/** Whether the kernel has this window: 3x3, all steps 1, one group. */
function isWindow(parameters: readonly number[]): boolean {
  const ones = [
    format.CONV_STRIDE_HEIGHT,
    format.CONV_STRIDE_WIDTH,
    format.CONV_DILATION_HEIGHT,
    format.CONV_DILATION_WIDTH,
    format.CONV_GROUPS,
  ];
  return (
    parameters[format.CONV_KERNEL_HEIGHT] === 3 &&
    parameters[format.CONV_KERNEL_WIDTH] === 3 &&
    ones.every((index) => parameters[index] === 1)
  );
}

/** Direct multiply-accumulates for each unit of time (WORTH); batches are one image after the other. */
function gainOf(parameters: readonly number[]): number {
  const [height, width] = [parameters[format.CONV_OUT_HEIGHT] as number, parameters[format.CONV_OUT_WIDTH] as number];
  const [channels, outChannels] = [parameters[format.CONV_IN_CHANNELS] as number, parameters[format.CONV_OUT_CHANNELS] as number];
  const [c, o] = [upToEight(channels), upToEight(outChannels)];
  const groups = Math.ceil((Math.ceil(height / format.WINOGRAD_TILE) * Math.ceil(width / format.WINOGRAD_TILE)) / GROUP);
  return (height * width * channels * outChannels) / (groups * (c * o + 5 * c + 13 * o));
}

/**
 * Whether no sum of the layer reaches 2^25, where the kernel would lose its top bits, and dividing the multipliers loses none of theirs.
 * @param weights [outC, K] · bias [outC], the input's zero point folded in · multipliers [outC]
 */
export function isExact(weights: Int8Array, bias: Int32Array, multipliers: Float32Array): boolean {
  const depth = weights.length / bias.length;
  return bias.every((start, channel) => {
    const row = weights.subarray(channel * depth, (channel + 1) * depth);
    const most = row.reduce((sum, weight) => sum + 128 * Math.abs(weight), Math.abs(start));
    const multiplier = multipliers[channel] as number;
    return most < 2 ** 25 && Math.fround(multiplier / format.WINOGRAD_SCALE) * format.WINOGRAD_SCALE === multiplier;
  });
}

/**
 * TENSOR_FITS_WINOGRAD and TENSOR_FITS_WINOGRAD_BEST, where they hold.
 * @param parameters CONV_… of CONV2D_INT8; weights, bias and multipliers as in isExact, where they are constants
 */
export function winogradPromises(parameters: readonly number[], weights: Int8Array, bias: unknown, multipliers: unknown): number {
  if (!isWindow(parameters) || weights.length > 9 * LARGEST_MATRIX) return 0;
  const gain = gainOf(parameters);
  if (gain < WORTH || !(bias instanceof Int32Array && multipliers instanceof Float32Array && isExact(weights, bias, multipliers))) return 0;
  return format.TENSOR_FITS_WINOGRAD | (gain < WORTH_OVER_FOURS ? 0 : format.TENSOR_FITS_WINOGRAD_BEST);
}
