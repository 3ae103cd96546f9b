// Eigenvalues of a symmetric matrix: Householder tridiagonalization and implicit QL (EISPACK tred2 and tql2). The matrix of
// vectors is held transposed, one vector per row, so that every inner loop runs along memory.
import { addMultiple, dot, rotate } from "./vectors";

// @ts-ignore: decorator
@inline
function at(x: usize, i: i32): f64 {
  return load<f64>(x + (<usize>i << 3));
}

// @ts-ignore: decorator
@inline
function put(x: usize, i: i32, value: f64): void {
  store<f64>(x + (<usize>i << 3), value);
}

/** e += f · row over [from, to), and the dot product of the row and d over it. */
// @ts-ignore: decorator
@inline
function dotAndAdd(row: usize, d: usize, e: usize, f: f64, from: i32, to: i32): f64 {
  const ff = f64x2.splat(f);
  let sums = f64x2.splat(0);
  let k = from;
  for (; k + 2 <= to; k += 2) {
    const o = <usize>k << 3;
    const v = v128.load(row + o);
    sums = f64x2.add(sums, f64x2.mul(v, v128.load(d + o)));
    v128.store(e + o, f64x2.add(v128.load(e + o), f64x2.mul(v, ff)));
  }
  let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  if (k < to) {
    const v = at(row, k);
    sum += v * at(d, k);
    put(e, k, at(e, k) + v * f);
  }
  return sum;
}

/** row -= f · e + g · d over [from, to). */
// @ts-ignore: decorator
@inline
function subtractTwo(row: usize, e: usize, d: usize, f: f64, g: f64, from: i32, to: i32): void {
  const ff = f64x2.splat(f), gg = f64x2.splat(g);
  let k = from;
  for (; k + 2 <= to; k += 2) {
    const o = <usize>k << 3;
    const both = f64x2.add(f64x2.mul(ff, v128.load(e + o)), f64x2.mul(gg, v128.load(d + o)));
    v128.store(row + o, f64x2.sub(v128.load(row + o), both));
  }
  if (k < to) put(row, k, at(row, k) - (f * at(e, k) + g * at(d, k)));
}

/**
 * v [n, n] (symmetric) ← the reflections' product, d [n] ← diagonal, e [n] ← what stands beside it (e[0] = 0).
 * @param wantVectors 0: v is destroyed and only d and e are made
 */
export function tridiagonalize(n: i32, v: usize, d: usize, e: usize, wantVectors: i32): void {
  const row = <usize>n << 3;
  for (let j = 0; j < n; j++) put(d, j, at(v + <usize>j * row, n - 1));
  for (let i = n - 1; i > 0; i--) {
    let scale: f64 = 0;
    let h: f64 = 0;
    for (let k = 0; k < i; k++) scale += Math.abs(at(d, k));
    if (scale == 0) {
      put(e, i, at(d, i - 1));
      for (let j = 0; j < i; j++) {
        put(d, j, at(v + <usize>j * row, i - 1));
        put(v + <usize>j * row, i, 0);
        put(v + <usize>i * row, j, 0);
      }
    } else {
      for (let k = 0; k < i; k++) {
        const x = at(d, k) / scale;
        put(d, k, x);
        h += x * x;
      }
      let f = at(d, i - 1);
      let g = f > 0 ? -Math.sqrt(h) : Math.sqrt(h);
      put(e, i, scale * g);
      h -= f * g;
      put(d, i - 1, f - g);
      memory.fill(e, 0, <usize>i << 3);
      const reflection = v + <usize>i * row;
      for (let j = 0; j < i; j++) {
        const line = v + <usize>j * row;
        f = at(d, j);
        put(reflection, j, f);
        g = at(e, j) + at(line, j) * f;
        g += dotAndAdd(line, d, e, f, j + 1, i);
        put(e, j, g);
      }
      f = 0;
      for (let j = 0; j < i; j++) {
        const x = at(e, j) / h;
        put(e, j, x);
        f += x * at(d, j);
      }
      addMultiple(e, d, -f / (h + h), i);
      for (let j = 0; j < i; j++) {
        const line = v + <usize>j * row;
        subtractTwo(line, e, d, at(d, j), at(e, j), j, i);
        put(d, j, at(line, i - 1));
        put(line, i, 0);
      }
    }
    put(d, i, h);
  }
  if (wantVectors) accumulate(n, v, d);
  else for (let i = 0; i < n; i++) put(d, i, at(v + <usize>i * row, i));
  put(e, 0, 0);
}

function accumulate(n: i32, v: usize, d: usize): void {
  const row = <usize>n << 3;
  for (let i = 0; i < n - 1; i++) {
    put(v + <usize>i * row, n - 1, at(v + <usize>i * row, i));
    put(v + <usize>i * row, i, 1);
    const h = at(d, i + 1);
    const next = v + <usize>(i + 1) * row;
    if (h != 0) {
      for (let k = 0; k <= i; k++) put(d, k, at(next, k) / h);
      for (let j = 0; j <= i; j++) {
        const line = v + <usize>j * row;
        addMultiple(line, d, -dot(next, line, i + 1), i + 1);
      }
    }
    memory.fill(next, 0, <usize>(i + 1) << 3);
  }
  for (let j = 0; j < n; j++) {
    put(d, j, at(v + <usize>j * row, n - 1));
    put(v + <usize>j * row, n - 1, 0);
  }
  put(v + <usize>(n - 1) * row, n - 1, 1);
}

// @ts-ignore: decorator
@inline
function hypotenuse(a: f64, b: f64): f64 {
  return Math.sqrt(a * a + b * b);
}

/** d ← eigenvalues, in no order; row i of v ← the vector of value i. @returns 0, or 1 when it does not converge (NaN) */
export function diagonalize(n: i32, v: usize, d: usize, e: usize, wantVectors: i32): i32 {
  const row = <usize>n << 3;
  for (let i = 1; i < n; i++) put(e, i - 1, at(e, i));
  put(e, n - 1, 0);
  let f: f64 = 0;
  let largest: f64 = 0;
  const epsilon: f64 = 2.220446049250313e-16;
  for (let l = 0; l < n; l++) {
    largest = max(largest, Math.abs(at(d, l)) + Math.abs(at(e, l)));
    let m = l;
    while (m < n - 1 && Math.abs(at(e, m)) > epsilon * largest) m++;
    if (m > l) {
      let iterations = 0;
      do {
        if (++iterations > 100) return 1;
        let g = at(d, l);
        let p = (at(d, l + 1) - g) / (2 * at(e, l));
        let r = hypotenuse(p, 1);
        if (p < 0) r = -r;
        put(d, l, at(e, l) / (p + r));
        put(d, l + 1, at(e, l) * (p + r));
        const dl1 = at(d, l + 1);
        let h = g - at(d, l);
        for (let i = l + 2; i < n; i++) put(d, i, at(d, i) - h);
        f += h;
        p = at(d, m);
        let c: f64 = 1, c2: f64 = 1, c3: f64 = 1;
        const el1 = at(e, l + 1);
        let s: f64 = 0, s2: f64 = 0;
        for (let i = m - 1; i >= l; i--) {
          c3 = c2;
          c2 = c;
          s2 = s;
          g = c * at(e, i);
          h = c * p;
          r = hypotenuse(p, at(e, i));
          put(e, i + 1, s * r);
          s = at(e, i) / r;
          c = p / r;
          p = c * at(d, i) - s * g;
          put(d, i + 1, h + s * (c * g + s * at(d, i)));
          if (wantVectors) rotate(v + <usize>i * row, v + <usize>(i + 1) * row, c, s, n);
        }
        p = -s * s2 * c3 * el1 * at(e, l) / dl1;
        put(e, l, s * p);
        put(d, l, c * p);
      } while (Math.abs(at(e, l)) > epsilon * largest);
    }
    put(d, l, at(d, l) + f);
    put(e, l, 0);
  }
  return 0;
}
