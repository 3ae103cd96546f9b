/** The sliding window that convolutions and pools share: kernel, stride, dilation, padding; index 0 is height, 1 is width. */
import type { OnnxNode } from '../onnx/node.ts';

type Pair = readonly [number, number];

export interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
  readonly padBefore: Pair;
  readonly padAfter: Pair;
}

/** Output positions along one axis, rounded down; `ceil` rounds up as ONNX's ceil_mode does. */
export function outputExtent(input: number, window: Window, axis: 0 | 1, ceil = false): number {
  const covered = window.dilation[axis] * (window.kernel[axis] - 1) + 1;
  const steps = (input + window.padBefore[axis] + window.padAfter[axis] - covered) / window.stride[axis];
  const extent = (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
  // A window that would start in the padding behind the input does not count (as in ONNX Runtime).
  return ceil && (extent - 1) * window.stride[axis] >= input + window.padBefore[axis] ? extent - 1 : extent;
}

/** Lifts a 1-D list to [height 1, width]. */
function pair(values: readonly number[], fill: number): Pair {
  return values.length === 1 ? [fill, values[0] as number] : [values[0] as number, values[1] as number];
}

/** auto_pad SAME: as many outputs as ceil(input / stride). */
function samePadding(input: number, kernel: number, stride: number, dilation: number, upper: boolean): Pair {
  const total = Math.max(0, (Math.ceil(input / stride) - 1) * stride + dilation * (kernel - 1) + 1 - input);
  const small = Math.floor(total / 2);
  return upper ? [small, total - small] : [total - small, small];
}

/** Reads strides, dilations, pads and auto_pad of a node over `input` (its spatial extents, one or two). */
export function windowOf(node: OnnxNode, input: readonly number[], kernel: readonly number[]): Window {
  const ones = kernel.map(() => 1);
  const stride = node.ints('strides') ?? ones;
  const dilation = node.ints('dilations') ?? ones;
  const autoPad = node.string('auto_pad', 'NOTSET');
  let before = kernel.map(() => 0);
  let after = kernel.map(() => 0);
  if (autoPad === 'SAME_UPPER' || autoPad === 'SAME_LOWER') {
    const pads = kernel.map((extent, i) =>
      samePadding(input[i] as number, extent, stride[i] as number, dilation[i] as number, autoPad === 'SAME_UPPER'),
    );
    before = pads.map((pad) => pad[0]);
    after = pads.map((pad) => pad[1]);
  } else if (autoPad === 'NOTSET') {
    const pads = node.ints('pads') ?? [...before, ...after];
    before = pads.slice(0, kernel.length);
    after = pads.slice(kernel.length);
  }
  if ([...before, ...after].some((pad) => pad < 0))
    throw node.unsupported(`negative pads [${before}, ${after}]`, 'crop with Slice instead');
  return {
    kernel: pair(kernel, 1),
    stride: pair(stride, 1),
    dilation: pair(dilation, 1),
    padBefore: pair(before, 0),
    padAfter: pair(after, 0),
  };
}

/** The same as attributes of an ONNX node on values of this rank: one spatial axis, or two. */
export function windowAttributes({ kernel, stride, dilation, padBefore, padAfter }: Window, rank: number): Record<string, number[]> {
  const spatial = (pair: Pair) => (rank === 3 ? [pair[1]] : [...pair]);
  return {
    kernel_shape: spatial(kernel),
    strides: spatial(stride),
    dilations: spatial(dilation),
    pads: [...spatial(padBefore), ...spatial(padAfter)],
  };
}
