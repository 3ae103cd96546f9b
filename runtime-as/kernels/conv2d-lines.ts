/**
 * What the rows of a matrix product are read from, for SIMD: the input itself, or in the workspace a copy of it with its
 * padding, so that no window looks at edges. Relaxed builds copy int8 as the form of the layer wants it
 * (microkernels/gemm-relaxed-simd.ts).
 */
import {
  CONV_BATCH,
  CONV_DILATION_HEIGHT,
  CONV_INPUT_ZERO_POINT,
  CONV_IN_CHANNELS,
  CONV_IN_HEIGHT,
  CONV_IN_WIDTH,
  CONV_KERNEL_HEIGHT,
  CONV_OUT_HEIGHT,
  CONV_OUT_WIDTH,
  CONV_PAD_LEFT,
  CONV_PAD_TOP,
  CONV_STRIDE_HEIGHT,
} from "../format";
import { times } from "../check";
import { stretchedBytes, stretchRun } from "../microkernels/gemm-relaxed-simd";
import { copyRun, fillRun } from "../microkernels/run-simd";
import { parameter } from "../step";
import { PAIRS, RELAXED } from "../variant";

/** As element type T: int8 whose weights are in blocks (conv2d-blocks.ts), packed from plain bytes in every build. */
export type InBlocks = u8;

// @ts-ignore: decorator
@inline
export function isInBlocks<T>(): bool {
  return isInteger<T>() && !isSigned<T>();
}

/** Whether rows are read from a copy in the form of the layer. */
// @ts-ignore: decorator
@inline
export function isStretched<T>(): bool {
  return RELAXED && isInteger<T>() && isSigned<T>();
}

/** Positions of an axis (0: height, 1: width) that the windows of `outputs` positions span, padding included. */
export function spanOf(step: usize, axis: i32, outputs: i32): i32 {
  return (
    (outputs - 1) * parameter(step, CONV_STRIDE_HEIGHT + axis) +
    (parameter(step, CONV_KERNEL_HEIGHT + axis) - 1) * parameter(step, CONV_DILATION_HEIGHT + axis) + 1
  );
}

/** Whether a window looks at padding. */
function hasPadding(step: usize, axis: i32): bool {
  const before = parameter(step, CONV_PAD_TOP + axis);
  return before > 0 || spanOf(step, axis, parameter(step, CONV_OUT_HEIGHT + axis)) - before > parameter(step, CONV_IN_HEIGHT + axis);
}

/** Whether rows are read from a copy. */
export function copiesLines<T>(step: usize): bool {
  return isStretched<T>() || hasPadding(step, 0) || hasPadding(step, 1);
}

/**
 * Output rows that are computed at a time, so that their lines stay in the first-level cache: all, or a multiple of the four
 * pixels of a product.
 */
export function stripRows(step: usize): i32 {
  const rows = 4 + 60 / parameter(step, CONV_OUT_WIDTH) / 4 * 4;
  return <i32>min<i64>(rows, <i64>parameter(step, CONV_BATCH) * parameter(step, CONV_OUT_HEIGHT));
}

/** Bytes of the copy, in the largest form, and of what copying may write behind it; saturated. */
export function linesBytes<T>(step: usize): i64 {
  const elementBytes = isFloat<T>() ? 4 : PAIRS && isStretched<T>() ? 2 : 1;
  const line = times(spanOf(step, 1, parameter(step, CONV_OUT_WIDTH)), parameter(step, CONV_IN_CHANNELS));
  return times(times(line, spanOf(step, 0, stripRows(step))), elementBytes) + 16;
}

/** Copies `elements` elements; in relaxed builds stretched. */
// @ts-ignore: decorator
@inline
export function copyElements<T>(form: i32, to: usize, from: usize, elements: i32, constants: usize): void {
  if (isStretched<T>()) stretchRun(form, to, from, elements, constants);
  else copyRun(to, from, <usize>elements * sizeof<T>());
}

/** Bytes of so many elements of the copy. */
// @ts-ignore: decorator
@inline
export function copiedBytes<T>(form: i32, elements: i32): usize {
  return isStretched<T>() ? stretchedBytes(form, elements) : <usize>elements * sizeof<T>();
}

/**
 * `lines` lines of an image of `height` lines, the first of which lies at line `first`, to `to`: as wide as the windows of a
 * row, padded with the zero point (float32: 0).
 */
export function copyLines<T>(step: usize, form: i32, constants: usize, image: usize, height: i32, first: i32, lines: i32, to: usize): void {
  const channels = parameter(step, CONV_IN_CHANNELS);
  const width = parameter(step, CONV_IN_WIDTH);
  const span = spanOf(step, 1, parameter(step, CONV_OUT_WIDTH));
  const left = min(parameter(step, CONV_PAD_LEFT), span);
  const inside = min(span - left, width);
  let fill = i8x16.splat(0);
  if (!isFloat<T>()) {
    fill = i8x16.splat(<i8>parameter(step, CONV_INPUT_ZERO_POINT));
    // Stretched once: filling then only copies.
    if (isStretched<T>()) {
      v128.store(to, fill);
      stretchRun(form, to, to, 8, constants);
      fill = v128.load(to);
    }
  }
  const leftBytes = copiedBytes<T>(form, left * channels);
  const insideBytes = copiedBytes<T>(form, inside * channels);
  const rightBytes = copiedBytes<T>(form, (span - left - inside) * channels);
  for (let h = first; h < first + lines; h++) {
    if (<u32>h >= <u32>height) {
      fillRun(to, fill, leftBytes + insideBytes + rightBytes);
    } else {
      fillRun(to, fill, leftBytes);
      copyElements<T>(form, to + leftBytes, image + <usize>(h * width * channels) * sizeof<T>(), inside * channels, constants);
      fillRun(to + leftBytes + insideBytes, fill, rightBytes);
    }
    to += leftBytes + insideBytes + rightBytes;
  }
}
