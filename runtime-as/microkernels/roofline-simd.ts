/** Register tiles of the SIMD microkernels without packing, requantization and edges; see ../roofline.ts. */

/** Multiply-accumulates of one step of every tile: 4 rows x 8 channels x 2. */
export const TILE_MACS: i32 = 64;

// @ts-ignore: decorator
@inline
function sumOf(a: v128, b: v128, c: v128, d: v128): i32 {
  return i32x4.extract_lane(i32x4.add(i32x4.add(a, b), i32x4.add(c, d)), 0);
}

/** Pairs of K: activations widened to int16, weights int8. */
export function dotTile(operands: usize, steps: i32, rounds: i32): i32 {
  let c00 = i32x4.splat(0);
  let c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  for (; rounds > 0; rounds--) {
    const end = operands + (<usize>steps << 4);
    for (let x = operands; x < end; x += 16) {
      const w0 = v128.load_ext<i8>(x, 2048);
      const w1 = v128.load_ext<i8>(x, 2056);
      const x0 = v128.load_splat<i32>(x);
      c00 = i32x4.add(c00, i32x4.dot_i16x8_s(x0, w0));
      c01 = i32x4.add(c01, i32x4.dot_i16x8_s(x0, w1));
      const x1 = v128.load_splat<i32>(x, 4);
      c10 = i32x4.add(c10, i32x4.dot_i16x8_s(x1, w0));
      c11 = i32x4.add(c11, i32x4.dot_i16x8_s(x1, w1));
      const x2 = v128.load_splat<i32>(x, 8);
      c20 = i32x4.add(c20, i32x4.dot_i16x8_s(x2, w0));
      c21 = i32x4.add(c21, i32x4.dot_i16x8_s(x2, w1));
      const x3 = v128.load_splat<i32>(x, 12);
      c30 = i32x4.add(c30, i32x4.dot_i16x8_s(x3, w0));
      c31 = i32x4.add(c31, i32x4.dot_i16x8_s(x3, w1));
    }
  }
  return sumOf(c00, c01, c10, c11) + sumOf(c20, c21, c30, c31);
}

// @ts-ignore: decorator
@inline
function taps(c: v128, x: usize, w: v128): v128 {
  return i32x4.add(c, i32x4.dot_i16x8_s(v128.load(x), w));
}

/** Two taps at a time: their columns interleaved already, weights int16. */
export function depthwiseTile(operands: usize, steps: i32, rounds: i32): i32 {
  let c00 = i32x4.splat(0);
  let c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  for (; rounds > 0; rounds--) {
    const end = operands + (<usize>steps << 4);
    for (let x = operands; x < end; x += 16) {
      const w0 = v128.load(x, 2048);
      const w1 = v128.load(x, 2064);
      c00 = taps(c00, x, w0);
      c01 = taps(c01, x + 16, w1);
      c10 = taps(c10, x + 32, w0);
      c11 = taps(c11, x + 48, w1);
      c20 = taps(c20, x + 64, w0);
      c21 = taps(c21, x + 80, w1);
      c30 = taps(c30, x + 96, w0);
      c31 = taps(c31, x + 112, w1);
    }
  }
  return sumOf(c00, c01, c10, c11) + sumOf(c20, c21, c30, c31);
}

/** Two steps of K: 4 rows x 8 channels. */
export function float32Tile(operands: usize, steps: i32, rounds: i32): i32 {
  let c00 = f32x4.splat(0);
  let c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  for (; rounds > 0; rounds--) {
    const end = operands + (<usize>steps << 5);
    for (let x = operands; x < end; x += 16) {
      const w0 = v128.load(x, 1024);
      const w1 = v128.load(x, 1040);
      const x0 = v128.load_splat<f32>(x);
      c00 = f32x4.add(c00, f32x4.mul(x0, w0));
      c01 = f32x4.add(c01, f32x4.mul(x0, w1));
      const x1 = v128.load_splat<f32>(x, 4);
      c10 = f32x4.add(c10, f32x4.mul(x1, w0));
      c11 = f32x4.add(c11, f32x4.mul(x1, w1));
      const x2 = v128.load_splat<f32>(x, 8);
      c20 = f32x4.add(c20, f32x4.mul(x2, w0));
      c21 = f32x4.add(c21, f32x4.mul(x2, w1));
      const x3 = v128.load_splat<f32>(x, 12);
      c30 = f32x4.add(c30, f32x4.mul(x3, w0));
      c31 = f32x4.add(c31, f32x4.mul(x3, w1));
    }
  }
  const sum = f32x4.add(f32x4.add(f32x4.add(c00, c01), f32x4.add(c10, c11)), f32x4.add(f32x4.add(c20, c21), f32x4.add(c30, c31)));
  return <i32>f32x4.extract_lane(sum, 0);
}
