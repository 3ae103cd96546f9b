// A step of Optimal Brain Surgeon (compiler/linalg/brain-surgeon.ts): one weight of a row is settled, the others make up for it.
import { addMultiple } from "./vectors";

// @ts-ignore: decorator
@inline
function swap(a: usize, b: usize): void {
  const value = load<f64>(a);
  store<f64>(a, load<f64>(b));
  store<f64>(b, value);
}

/**
 * Rows and columns i and j of a symmetric matrix change places.
 * @param stride bytes from a row to the next
 */
function exchange(n: i32, h: usize, stride: usize, i: usize, j: usize): void {
  for (let k: usize = 0, end = <usize>n << 3; k < end; k += 8) swap(h + i * stride + k, h + j * stride + k);
  for (let row = h, end = h + <usize>n * stride; row < end; row += stride) swap(row + (i << 3), row + (j << 3));
}

/**
 * Settles weight `chosen` of the first last + 1, which changes places with weight `last`, on `value`, takes its column out
 * of H⁻¹, and lets the weights before it make up for it. Beyond `last` nothing of h is kept.
 * @param n rows of h
 * @param h H⁻¹ [n, n]
 * @param w weights [n]
 */
export function settleWeight(n: i32, last: i32, chosen: i32, value: f64, h: usize, w: usize): void {
  const stride = <usize>n << 3;
  swap(w + (<usize>chosen << 3), w + (<usize>last << 3));
  if (chosen != last) exchange(last + 1, h, stride, chosen, last);
  const from = h + <usize>last * stride;
  const pivot = load<f64>(from + (<usize>last << 3));
  addMultiple(w, from, -(load<f64>(w + (<usize>last << 3)) - value) / pivot, last);
  for (let i = 0; i < last; i++) {
    const factor = load<f64>(from + (<usize>i << 3)) / pivot;
    if (factor != 0) addMultiple(h + <usize>i * stride, from, -factor, last);
  }
}
