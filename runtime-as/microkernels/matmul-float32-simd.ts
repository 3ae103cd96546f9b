/** float32 matrix product on row-major operands, 4 rows x 8 columns; along K the products are added one by one. */

// @ts-ignore: decorator
@inline
function storeRow(y: usize, low: v128, high: v128): void {
  v128.store(y, low);
  v128.store(y, high, 16);
}

/** a [m, k] · b [k, n] → y [m, n] for the columns that fill blocks of 8; returns how many these are. */
export function matmulFloat32Simd(a: usize, b: usize, y: usize, m: i32, k: i32, n: i32): i32 {
  const columns = n & ~7;
  const aRow = <usize>k << 2;
  const bRow = <usize>n << 2;
  const last = m - 1;
  for (let i = 0; i < m; i += 4) {
    // Rows behind the last one repeat it and store the same numbers again.
    const i1 = min(i + 1, last);
    const i2 = min(i + 2, last);
    const i3 = min(i + 3, last);
    for (let j = 0; j < columns; j += 8) {
      let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
      let x0 = a + <usize>i * aRow;
      const x1 = a + <usize>i1 * aRow - x0;
      const x2 = a + <usize>i2 * aRow - x0;
      const x3 = a + <usize>i3 * aRow - x0;
      let w = b + (<usize>j << 2);
      for (const end = x0 + aRow; x0 < end; x0 += 4, w += bRow) {
        const w0 = v128.load(w);
        const w1 = v128.load(w, 16);
        let x = v128.load_splat<f32>(x0);
        c00 = f32x4.add(c00, f32x4.mul(x, w0));
        c01 = f32x4.add(c01, f32x4.mul(x, w1));
        x = v128.load_splat<f32>(x0 + x1);
        c10 = f32x4.add(c10, f32x4.mul(x, w0));
        c11 = f32x4.add(c11, f32x4.mul(x, w1));
        x = v128.load_splat<f32>(x0 + x2);
        c20 = f32x4.add(c20, f32x4.mul(x, w0));
        c21 = f32x4.add(c21, f32x4.mul(x, w1));
        x = v128.load_splat<f32>(x0 + x3);
        c30 = f32x4.add(c30, f32x4.mul(x, w0));
        c31 = f32x4.add(c31, f32x4.mul(x, w1));
      }
      const to = y + (<usize>j << 2);
      storeRow(to + <usize>i * bRow, c00, c01);
      storeRow(to + <usize>i1 * bRow, c10, c11);
      storeRow(to + <usize>i2 * bRow, c20, c21);
      storeRow(to + <usize>i3 * bRow, c30, c31);
    }
  }
  return columns;
}
