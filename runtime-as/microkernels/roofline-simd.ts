/** Register tiles of the SIMD microkernels without packing and edges; see ../roofline.ts. */
import { depthwiseFours, FOURS_HEADER_BYTES, WINDOW_PART_BYTES } from "./depthwise-fours-simd";
import { dotPair } from "./dot-simd";
import { requantizeRows4 } from "./requantize";

/** Of one step of float32Tile. */
export const FLOAT32_MACS: i32 = 64;
/** Of one depthwiseTile: 4 pixels x 8 channels x 9 taps. */
export const DEPTHWISE_MACS: i32 = 4 * 8 * 9;

/**
 * 3x3, 8 channels x 4 pixels: every product has its own activation, so each dot loads one, and each output is requantized
 * after 9 products; the tap that fills the last dot does not count. `constants` are those of requantize.ts,
 * `block` begins with 8 biases and 8 multipliers.
 */
export function depthwiseTile(operands: usize, rounds: i32, block: usize, constants: usize): void {
  const y = operands + 2048;
  for (; rounds > 0; rounds--) {
    let c00 = v128.load(block);
    let c01 = v128.load(block, 16);
    let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
    let w = block + 64;
    for (let x = operands, end = operands + 5 * 128; x < end; x += 128, w += 32) {
      const w0 = v128.load(w);
      const w1 = v128.load(w, 16);
      c00 = dotPair(c00, v128.load(x), w0);
      c01 = dotPair(c01, v128.load(x, 16), w1);
      c10 = dotPair(c10, v128.load(x, 32), w0);
      c11 = dotPair(c11, v128.load(x, 48), w1);
      c20 = dotPair(c20, v128.load(x, 64), w0);
      c21 = dotPair(c21, v128.load(x, 80), w1);
      c30 = dotPair(c30, v128.load(x, 96), w0);
      c31 = dotPair(c31, v128.load(x, 112), w1);
    }
    requantizeRows4(c00, c01, c10, c11, c20, c21, c30, c31, y, y + 8, y + 16, y + 24, 8, block, constants);
  }
}

/** The same of relaxed builds: the tile of the kernel itself. */
export function depthwiseTileFours(form: i32, operands: usize, rounds: i32, block: usize, constants: usize): void {
  const weights = block + FOURS_HEADER_BYTES;
  for (; rounds > 0; rounds--) {
    depthwiseFours<i8>(form, operands, weights, weights + WINDOW_PART_BYTES, block, constants, operands + 2048, 8, 4);
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
