// Loops over float64 vectors, two numbers at a time.

// @ts-ignore: decorator
@inline
export function dot(x: usize, y: usize, n: i32): f64 {
  let s0 = f64x2.splat(0), s1 = f64x2.splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    s0 = f64x2.add(s0, f64x2.mul(v128.load(x), v128.load(y)));
    s1 = f64x2.add(s1, f64x2.mul(v128.load(x, 16), v128.load(y, 16)));
    x += 32;
    y += 32;
  }
  s0 = f64x2.add(s0, s1);
  let sum = f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1);
  for (; i < n; i++) {
    sum += load<f64>(x) * load<f64>(y);
    x += 8;
    y += 8;
  }
  return sum;
}

/** y += factor · x. */
// @ts-ignore: decorator
@inline
export function addMultiple(y: usize, x: usize, factor: f64, n: i32): void {
  const f = f64x2.splat(factor);
  let i = 0;
  for (; i + 2 <= n; i += 2) {
    v128.store(y, f64x2.add(v128.load(y), f64x2.mul(f, v128.load(x))));
    x += 16;
    y += 16;
  }
  if (i < n) store<f64>(y, load<f64>(y) + factor * load<f64>(x));
}

/** x ← factor · x. */
// @ts-ignore: decorator
@inline
export function scale(x: usize, factor: f64, n: i32): void {
  for (let i = 0; i < n; i++) store<f64>(x + (<usize>i << 3), factor * load<f64>(x + (<usize>i << 3)));
}

/** (x, y) ← (c x - s y, s x + c y). */
// @ts-ignore: decorator
@inline
export function rotate(x: usize, y: usize, c: f64, s: f64, n: i32): void {
  const cc = f64x2.splat(c), ss = f64x2.splat(s);
  let i = 0;
  for (; i + 2 <= n; i += 2) {
    const u = v128.load(x), v = v128.load(y);
    v128.store(x, f64x2.sub(f64x2.mul(cc, u), f64x2.mul(ss, v)));
    v128.store(y, f64x2.add(f64x2.mul(ss, u), f64x2.mul(cc, v)));
    x += 16;
    y += 16;
  }
  if (i < n) {
    const u = load<f64>(x), v = load<f64>(y);
    store<f64>(x, c * u - s * v);
    store<f64>(y, s * u + c * v);
  }
}
