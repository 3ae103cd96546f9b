/** Transposes of small square blocks: row r of the source becomes column r of the target. Strides in bytes. */
import { SIMD } from "../variant";
import { transposeBytes16Simd, transposeWords4Simd } from "./transpose-simd";

// @ts-ignore: decorator
@inline
export function transposeWords4(from: usize, fromStride: i32, to: usize, toStride: i32): void {
  if (SIMD) transposeWords4Simd(from, fromStride, to, toStride);
  else transposeScalar<u32>(4, from, fromStride, to, toStride);
}

// @ts-ignore: decorator
@inline
export function transposeBytes16(from: usize, fromStride: i32, to: usize, toStride: i32): void {
  if (SIMD) transposeBytes16Simd(from, fromStride, to, toStride);
  else transposeScalar<u8>(16, from, fromStride, to, toStride);
}

function transposeScalar<T>(size: i32, from: usize, fromStride: i32, to: usize, toStride: i32): void {
  for (let row = 0; row < size; row++, from += sizeof<T>(), to += toStride) {
    let source = from;
    for (let column = 0; column < size; column++, source += fromStride) store<T>(to + (<usize>column) * sizeof<T>(), load<T>(source));
  }
}
