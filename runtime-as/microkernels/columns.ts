/**
 * int8 matrix product of one or two columns of K for boards. Two columns are interleaved unit by unit, or (MVE) lie one after
 * the other; the layouts are drawn in columns-dsp.ts, columns-mve.ts and columns-scalar.ts.
 */
import { DSP, MVE } from "../variant";
import { fillRunDsp, multiplyColumnDsp, multiplyColumns2Dsp, paddedRunDsp, weightOffsetDsp, widenRunDsp, widenRunsDsp } from "./columns-dsp";
import { copyRunMve, copyRunsMve, fillRunMve, multiplyColumnMve, multiplyColumns2Mve, weightOffsetMve } from "./columns-mve";
import { copyRunScalar, copyRunsScalar, fillRunScalar, multiplyColumnScalar, multiplyColumns2Scalar, weightOffsetScalar } from "./columns-scalar";

/** Bytes of a unit: what of one column lies together before the other column follows; 0: the whole column. */
export const COLUMN_UNIT_BYTES: i32 = MVE ? 0 : DSP ? 4 : 1;
export const COLUMN_ELEMENT_BYTES: i32 = DSP ? 2 : 1;
/** A run of a multiple of so many elements may be written in parts of such multiples. */
export const COLUMN_RUN_ELEMENTS: i32 = DSP ? 4 : 1;
/** A column's elements are a multiple of this. */
export const COLUMN_MULTIPLE: i32 = MVE ? 1 : DSP ? 4 : 2;
/** Bytes behind the weights that the product may read. */
export const COLUMN_WEIGHTS_BEHIND: i32 = MVE ? 16 : 0;

/** Elements that a run of `count` occupies in a column. */
// @ts-ignore: decorator
@inline
export function paddedRun(count: i32): i32 {
  return DSP ? paddedRunDsp(count) : count;
}

/** Offset of weight `i` of run `run`, of `count` elements, behind the header of a block of 4 channels; k: elements of a column. */
// @ts-ignore: decorator
@inline
export function weightOffset(run: i32, i: i32, count: i32, k: i32, channel: i32): usize {
  if (MVE) return weightOffsetMve(run * count + i, k, channel);
  return <usize>((run * paddedRun(count)) << 2) + (DSP ? weightOffsetDsp(i, count, channel) : weightOffsetScalar(i, channel));
}

/** Writes `count` elements from `from` to a column whose units lie `step` bytes apart. Returns where the next run begins. */
// @ts-ignore: decorator
@inline
export function writeRun(to: usize, from: usize, count: i32, step: usize): usize {
  if (MVE) return copyRunMve(to, from, count);
  return DSP ? widenRunDsp(to, from, count, step) : copyRunScalar(to, from, count, step);
}

/** Writes `runs` runs of `count` elements that lie `runBytes` apart. */
// @ts-ignore: decorator
@inline
export function writeRuns(to: usize, from: usize, count: i32, runs: i32, runBytes: usize, step: usize): void {
  if (MVE) copyRunsMve(to, from, count, runs, runBytes);
  else if (DSP) widenRunsDsp(to, from, count, runs, runBytes, step);
  else copyRunsScalar(to, from, count, runs, runBytes, step);
}

/** Writes `count` times `value`. */
// @ts-ignore: decorator
@inline
export function fillRun(to: usize, value: i32, count: i32, step: usize): usize {
  if (MVE) return fillRunMve(to, value, count);
  return DSP ? fillRunDsp(to, value, count, step) : fillRunScalar(to, value, count, step);
}

/**
 * Two columns x all channels; `parameters` are those of the convolution, `rowBytes` lie between their outputs. Interleaved
 * columns are given by the first.
 */
// @ts-ignore: decorator
@inline
export function multiplyColumns2(
  column0: usize, column1: usize, k: i32, block: usize, channels: i32, parameters: usize, y: usize, rowBytes: usize,
): void {
  if (MVE) multiplyColumns2Mve(column0, column1, k, block, channels, parameters, y, rowBytes);
  else if (DSP) multiplyColumns2Dsp(column0, k, block, channels, parameters, y, rowBytes);
  else multiplyColumns2Scalar(column0, k, block, channels, parameters, y, rowBytes);
}

// @ts-ignore: decorator
@inline
export function multiplyColumn(column: usize, k: i32, block: usize, channels: i32, parameters: usize, y: usize): void {
  if (MVE) multiplyColumnMve(column, k, block, channels, parameters, y);
  else if (DSP) multiplyColumnDsp(column, k, block, channels, parameters, y);
  else multiplyColumnScalar(column, k, block, channels, parameters, y);
}
