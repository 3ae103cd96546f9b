/**
 * The largest (or smallest) element of a window for each of `channels` neighbouring elements. The taps of the window are
 * `rows` x `columns`, `rowBytes` and `columnBytes` apart, the first at `from`; a window without taps gives the lowest
 * (largest) number there is.
 */
import { PACKED, SIMD } from "../variant";
import { max8, min8, splat8 } from "./dsp";

// @ts-ignore: decorator
@inline
function extremeVector<T>(y: usize, from: usize, rows: i32, columns: i32, rowBytes: usize, columnBytes: usize, isMin: bool): void {
  let extreme = isInteger<T>() ? i8x16.splat(isMin ? 127 : -128) : f32x4.splat(isMin ? Infinity : -Infinity);
  for (let r = 0; r < rows; r++, from += rowBytes) {
    let at = from;
    for (let c = 0; c < columns; c++, at += columnBytes) {
      const x = v128.load(at);
      extreme = isMin ? v128.min<T>(extreme, x) : v128.max<T>(extreme, x);
    }
  }
  v128.store(y, extreme);
}

// @ts-ignore: decorator
@inline
function extremeFour(y: usize, from: usize, rows: i32, columns: i32, rowBytes: usize, columnBytes: usize, isMin: bool): void {
  let extreme = splat8(isMin ? 127 : -128);
  for (let r = rows; r > 0; r--, from += rowBytes) {
    let at = from;
    for (let c = columns; c > 0; c--, at += columnBytes) {
      const x = load<i32>(at, 0, 1);
      extreme = isMin ? min8(extreme, x) : max8(extreme, x);
    }
  }
  store<i32>(y, extreme, 0, 1);
}

// @ts-ignore: decorator
@inline
function extremeScalar<T>(y: usize, from: usize, rows: i32, columns: i32, rowBytes: usize, columnBytes: usize, isMin: bool): void {
  let extreme: T = isInteger<T>() ? (isMin ? <T>127 : <T>-128) : isMin ? <T>Infinity : <T>-Infinity;
  for (let r = 0; r < rows; r++, from += rowBytes) {
    let at = from;
    for (let c = 0; c < columns; c++, at += columnBytes) {
      extreme = isMin ? min<T>(extreme, load<T>(at)) : max<T>(extreme, load<T>(at));
    }
  }
  store<T>(y, extreme);
}

/** T is i8 or f32. */
export function extremeWindow<T>(
  y: usize,
  from: usize,
  rows: i32,
  columns: i32,
  rowBytes: usize,
  columnBytes: usize,
  channels: i32,
  isMin: bool,
): void {
  const end = y + <usize>channels * sizeof<T>();
  if (SIMD && channels >= 16 / <i32>sizeof<T>()) {
    for (; y < end; y += 16, from += 16) {
      // The last vector overlaps the one before.
      const back = y + 16 > end ? y + 16 - end : 0;
      y -= back;
      from -= back;
      if (isMin) extremeVector<T>(y, from, rows, columns, rowBytes, columnBytes, true);
      else extremeVector<T>(y, from, rows, columns, rowBytes, columnBytes, false);
    }
  }
  if (PACKED && isInteger<T>() && channels >= 4) {
    for (; y < end; y += 4, from += 4) {
      const back = y + 4 > end ? y + 4 - end : 0;
      y -= back;
      from -= back;
      if (isMin) extremeFour(y, from, rows, columns, rowBytes, columnBytes, true);
      else extremeFour(y, from, rows, columns, rowBytes, columnBytes, false);
    }
  }
  for (; y < end; y += sizeof<T>(), from += sizeof<T>()) {
    if (isMin) extremeScalar<T>(y, from, rows, columns, rowBytes, columnBytes, true);
    else extremeScalar<T>(y, from, rows, columns, rowBytes, columnBytes, false);
  }
}
