/** The SIMD side of transpose.ts. Interleaving rows i and i + n/2, log2(n) times over, transposes n rows of n elements. */

// @ts-ignore: decorator
@inline
function low8(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

// @ts-ignore: decorator
@inline
function high8(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

// @ts-ignore: decorator
@inline
function low32(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
}

// @ts-ignore: decorator
@inline
function high32(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
}

export function transposeWords4Simd(from: usize, fromStride: i32, to: usize, toStride: i32): void {
  const a = v128.load(from);
  const b = v128.load(from + fromStride);
  const c = v128.load(from + 2 * fromStride);
  const d = v128.load(from + 3 * fromStride);
  const acLow = low32(a, c);
  const acHigh = high32(a, c);
  const bdLow = low32(b, d);
  const bdHigh = high32(b, d);
  v128.store(to, low32(acLow, bdLow));
  v128.store(to + toStride, high32(acLow, bdLow));
  v128.store(to + 2 * toStride, low32(acHigh, bdHigh));
  v128.store(to + 3 * toStride, high32(acHigh, bdHigh));
}

export function transposeBytes16Simd(from: usize, fromStride: i32, to: usize, toStride: i32): void {
  const a0 = v128.load(from);
  const a1 = v128.load(from + fromStride);
  const a2 = v128.load(from + 2 * fromStride);
  const a3 = v128.load(from + 3 * fromStride);
  const a4 = v128.load(from + 4 * fromStride);
  const a5 = v128.load(from + 5 * fromStride);
  const a6 = v128.load(from + 6 * fromStride);
  const a7 = v128.load(from + 7 * fromStride);
  const a8 = v128.load(from + 8 * fromStride);
  const a9 = v128.load(from + 9 * fromStride);
  const a10 = v128.load(from + 10 * fromStride);
  const a11 = v128.load(from + 11 * fromStride);
  const a12 = v128.load(from + 12 * fromStride);
  const a13 = v128.load(from + 13 * fromStride);
  const a14 = v128.load(from + 14 * fromStride);
  const a15 = v128.load(from + 15 * fromStride);
  const b0 = low8(a0, a8);
  const b1 = high8(a0, a8);
  const b2 = low8(a1, a9);
  const b3 = high8(a1, a9);
  const b4 = low8(a2, a10);
  const b5 = high8(a2, a10);
  const b6 = low8(a3, a11);
  const b7 = high8(a3, a11);
  const b8 = low8(a4, a12);
  const b9 = high8(a4, a12);
  const b10 = low8(a5, a13);
  const b11 = high8(a5, a13);
  const b12 = low8(a6, a14);
  const b13 = high8(a6, a14);
  const b14 = low8(a7, a15);
  const b15 = high8(a7, a15);
  const c0 = low8(b0, b8);
  const c1 = high8(b0, b8);
  const c2 = low8(b1, b9);
  const c3 = high8(b1, b9);
  const c4 = low8(b2, b10);
  const c5 = high8(b2, b10);
  const c6 = low8(b3, b11);
  const c7 = high8(b3, b11);
  const c8 = low8(b4, b12);
  const c9 = high8(b4, b12);
  const c10 = low8(b5, b13);
  const c11 = high8(b5, b13);
  const c12 = low8(b6, b14);
  const c13 = high8(b6, b14);
  const c14 = low8(b7, b15);
  const c15 = high8(b7, b15);
  const d0 = low8(c0, c8);
  const d1 = high8(c0, c8);
  const d2 = low8(c1, c9);
  const d3 = high8(c1, c9);
  const d4 = low8(c2, c10);
  const d5 = high8(c2, c10);
  const d6 = low8(c3, c11);
  const d7 = high8(c3, c11);
  const d8 = low8(c4, c12);
  const d9 = high8(c4, c12);
  const d10 = low8(c5, c13);
  const d11 = high8(c5, c13);
  const d12 = low8(c6, c14);
  const d13 = high8(c6, c14);
  const d14 = low8(c7, c15);
  const d15 = high8(c7, c15);
  const e0 = low8(d0, d8);
  const e1 = high8(d0, d8);
  const e2 = low8(d1, d9);
  const e3 = high8(d1, d9);
  const e4 = low8(d2, d10);
  const e5 = high8(d2, d10);
  const e6 = low8(d3, d11);
  const e7 = high8(d3, d11);
  const e8 = low8(d4, d12);
  const e9 = high8(d4, d12);
  const e10 = low8(d5, d13);
  const e11 = high8(d5, d13);
  const e12 = low8(d6, d14);
  const e13 = high8(d6, d14);
  const e14 = low8(d7, d15);
  const e15 = high8(d7, d15);
  v128.store(to, e0);
  v128.store(to + toStride, e1);
  v128.store(to + 2 * toStride, e2);
  v128.store(to + 3 * toStride, e3);
  v128.store(to + 4 * toStride, e4);
  v128.store(to + 5 * toStride, e5);
  v128.store(to + 6 * toStride, e6);
  v128.store(to + 7 * toStride, e7);
  v128.store(to + 8 * toStride, e8);
  v128.store(to + 9 * toStride, e9);
  v128.store(to + 10 * toStride, e10);
  v128.store(to + 11 * toStride, e11);
  v128.store(to + 12 * toStride, e12);
  v128.store(to + 13 * toStride, e13);
  v128.store(to + 14 * toStride, e14);
  v128.store(to + 15 * toStride, e15);
}
