// C (+)= A · B in float32, for training: A is read element by element through two strides, so that it may be transposed;
// rows of B are contiguous, eight columns at a time. Operands are read where they lie: the products of a training step are
// long and thin, and copying them into panels would cost as much as they do.

const MR: i32 = 4;
const NR: i32 = 8;
const MC: i32 = 64;
const KC: i32 = 256;

/** Bytes behind B that may be read, and that the caller therefore owns: the last columns are loaded eight at a time. */
export function productOverrunBytes(): usize {
  return NR << 2;
}

// @ts-ignore: decorator
@inline
function put(c: usize, value: v128, adds: bool): void {
  v128.store(c, adds ? f32x4.add(v128.load(c), value) : value);
}

// @ts-ignore: decorator
@inline
function putSome(c: usize, low: v128, high: v128, columns: i32, adds: bool, edge: usize): void {
  v128.store(edge, low);
  v128.store(edge, high, 16);
  for (let j = 0; j < columns; j++) {
    const to = c + (<usize>j << 2);
    const value = load<f32>(edge + (<usize>j << 2));
    store<f32>(to, adds ? load<f32>(to) + value : value);
  }
}

/** C[4][8] of a block; rows that do not exist repeat the last one and are not stored. */
// @ts-ignore: decorator
@inline
function microkernel(
  a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, depth: i32,
  c: usize, cRow: usize, rows: i32, columns: i32, adds: bool, edge: usize,
): void {
  let a0 = a;
  let a1 = rows > 1 ? a0 + aRow : a0;
  let a2 = rows > 2 ? a1 + aRow : a1;
  let a3 = rows > 3 ? a2 + aRow : a2;
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  for (let k = 0; k < depth; k++) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let s = v128.load_splat<f32>(a0);
    c00 = f32x4.add(c00, f32x4.mul(s, b0)); c01 = f32x4.add(c01, f32x4.mul(s, b1));
    s = v128.load_splat<f32>(a1);
    c10 = f32x4.add(c10, f32x4.mul(s, b0)); c11 = f32x4.add(c11, f32x4.mul(s, b1));
    s = v128.load_splat<f32>(a2);
    c20 = f32x4.add(c20, f32x4.mul(s, b0)); c21 = f32x4.add(c21, f32x4.mul(s, b1));
    s = v128.load_splat<f32>(a3);
    c30 = f32x4.add(c30, f32x4.mul(s, b0)); c31 = f32x4.add(c31, f32x4.mul(s, b1));
    a0 += aColumn;
    a1 += aColumn;
    a2 += aColumn;
    a3 += aColumn;
    b += bRow;
  }
  if (columns == NR) {
    put(c, c00, adds); put(c + 16, c01, adds);
    if (rows > 1) { put(c + cRow, c10, adds); put(c + cRow + 16, c11, adds); }
    if (rows > 2) { put(c + 2 * cRow, c20, adds); put(c + 2 * cRow + 16, c21, adds); }
    if (rows > 3) { put(c + 3 * cRow, c30, adds); put(c + 3 * cRow + 16, c31, adds); }
    return;
  }
  putSome(c, c00, c01, columns, adds, edge);
  if (rows > 1) putSome(c + cRow, c10, c11, columns, adds, edge);
  if (rows > 2) putSome(c + 2 * cRow, c20, c21, columns, adds, edge);
  if (rows > 3) putSome(c + 3 * cRow, c30, c31, columns, adds, edge);
}

const EDGE = memory.data(32, 16);

/**
 * C [m, n] = A [m, k] · B [k, n], or C += where `adds` is 1. Element (i, p) of A lies at a + i · aRow + p · aColumn; rows of
 * B and C are bRow and cRow apart.
 */
export function productFloat32(
  m: i32, n: i32, k: i32,
  a: usize, aRow: usize, aColumn: usize,
  b: usize, bRow: usize,
  c: usize, cRow: usize, adds: i32,
): void {
  for (let k0 = 0; k0 < k; k0 += KC) {
    const depth = min(KC, k - k0);
    const isAdded = adds != 0 || k0 > 0;
    for (let i0 = 0; i0 < m; i0 += MC) {
      const end = min(i0 + MC, m);
      for (let j = 0; j < n; j += NR) {
        const panel = b + <usize>k0 * bRow + (<usize>j << 2);
        for (let i = i0; i < end; i += MR) {
          const from = a + <usize>i * aRow + <usize>k0 * aColumn;
          const to = c + <usize>i * cRow + (<usize>j << 2);
          microkernel(from, aRow, aColumn, panel, bRow, depth, to, cRow, min(MR, end - i), min(NR, n - j), isAdded, EDGE);
        }
      }
    }
  }
}
