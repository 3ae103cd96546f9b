/**
 * Winograd's minimal filtering F(4 x 4, 3 x 3) in integers, after Lavin and Gray, "Fast Algorithms for Convolutional Neural
 * Networks" (2015): the 16 outputs of a tile of 4 x 4 pixels need 36 products per pair of channels instead of 144.
 *
 *     Y = A' [ (G g G') * (B' d B) ] A       d: 6 x 6 activations, g: 3 x 3 weights
 *
 * G has fractions, its rows 1/4, 1/6, 1/24: here they are multiplied by 24 (the last one by 6, and A' by the 4 it lacks), so every
 * number is an integer and the sums are 576 times those of a direct convolution, modulo 2^32. 576 = 9 · 64: multiplied by the
 * inverse of 9 they are 64 times those, exactly, where these are below 2^25; the compiler proves it (TENSOR_FITS_WINOGRAD), and the
 * multipliers of such layers are divided by 64, which changes no bit of what they give.
 *
 * Both factors of the products are int16: B' makes up to 10 · 10 · 128 = 12800 of activations, G up to 12 · 12 · 128 = 18432 of weights.
 */
import { WINOGRAD_TILE } from "../format";
import { dotPair } from "./dot-simd";
import { requantizeRows4 } from "./requantize";

/** Activations along each side of a tile. */
export const TILE_SPAN: i32 = 6;
/** Products of a tile per pair of channels. */
export const POSITIONS: i32 = 36;
const INVERSE_OF_9: i32 = 954437177;
/** The sums of 4 tiles x 8 channels at one position, at a row of positions, and at all. */
const SUMS_BYTES: i32 = 128;
export const ROW_BYTES: i32 = TILE_SPAN * SUMS_BYTES;
export const PRODUCTS_BYTES: i32 = TILE_SPAN * ROW_BYTES;
/** What packWeightsWinograd writes beside the block. */
export const PACK_SCRATCH_BYTES: i32 = (9 + 18 + 6) * 16;

/** Bytes of one transformed activation of so many channels. */
export function channelsBytes(channels: i32): i32 {
  return ((channels + 7) & ~7) << 1;
}

/** Bytes of the transformed weights of 8 output channels. */
export function winogradBlockBytes(channels: i32): i64 {
  return <i64>channelsBytes(channels) * (POSITIONS * 8);
}

/** 8 elements, as int16. */
// @ts-ignore: decorator
@inline
function loadWide<T>(from: usize): v128 {
  return sizeof<T>() == 1 ? v128.load_ext<i8>(from) : v128.load(from);
}

/**
 * B' along one axis: `count` times 8 channels at six places `stride` bytes apart, to six places `toStride` apart. T is the type of
 * the elements; they become int16.
 */
export function transformInput<T>(from: usize, stride: usize, to: usize, toStride: usize, count: i32): void {
  for (; count > 0; count--, from += 8 * sizeof<T>(), to += 16) {
    const d0 = loadWide<T>(from), d1 = loadWide<T>(from + stride), d2 = loadWide<T>(from + 2 * stride);
    const d3 = loadWide<T>(from + 3 * stride), d4 = loadWide<T>(from + 4 * stride), d5 = loadWide<T>(from + 5 * stride);
    const even = i16x8.sub(d4, d2);
    const odd = i16x8.shl(i16x8.sub(d3, d1), 1);
    const a = i16x8.sub(d4, i16x8.shl(d2, 2));
    const b = i16x8.sub(d3, i16x8.shl(d1, 2));
    v128.store(to, i16x8.add(i16x8.shl(i16x8.sub(d0, d2), 2), even));
    v128.store(to + toStride, i16x8.add(a, b));
    v128.store(to + 2 * toStride, i16x8.sub(a, b));
    v128.store(to + 3 * toStride, i16x8.add(even, odd));
    v128.store(to + 4 * toStride, i16x8.sub(even, odd));
    v128.store(to + 5 * toStride, i16x8.sub(i16x8.sub(d5, d3), i16x8.shl(odd, 1)));
  }
}

/** 24 G along one axis: 8 channels of the weights at three places `stride` bytes apart, to six places `toStride` apart. */
function transformWeights(from: usize, stride: usize, to: usize, toStride: usize): void {
  const g0 = v128.load(from), g1 = v128.load(from + stride), g2 = v128.load(from + 2 * stride);
  const ends = i16x8.add(g0, g2);
  const far = i16x8.add(g0, i16x8.shl(g2, 2));
  const middle = i16x8.shl(g1, 1);
  v128.store(to, i16x8.mul(g0, i16x8.splat(6)));
  v128.store(to + toStride, i16x8.shl(i16x8.neg(i16x8.add(ends, g1)), 2));
  v128.store(to + 2 * toStride, i16x8.shl(i16x8.sub(g1, ends), 2));
  v128.store(to + 3 * toStride, i16x8.add(far, middle));
  v128.store(to + 4 * toStride, i16x8.sub(far, middle));
  v128.store(to + 5 * toStride, i16x8.mul(g2, i16x8.splat(6)));
}

/**
 * The weights [3][3][channels] of one output channel, into its lane of a block [36][ceil(channels / 8)][4][8][2] int16; what fills
 * the last 8 input channels is 0. Writes PACK_SCRATCH_BYTES at `scratch`.
 */
export function packWeightsWinograd(from: usize, channels: i32, to: usize, scratch: usize): void {
  const positionBytes = <usize>(channelsBytes(channels) << 3);
  const columns = scratch + 9 * 16;
  const positions = columns + 18 * 16;
  for (let left = channels; left > 0; left -= 8, from += 8, to += 128) {
    const mask = i16x8.gt_s(i16x8.splat(<i16>left), i16x8(0, 1, 2, 3, 4, 5, 6, 7));
    for (let at = scratch, tap = from; at < columns; at += 16, tap += channels) v128.store(at, v128.and(v128.load_ext<i8>(tap), mask));
    for (let kw: usize = 0; kw < 48; kw += 16) transformWeights(scratch + kw, 48, columns + kw, 48);
    let position = to;
    for (let at = columns; at < positions; at += 48) {
      transformWeights(at, 16, positions, 16);
      for (let j: usize = 0; j < 6 * 16; j += 16, position += positionBytes) {
        const four = v128.load(positions + j);
        v128.store_lane<i32>(position, four, 0);
        v128.store_lane<i32>(position, four, 1, 32);
        v128.store_lane<i32>(position, four, 2, 64);
        v128.store_lane<i32>(position, four, 3, 96);
      }
    }
  }
}

/**
 * The products of 4 tiles x 8 channels, summed over the input channels.
 * @param tiles [36][4][rowBytes] transformed activations, int16
 * @param weights [36][rowBytes / 4][8][2] of a block
 * @param sums [36][4][8] int32
 */
export function multiplyTiles(tiles: usize, rowBytes: usize, weights: usize, sums: usize): void {
  let x0 = tiles, w = weights;
  for (const end = sums + PRODUCTS_BYTES; sums < end; sums += SUMS_BYTES) {
    let c00 = i32x4.splat(0);
    let c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
    let x1 = x0 + rowBytes, x2 = x1 + rowBytes, x3 = x2 + rowBytes;
    for (const rowEnd = x1; x0 < rowEnd; x0 += 4, x1 += 4, x2 += 4, x3 += 4, w += 32) {
      const w0 = v128.load(w), w1 = v128.load(w, 16);
      const p0 = v128.load_splat<i32>(x0);
      c00 = dotPair(c00, p0, w0);
      c01 = dotPair(c01, p0, w1);
      const p1 = v128.load_splat<i32>(x1);
      c10 = dotPair(c10, p1, w0);
      c11 = dotPair(c11, p1, w1);
      const p2 = v128.load_splat<i32>(x2);
      c20 = dotPair(c20, p2, w0);
      c21 = dotPair(c21, p2, w1);
      const p3 = v128.load_splat<i32>(x3);
      c30 = dotPair(c30, p3, w0);
      c31 = dotPair(c31, p3, w1);
    }
    v128.store(sums, c00);
    v128.store(sums, c01, 16);
    v128.store(sums, c10, 32);
    v128.store(sums, c11, 48);
    v128.store(sums, c20, 64);
    v128.store(sums, c21, 80);
    v128.store(sums, c30, 96);
    v128.store(sums, c31, 112);
    x0 = x3;
  }
}

/** A' along one axis, in place: `vectors` times six vectors `stride` bytes apart become four. */
function transformSums(at: usize, stride: usize, vectors: i32): void {
  for (; vectors > 0; vectors--, at += 16) {
    const m0 = v128.load(at), m1 = v128.load(at + stride), m2 = v128.load(at + 2 * stride);
    const m3 = v128.load(at + 3 * stride), m4 = v128.load(at + 4 * stride), m5 = v128.load(at + 5 * stride);
    const sum1 = i32x4.add(m1, m2), sum3 = i32x4.add(m3, m4);
    const odd1 = i32x4.sub(m1, m2), odd3 = i32x4.shl(i32x4.sub(m3, m4), 1);
    v128.store(at, i32x4.add(i32x4.add(m0, sum1), sum3));
    v128.store(at + stride, i32x4.add(odd1, odd3));
    v128.store(at + 2 * stride, i32x4.add(sum1, i32x4.shl(sum3, 2)));
    v128.store(at + 3 * stride, i32x4.add(odd1, i32x4.shl(i32x4.add(odd3, m5), 2)));
  }
}

/** From the sums of multiplyTiles to those of the outputs: [4 rows] of ROW_BYTES, [4 columns][4 tiles][8] int32 each, times WINOGRAD_SCALE · 9. */
export function transformProducts(sums: usize): void {
  transformSums(sums, ROW_BYTES, TILE_SPAN * 8);
  for (const end = sums + WINOGRAD_TILE * ROW_BYTES; sums < end; sums += ROW_BYTES) transformSums(sums, SUMS_BYTES, 8);
}

// @ts-ignore: decorator
@inline
function sumOf(sums: usize, offset: usize, bias: v128, inverse: v128): v128 {
  return i32x4.add(i32x4.mul(v128.load(sums + offset), inverse), bias);
}

/**
 * Four pixels of a row of one tile: `sums` [4 columns] of 128 bytes. `block` begins with 8 biases and 8 multipliers; pixels beyond
 * the real ones are those before them again.
 */
export function finishPixels(sums: usize, y: usize, rowBytes: usize, pixels: i32, channels: i32, block: usize, constants: usize): void {
  const inverse = i32x4.splat(INVERSE_OF_9);
  const b0 = v128.load(block), b1 = v128.load(block, 16);
  const y1 = y + (pixels > 1 ? rowBytes : 0), y2 = y1 + (pixels > 2 ? rowBytes : 0), y3 = y2 + (pixels > 3 ? rowBytes : 0);
  requantizeRows4(
    sumOf(sums, 0, b0, inverse), sumOf(sums, 16, b1, inverse), sumOf(sums, 128, b0, inverse), sumOf(sums, 144, b1, inverse),
    sumOf(sums, 256, b0, inverse), sumOf(sums, 272, b1, inverse), sumOf(sums, 384, b0, inverse), sumOf(sums, 400, b1, inverse),
    y, y1, y2, y3, channels, block, constants,
  );
}
