// C += alpha · op(A) · op(B) in float64, blocked for the caches: blocks of B of KC x NC and of A of MC x KC are copied into
// panels that the 4x4 microkernel reads in order (Goto, van de Geijn 2008). The copy also transposes and scales.

const MR: i32 = 4;
const NR: i32 = 4;
const MC: i32 = 128;
const KC: i32 = 256;
const NC: i32 = 512;

/** Bytes of scratch that one product needs. */
export function productScratchBytes(): usize {
  return (<usize>(MC + NC) * KC + MR * NR * 2) << 3;
}

/** Panels of `width` lines: panel[p][k][l] = scale · line p·width + l, element k; missing lines are zeros. */
// @ts-ignore: decorator
@inline
function pack(source: usize, lineStride: usize, elementStride: usize, lines: i32, depth: i32, width: i32, scale: f64, target: usize): void {
  for (let first = 0; first < lines; first += width) {
    for (let l = 0; l < width; l++) {
      let to = target + (<usize>l << 3);
      if (first + l < lines) {
        let from = source + <usize>(first + l) * lineStride;
        for (let k = 0; k < depth; k++) {
          store<f64>(to, scale * load<f64>(from));
          from += elementStride;
          to += <usize>width << 3;
        }
      } else {
        for (let k = 0; k < depth; k++) {
          store<f64>(to, 0);
          to += <usize>width << 3;
        }
      }
    }
    target += <usize>(width * depth) << 3;
  }
}

/** C[4][4] += panel of A · panel of B; only `rows` x `columns` of it exist. */
// @ts-ignore: decorator
@inline
function microkernel(a: usize, b: usize, depth: i32, c: usize, stride: usize, rows: i32, columns: i32, edge: usize): void {
  let c00 = f64x2.splat(0), c01 = f64x2.splat(0), c10 = f64x2.splat(0), c11 = f64x2.splat(0);
  let c20 = f64x2.splat(0), c21 = f64x2.splat(0), c30 = f64x2.splat(0), c31 = f64x2.splat(0);
  const end = b + (<usize>depth << 5);
  while (b < end) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let s = v128.load_splat<f64>(a);
    c00 = f64x2.add(c00, f64x2.mul(s, b0)); c01 = f64x2.add(c01, f64x2.mul(s, b1));
    s = v128.load_splat<f64>(a, 8);
    c10 = f64x2.add(c10, f64x2.mul(s, b0)); c11 = f64x2.add(c11, f64x2.mul(s, b1));
    s = v128.load_splat<f64>(a, 16);
    c20 = f64x2.add(c20, f64x2.mul(s, b0)); c21 = f64x2.add(c21, f64x2.mul(s, b1));
    s = v128.load_splat<f64>(a, 24);
    c30 = f64x2.add(c30, f64x2.mul(s, b0)); c31 = f64x2.add(c31, f64x2.mul(s, b1));
    a += 32;
    b += 32;
  }
  if (rows == MR && columns == NR) {
    v128.store(c, f64x2.add(v128.load(c), c00)); v128.store(c, f64x2.add(v128.load(c, 16), c01), 16);
    c += stride;
    v128.store(c, f64x2.add(v128.load(c), c10)); v128.store(c, f64x2.add(v128.load(c, 16), c11), 16);
    c += stride;
    v128.store(c, f64x2.add(v128.load(c), c20)); v128.store(c, f64x2.add(v128.load(c, 16), c21), 16);
    c += stride;
    v128.store(c, f64x2.add(v128.load(c), c30)); v128.store(c, f64x2.add(v128.load(c, 16), c31), 16);
    return;
  }
  v128.store(edge, c00); v128.store(edge, c01, 16); v128.store(edge, c10, 32); v128.store(edge, c11, 48);
  v128.store(edge, c20, 64); v128.store(edge, c21, 80); v128.store(edge, c30, 96); v128.store(edge, c31, 112);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      const to = c + <usize>i * stride + (<usize>j << 3);
      store<f64>(to, load<f64>(to) + load<f64>(edge + (<usize>(i * NR + j) << 3)));
    }
}

/**
 * C [m, n] += alpha · A [m, k] · B [k, n]. Element (i, p) of A lies at a + i · aRow + p · aColumn, likewise of B, so that
 * transposed operands need no copy; rows of C are cRow apart.
 * @param lowerOnly 1: only what lies on and below the diagonal is wanted; blocks above it are skipped
 */
export function addProductFloat64(
  m: i32, n: i32, k: i32, alpha: f64,
  a: usize, aRow: usize, aColumn: usize,
  b: usize, bRow: usize, bColumn: usize,
  c: usize, cRow: usize,
  lowerOnly: i32, scratch: usize,
): void {
  const packedB = scratch;
  const packedA = packedB + (<usize>NC * KC << 3);
  const edge = packedA + (<usize>MC * KC << 3);
  for (let j0 = 0; j0 < n; j0 += NC) {
    const nc = min(NC, n - j0);
    for (let k0 = 0; k0 < k; k0 += KC) {
      const kc = min(KC, k - k0);
      pack(b + <usize>k0 * bRow + <usize>j0 * bColumn, bColumn, bRow, nc, kc, NR, 1, packedB);
      for (let i0 = lowerOnly ? j0 / MC * MC : 0; i0 < m; i0 += MC) {
        const mc = min(MC, m - i0);
        pack(a + <usize>i0 * aRow + <usize>k0 * aColumn, aRow, aColumn, mc, kc, MR, alpha, packedA);
        for (let j = 0; j < nc; j += NR) {
          const panelB = packedB + (<usize>(j * kc) << 3);
          for (let i = 0; i < mc; i += MR) {
            if (lowerOnly && i0 + i + MR <= j0 + j) continue;
            const to = c + <usize>(i0 + i) * cRow + (<usize>(j0 + j) << 3);
            microkernel(packedA + (<usize>(i * kc) << 3), panelB, kc, to, cRow, min(MR, mc - i), min(NR, nc - j), edge);
          }
        }
      }
    }
  }
}
