/**
 * int8 matrix product for the DSP extension: one or two columns x 4 channels, SMLAD on pairs of K.
 *
 * Runs of K that lie contiguous in the input are widened four at a time, elements 0 and 2 in one word, 1 and 3 in the
 * next, as SXTB16 leaves them; what is left of a run follows in its order, padded to a pair.
 *
 *     columns  [K / 2][1 or 2 columns][2] int16; K is a multiple of 4, what lies behind the last run is anything
 *     block    4 biases int32 · 4 multipliers float32 · [K / 2] of (channels 0, 1: a pair of K) · (channels 2, 3), int8
 */
import { COLUMN_BLOCK_HEADER_BYTES, finishChannels, highLimit, lowLimit, outputZeroPoint } from "./columns-finish";
import { smlad, sxtb16, sxtb16Ror8 } from "./dsp";

/** Elements that a run of `count` occupies in a column. */
export function paddedRunDsp(count: i32): i32 {
  return (count + 1) & ~1;
}

/** Where element `i` of a run of `count` stands in the widened run. */
// @ts-ignore: decorator
@inline
function position(i: i32, count: i32): i32 {
  return i < (count & ~3) ? (i & ~3) + ((i & 1) << 1) + ((i >> 1) & 1) : i;
}

/** Offset of a weight in its run's part of a block. */
export function weightOffsetDsp(i: i32, count: i32, channel: i32): usize {
  const at = position(i, count);
  return (<usize>(at >> 1) << 3) + (<usize>(channel >> 1) << 2) + (<usize>(at & 1) << 1) + (channel & 1);
}

/** Widens `count` int8; words of the column lie `step` bytes apart. Returns where the next run begins. */
export function widenRunDsp(to: usize, from: usize, count: i32, step: usize): usize {
  for (let i = count >> 2; i > 0; i--, from += 4) {
    const bytes = load<i32>(from, 0, 1);
    store<i32>(to, sxtb16(bytes));
    to += step;
    store<i32>(to, sxtb16Ror8(bytes));
    to += step;
  }
  for (let i = count & 3; i > 0; i -= 2, from += 2, to += step) {
    const second = i > 1 ? <i32>load<i8>(from, 1) : 0;
    store<i32>(to, (<i32>load<i8>(from) & 0xffff) | (second << 16));
  }
  return to;
}

export function fillRunDsp(to: usize, value: i32, count: i32, step: usize): usize {
  const pair = (value & 0xffff) | (value << 16);
  for (let i = (count + 1) >> 1; i > 0; i--, to += step) store<i32>(to, pair);
  return to;
}

/** Writes `count` int8 of each of `runs` runs that lie `runBytes` apart. */
export function widenRunsDsp(to: usize, from: usize, count: i32, runs: i32, runBytes: usize, step: usize): void {
  for (; runs > 0; runs--, from += runBytes) to = widenRunDsp(to, from, count, step);
}

/** Two columns x all channels; `parameters` are those of the convolution, `rowBytes` lie between their outputs. */
export function multiplyColumns2Dsp(columns: usize, k: i32, block: usize, channels: i32, parameters: usize, y: usize, rowBytes: usize): void {
  const end = columns + (<usize>k << 2);
  const zeroPoint = outputZeroPoint(parameters);
  const low = lowLimit(parameters);
  const high = highLimit(parameters);
  for (; channels > 0; channels -= 4, y += 4) {
    let a0 = load<i32>(block), b0 = load<i32>(block, 4), c0 = load<i32>(block, 8), d0 = load<i32>(block, 12);
    let a1 = a0, b1 = b0, c1 = c0, d1 = d0;
    let w = block + COLUMN_BLOCK_HEADER_BYTES;
    for (let x = columns; x < end; x += 16, w += 16) {
      // In this order at most 14 values live at a time.
      let x0 = load<i32>(x), x1 = load<i32>(x, 4);
      let bytes = load<i32>(w);
      let pair = sxtb16(bytes);
      a0 = smlad(pair, x0, a0);
      a1 = smlad(pair, x1, a1);
      pair = sxtb16Ror8(bytes);
      b0 = smlad(pair, x0, b0);
      b1 = smlad(pair, x1, b1);
      bytes = load<i32>(w, 4);
      pair = sxtb16(bytes);
      c0 = smlad(pair, x0, c0);
      c1 = smlad(pair, x1, c1);
      pair = sxtb16Ror8(bytes);
      d0 = smlad(pair, x0, d0);
      d1 = smlad(pair, x1, d1);
      x0 = load<i32>(x, 8);
      x1 = load<i32>(x, 12);
      bytes = load<i32>(w, 8);
      pair = sxtb16(bytes);
      a0 = smlad(pair, x0, a0);
      a1 = smlad(pair, x1, a1);
      pair = sxtb16Ror8(bytes);
      b0 = smlad(pair, x0, b0);
      b1 = smlad(pair, x1, b1);
      bytes = load<i32>(w, 12);
      pair = sxtb16(bytes);
      c0 = smlad(pair, x0, c0);
      c1 = smlad(pair, x1, c1);
      pair = sxtb16Ror8(bytes);
      d0 = smlad(pair, x0, d0);
      d1 = smlad(pair, x1, d1);
    }
    const ma = load<f32>(block, 16), mb = load<f32>(block, 20), mc = load<f32>(block, 24), md = load<f32>(block, 28);
    finishChannels(y, channels, a0, b0, c0, d0, ma, mb, mc, md, zeroPoint, low, high);
    finishChannels(y + rowBytes, channels, a1, b1, c1, d1, ma, mb, mc, md, zeroPoint, low, high);
    block = w;
  }
}

export function multiplyColumnDsp(column: usize, k: i32, block: usize, channels: i32, parameters: usize, y: usize): void {
  const end = column + (<usize>k << 1);
  const zeroPoint = outputZeroPoint(parameters);
  const low = lowLimit(parameters);
  const high = highLimit(parameters);
  for (; channels > 0; channels -= 4, y += 4) {
    let a = load<i32>(block), b = load<i32>(block, 4), c = load<i32>(block, 8), d = load<i32>(block, 12);
    let w = block + COLUMN_BLOCK_HEADER_BYTES;
    for (let x = column; x < end; x += 8, w += 16) {
      const x0 = load<i32>(x), x1 = load<i32>(x, 4);
      let first = load<i32>(w), second = load<i32>(w, 4);
      a = smlad(sxtb16(first), x0, a);
      b = smlad(sxtb16Ror8(first), x0, b);
      c = smlad(sxtb16(second), x0, c);
      d = smlad(sxtb16Ror8(second), x0, d);
      first = load<i32>(w, 8);
      second = load<i32>(w, 12);
      a = smlad(sxtb16(first), x1, a);
      b = smlad(sxtb16Ror8(first), x1, b);
      c = smlad(sxtb16(second), x1, c);
      d = smlad(sxtb16Ror8(second), x1, d);
    }
    const ma = load<f32>(block, 16), mb = load<f32>(block, 20), mc = load<f32>(block, 24), md = load<f32>(block, 28);
    finishChannels(y, channels, a, b, c, d, ma, mb, mc, md, zeroPoint, low, high);
    block = w;
  }
}
