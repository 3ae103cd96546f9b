/** Products of one row of int16 with four rows of int8. Sums of int32 that wrap around, so that no order of adding differs. */
import { SIMD } from "../variant";

// @ts-ignore: decorator
@inline
function product(x: usize, w: usize, j: i32): i32 {
  return <i32>load<i16>(x + (<usize>j << 1)) * <i32>load<i8>(w + j);
}

/** Lane i: the sum of the lanes of vector i. */
// @ts-ignore: decorator
@inline
function sumLanes(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7));
  const cd = i32x4.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7));
  return i32x4.add(v128.shuffle<i64>(ab, cd, 0, 2), v128.shuffle<i64>(ab, cd, 1, 3));
}

/** Stores Σ x[j] · w_i[j] for i = 0 … 3 at `sums`, int32 each. */
export function dotFourRows(x: usize, w0: usize, w1: usize, w2: usize, w3: usize, k: i32, sums: usize): void {
  let j = 0;
  if (SIMD) {
    let a = i32x4.splat(0), b = a, c = a, d = a;
    for (const end = k & ~7; j < end; j += 8) {
      const values = v128.load(x + (<usize>j << 1));
      a = i32x4.add(a, i32x4.dot_i16x8_s(values, v128.load_ext<i8>(w0 + j)));
      b = i32x4.add(b, i32x4.dot_i16x8_s(values, v128.load_ext<i8>(w1 + j)));
      c = i32x4.add(c, i32x4.dot_i16x8_s(values, v128.load_ext<i8>(w2 + j)));
      d = i32x4.add(d, i32x4.dot_i16x8_s(values, v128.load_ext<i8>(w3 + j)));
    }
    v128.store(sums, sumLanes(a, b, c, d));
  } else {
    for (let i: usize = 0; i < 16; i += 4) store<i32>(sums + i, 0);
  }
  let s0 = load<i32>(sums), s1 = load<i32>(sums, 4), s2 = load<i32>(sums, 8), s3 = load<i32>(sums, 12);
  for (; j < k; j++) {
    s0 += product(x, w0, j);
    s1 += product(x, w1, j);
    s2 += product(x, w2, j);
    s3 += product(x, w3, j);
  }
  store<i32>(sums, s0);
  store<i32>(sums, s1, 4);
  store<i32>(sums, s2, 8);
  store<i32>(sums, s3, 12);
}
