/** Register tiles of the SIMD microkernels without packing and edges; see ../roofline.ts. T is a form of dot-simd.ts. */
import { dot } from "./dot-simd";
import { requantizeRows4 } from "./requantize";

/** Multiply-accumulates of one step of dotTile: 4 rows x 8 channels x what one dot consumes. */
// @ts-ignore: decorator
@inline
export function dotMacs<T>(): i32 {
  return 4 * 8 * (4 / sizeof<T>());
}

/** Of one step of float32Tile. */
export const FLOAT32_MACS: i32 = 64;
/** Of one depthwiseTile: 4 pixels x 8 channels x 9 taps. */
export const DEPTHWISE_MACS: i32 = 4 * 8 * 9;

// @ts-ignore: decorator
@inline
function sumOf(a: v128, b: v128, c: v128, d: v128): i32 {
  return i32x4.extract_lane(i32x4.add(i32x4.add(a, b), i32x4.add(c, d)), 0);
}

/** The tile of gemmRows4. `ones` lie in memory. */
export function dotTile<T>(operands: usize, steps: i32, rounds: i32, ones: usize): i32 {
  const one = v128.load(ones);
  let c00 = i32x4.splat(0);
  let c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  for (; rounds > 0; rounds--) {
    const end = operands + (<usize>steps << 4);
    let w = operands + 1024;
    for (let x = operands; x < end; x += 16, w += 32) {
      const w0 = v128.load(w);
      const w1 = v128.load(w, 16);
      const x0 = v128.load_splat<i32>(x);
      c00 = dot<T>(c00, x0, w0, one);
      c01 = dot<T>(c01, x0, w1, one);
      const x1 = v128.load_splat<i32>(x, 4);
      c10 = dot<T>(c10, x1, w0, one);
      c11 = dot<T>(c11, x1, w1, one);
      const x2 = v128.load_splat<i32>(x, 8);
      c20 = dot<T>(c20, x2, w0, one);
      c21 = dot<T>(c21, x2, w1, one);
      const x3 = v128.load_splat<i32>(x, 12);
      c30 = dot<T>(c30, x3, w0, one);
      c31 = dot<T>(c31, x3, w1, one);
    }
  }
  return sumOf(c00, c01, c10, c11) + sumOf(c20, c21, c30, c31);
}

/**
 * 3x3, 8 channels x 4 pixels: every product has its own activation, so each dot loads one, and each output is requantized
 * after 9 products; the taps that fill the last dot do not count. `constants` are those of requantize.ts and dot-simd.ts,
 * `block` begins with 8 biases and 8 multipliers.
 */
export function depthwiseTile<T>(operands: usize, rounds: i32, block: usize, constants: usize, ones: usize): void {
  const one = v128.load(ones);
  const y = operands + 2048;
  for (; rounds > 0; rounds--) {
    let c00 = v128.load(block);
    let c01 = v128.load(block, 16);
    let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
    let w = block + 64;
    for (let x = operands, end = operands + (sizeof<T>() == 2 ? 5 * 128 : 3 * 128); x < end; x += 128, w += 32) {
      const w0 = v128.load(w);
      const w1 = v128.load(w, 16);
      c00 = dot<T>(c00, v128.load(x), w0, one);
      c01 = dot<T>(c01, v128.load(x, 16), w1, one);
      c10 = dot<T>(c10, v128.load(x, 32), w0, one);
      c11 = dot<T>(c11, v128.load(x, 48), w1, one);
      c20 = dot<T>(c20, v128.load(x, 64), w0, one);
      c21 = dot<T>(c21, v128.load(x, 80), w1, one);
      c30 = dot<T>(c30, v128.load(x, 96), w0, one);
      c31 = dot<T>(c31, v128.load(x, 112), w1, one);
    }
    requantizeRows4(c00, c01, c10, c11, c20, c21, c30, c31, y, y + 8, y + 16, y + 24, 8, block, constants);
  }
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
