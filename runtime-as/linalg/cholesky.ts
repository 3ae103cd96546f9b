// Cholesky factorization and triangular solutions, in blocks whose updates are matrix products.
import { addProductFloat64 } from "./product-float64";
import { addMultiple, dot, scale } from "./vectors";

const BLOCK: i32 = 64;

/** A [n, n] ← L with A = L Lᵀ; what lies above the diagonal becomes 0. @returns 0, or 1 + the row where A is not positive definite */
export function factorCholesky(n: i32, a: usize, scratch: usize): i32 {
  const row = <usize>n << 3;
  for (let first = 0; first < n; first += BLOCK) {
    const size = min(BLOCK, n - first);
    for (let i = first; i < n; i++) {
      const line = a + <usize>i * row + (<usize>first << 3);
      const last = min(i - first, size);
      for (let j = 0; j < last; j++) {
        const other = a + <usize>(first + j) * row + (<usize>first << 3);
        const at = line + (<usize>j << 3);
        store<f64>(at, (load<f64>(at) - dot(line, other, j)) / load<f64>(other + (<usize>j << 3)));
      }
      if (i < first + size) {
        const at = line + (<usize>last << 3);
        const square = load<f64>(at) - dot(line, line, last);
        if (!(square > 0) || square == Infinity) return i + 1;
        store<f64>(at, Math.sqrt(square));
      }
    }
    const next = first + size;
    if (next == n) break;
    const panel = a + <usize>next * row + (<usize>first << 3);
    const rest = a + <usize>next * row + (<usize>next << 3);
    addProductFloat64(n - next, n - next, size, -1, panel, row, 8, panel, 8, row, rest, row, 1, scratch);
  }
  for (let i = 0; i < n; i++) memory.fill(a + <usize>i * row + (<usize>(i + 1) << 3), 0, <usize>(n - i - 1) << 3);
  return 0;
}

/** B [n, m] ← X of L X = B. */
export function solveLower(n: i32, m: i32, l: usize, b: usize, scratch: usize): void {
  const row = <usize>n << 3;
  const wide = <usize>m << 3;
  for (let first = 0; first < n; first += BLOCK) {
    const next = min(first + BLOCK, n);
    for (let i = first; i < next; i++) {
      const line = b + <usize>i * wide;
      const factors = l + <usize>i * row;
      for (let k = first; k < i; k++) addMultiple(line, b + <usize>k * wide, -load<f64>(factors + (<usize>k << 3)), m);
      scale(line, 1 / load<f64>(factors + (<usize>i << 3)), m);
    }
    const below = l + <usize>next * row + (<usize>first << 3);
    addProductFloat64(n - next, m, next - first, -1, below, row, 8, b + <usize>first * wide, wide, 8, b + <usize>next * wide, wide, 0, scratch);
  }
}

/** B [n, m] ← X of Lᵀ X = B. */
export function solveLowerTransposed(n: i32, m: i32, l: usize, b: usize, scratch: usize): void {
  const row = <usize>n << 3;
  const wide = <usize>m << 3;
  for (let first = (n - 1) / BLOCK * BLOCK; first >= 0; first -= BLOCK) {
    const next = min(first + BLOCK, n);
    for (let i = next - 1; i >= first; i--) {
      const line = b + <usize>i * wide;
      for (let k = i + 1; k < next; k++) addMultiple(line, b + <usize>k * wide, -load<f64>(l + <usize>k * row + (<usize>i << 3)), m);
      scale(line, 1 / load<f64>(l + <usize>i * row + (<usize>i << 3)), m);
    }
    addProductFloat64(first, m, next - first, -1, l + <usize>first * row, 8, row, b + <usize>first * wide, wide, 8, b, wide, 0, scratch);
  }
}
