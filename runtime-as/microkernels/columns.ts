/**
 * int8 matrix product of one or two columns of K for boards. The columns are interleaved unit by unit; layouts are drawn in
 * columns-dsp.ts and columns-scalar.ts.
 */
import { DSP } from "../variant";
import { fillRunDsp, multiplyColumnDsp, multiplyColumns2Dsp, paddedRunDsp, weightOffsetDsp, widenRunDsp, widenRunsDsp } from "./columns-dsp";
import { copyRunScalar, copyRunsScalar, fillRunScalar, multiplyColumnScalar, multiplyColumns2Scalar, weightOffsetScalar } from "./columns-scalar";

/** Bytes of a unit: what of one column lies together before the other column follows. */
export const COLUMN_UNIT_BYTES: i32 = DSP ? 4 : 1;
export const COLUMN_ELEMENT_BYTES: i32 = DSP ? 2 : 1;
/** A run of a multiple of so many elements may be written in parts of such multiples. */
export const COLUMN_RUN_ELEMENTS: i32 = DSP ? 4 : 1;

/** A column's elements are a multiple of this: the product takes two steps at a time. */
export const COLUMN_MULTIPLE: i32 = DSP ? 4 : 2;

/** Elements that a run of `count` occupies in a column. */
// @ts-ignore: decorator
@inline
export function paddedRun(count: i32): i32 {
  return DSP ? paddedRunDsp(count) : count;
}

/** Offset of weight `i` of a run of `count` in its run's part of a block of 4 channels. */
// @ts-ignore: decorator
@inline
export function weightOffset(i: i32, count: i32, channel: i32): usize {
  return DSP ? weightOffsetDsp(i, count, channel) : weightOffsetScalar(i, channel);
}

/** Writes `count` elements from `from` to a column whose units lie `step` bytes apart. Returns where the next run begins. */
// @ts-ignore: decorator
@inline
export function writeRun(to: usize, from: usize, count: i32, step: usize): usize {
  return DSP ? widenRunDsp(to, from, count, step) : copyRunScalar(to, from, count, step);
}

/** Writes `runs` runs of `count` elements that lie `runBytes` apart. */
// @ts-ignore: decorator
@inline
export function writeRuns(to: usize, from: usize, count: i32, runs: i32, runBytes: usize, step: usize): void {
  if (DSP) widenRunsDsp(to, from, count, runs, runBytes, step);
  else copyRunsScalar(to, from, count, runs, runBytes, step);
}

/** Writes `count` times `value`. */
// @ts-ignore: decorator
@inline
export function fillRun(to: usize, value: i32, count: i32, step: usize): usize {
  return DSP ? fillRunDsp(to, value, count, step) : fillRunScalar(to, value, count, step);
}

/** Two columns x all channels; `parameters` are those of the convolution, `rowBytes` lie between their outputs. */
// @ts-ignore: decorator
@inline
export function multiplyColumns2(columns: usize, k: i32, block: usize, channels: i32, parameters: usize, y: usize, rowBytes: usize): void {
  if (DSP) multiplyColumns2Dsp(columns, k, block, channels, parameters, y, rowBytes);
  else multiplyColumns2Scalar(columns, k, block, channels, parameters, y, rowBytes);
}

// @ts-ignore: decorator
@inline
export function multiplyColumn(column: usize, k: i32, block: usize, channels: i32, parameters: usize, y: usize): void {
  if (DSP) multiplyColumnDsp(column, k, block, channels, parameters, y);
  else multiplyColumnScalar(column, k, block, channels, parameters, y);
}
