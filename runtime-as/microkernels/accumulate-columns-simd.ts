/** One row times a float32 matrix, added to what is there. */

/**
 * y[c] += Σ x[k] · w[k, c] for the columns that fill blocks of 8 or 4, product after product; rows of w lie `rowBytes`
 * apart. Returns how many columns these are.
 */
export function accumulateColumnsSimd(y: usize, x: usize, w: usize, k: i32, columns: i32, rowBytes: usize): i32 {
  const end = x + (<usize>k << 2);
  let c = 0;
  for (; c + 8 <= columns; c += 8, y += 32, w += 32) {
    let low = v128.load(y);
    let high = v128.load(y, 16);
    let row = w;
    for (let from = x; from < end; from += 4, row += rowBytes) {
      const factor = v128.load_splat<f32>(from);
      low = f32x4.add(low, f32x4.mul(factor, v128.load(row)));
      high = f32x4.add(high, f32x4.mul(factor, v128.load(row, 16)));
    }
    v128.store(y, low);
    v128.store(y, high, 16);
  }
  if (c + 4 <= columns) {
    let sums = v128.load(y);
    for (let from = x; from < end; from += 4, w += rowBytes) {
      sums = f32x4.add(sums, f32x4.mul(v128.load_splat<f32>(from), v128.load(w)));
    }
    v128.store(y, sums);
    c += 4;
  }
  return c;
}
