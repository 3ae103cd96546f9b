/**
 * int8 matrix product for cores without DSP instructions: one or two columns x 4 channels, byte by byte.
 *
 *     columns  [K][1 or 2 columns] int8; K is even, what lies behind the last run is anything
 *     block    4 biases int32 · 4 multipliers float32 · [K][4 channels] int8
 */
import { multiplyAdd } from "./board";
import { COLUMN_BLOCK_HEADER_BYTES, finishChannels, highLimit, lowLimit, outputZeroPoint } from "./columns-finish";

/** Offset of a weight in its run's part of a block. */
export function weightOffsetScalar(i: i32, channel: i32): usize {
  return (<usize>i << 2) + channel;
}

/** Copies `count` int8; elements of the column lie `step` bytes apart. Returns where the next run begins. */
export function copyRunScalar(to: usize, from: usize, count: i32, step: usize): usize {
  for (let i = count >> 2; i > 0; i--, from += 4) {
    store<i8>(to, load<i8>(from));
    to += step;
    store<i8>(to, load<i8>(from, 1));
    to += step;
    store<i8>(to, load<i8>(from, 2));
    to += step;
    store<i8>(to, load<i8>(from, 3));
    to += step;
  }
  for (let i = count & 3; i > 0; i--, from++, to += step) store<i8>(to, load<i8>(from));
  return to;
}

export function fillRunScalar(to: usize, value: i32, count: i32, step: usize): usize {
  for (; count > 0; count--, to += step) store<i8>(to, value);
  return to;
}

/** Writes `count` int8 of each of `runs` runs that lie `runBytes` apart. */
export function copyRunsScalar(to: usize, from: usize, count: i32, runs: i32, runBytes: usize, step: usize): void {
  for (; runs > 0; runs--, from += runBytes) to = copyRunScalar(to, from, count, step);
}

/** Two columns x all channels; `parameters` are those of the convolution, `rowBytes` lie between their outputs. */
export function multiplyColumns2Scalar(columns: usize, k: i32, block: usize, channels: i32, parameters: usize, y: usize, rowBytes: usize): void {
  const end = columns + (<usize>k << 1);
  const zeroPoint = outputZeroPoint(parameters);
  const low = lowLimit(parameters);
  const high = highLimit(parameters);
  for (; channels > 0; channels -= 4, y += 4) {
    let a0 = load<i32>(block), b0 = load<i32>(block, 4), c0 = load<i32>(block, 8), d0 = load<i32>(block, 12);
    let a1 = a0, b1 = b0, c1 = c0, d1 = d0;
    let w = block + COLUMN_BLOCK_HEADER_BYTES;
    for (let x = columns; x < end; x += 4, w += 8) {
      // In this order at most 13 values live at a time.
      let x0 = <i32>load<i8>(x), x1 = <i32>load<i8>(x, 1);
      let weight = <i32>load<i8>(w);
      a0 = multiplyAdd(weight, x0, a0);
      a1 = multiplyAdd(weight, x1, a1);
      weight = load<i8>(w, 1);
      b0 = multiplyAdd(weight, x0, b0);
      b1 = multiplyAdd(weight, x1, b1);
      weight = load<i8>(w, 2);
      c0 = multiplyAdd(weight, x0, c0);
      c1 = multiplyAdd(weight, x1, c1);
      weight = load<i8>(w, 3);
      d0 = multiplyAdd(weight, x0, d0);
      d1 = multiplyAdd(weight, x1, d1);
      x0 = load<i8>(x, 2);
      x1 = load<i8>(x, 3);
      weight = load<i8>(w, 4);
      a0 = multiplyAdd(weight, x0, a0);
      a1 = multiplyAdd(weight, x1, a1);
      weight = load<i8>(w, 5);
      b0 = multiplyAdd(weight, x0, b0);
      b1 = multiplyAdd(weight, x1, b1);
      weight = load<i8>(w, 6);
      c0 = multiplyAdd(weight, x0, c0);
      c1 = multiplyAdd(weight, x1, c1);
      weight = load<i8>(w, 7);
      d0 = multiplyAdd(weight, x0, d0);
      d1 = multiplyAdd(weight, x1, d1);
    }
    const ma = load<f32>(block, 16), mb = load<f32>(block, 20), mc = load<f32>(block, 24), md = load<f32>(block, 28);
    finishChannels(y, channels, a0, b0, c0, d0, ma, mb, mc, md, zeroPoint, low, high);
    finishChannels(y + rowBytes, channels, a1, b1, c1, d1, ma, mb, mc, md, zeroPoint, low, high);
    block = w;
  }
}

export function multiplyColumnScalar(column: usize, k: i32, block: usize, channels: i32, parameters: usize, y: usize): void {
  const end = column + k;
  const zeroPoint = outputZeroPoint(parameters);
  const low = lowLimit(parameters);
  const high = highLimit(parameters);
  for (; channels > 0; channels -= 4, y += 4) {
    let a = load<i32>(block), b = load<i32>(block, 4), c = load<i32>(block, 8), d = load<i32>(block, 12);
    let w = block + COLUMN_BLOCK_HEADER_BYTES;
    for (let x = column; x < end; x += 2, w += 8) {
      let value = <i32>load<i8>(x);
      a = multiplyAdd(load<i8>(w), value, a);
      b = multiplyAdd(load<i8>(w, 1), value, b);
      c = multiplyAdd(load<i8>(w, 2), value, c);
      d = multiplyAdd(load<i8>(w, 3), value, d);
      value = load<i8>(x, 1);
      a = multiplyAdd(load<i8>(w, 4), value, a);
      b = multiplyAdd(load<i8>(w, 5), value, b);
      c = multiplyAdd(load<i8>(w, 6), value, c);
      d = multiplyAdd(load<i8>(w, 7), value, d);
    }
    const ma = load<f32>(block, 16), mb = load<f32>(block, 20), mc = load<f32>(block, 24), md = load<f32>(block, 28);
    finishChannels(y, channels, a, b, c, d, ma, mb, mc, md, zeroPoint, low, high);
    block = w;
  }
}
