/**
 * float32 matrix product, 4 rows x 8 channels. Every output adds bias, then its products in the order of K, each
 * product rounded before the sum: the same bits as the scalar loop.
 *
 *     panel   [K][4 rows]                        packPanel4Float32 (1 row: the row itself)
 *     blocks  [ceil(N / 8)] of 8 biases · [K][8 channels]
 *     limits  lower limit [4] · upper limit [4]
 */
export const BLOCK_HEADER_BYTES_FLOAT32: i32 = 32;
export const LIMITS_BYTES: i32 = 32;

/** Bytes of one block of 8 channels. */
export function blockBytesFloat32(k: i64): i64 {
  return BLOCK_HEADER_BYTES_FLOAT32 + k * 32;
}

/** Bytes that the panel of 4 rows occupies; packing works in steps of 4. */
export function panelBytesFloat32(k: i64): i64 {
  return ((k + 3) >> 2) * 64;
}

export function writeLimits(to: usize, low: f32, high: f32): void {
  for (let i = 0; i < 4; i++, to += 4) {
    store<f32>(to, low);
    store<f32>(to, high, 16);
  }
}

/** The block of `channels` channels from `first` on; `weights` [N, k], `bias` that of the first. Other channels stay as they are. */
export function packBlockFloat32(bias: usize, weights: usize, first: i32, channels: i32, k: i32, to: usize): void {
  let from = weights + (<usize>(first * k) << 2);
  for (let n = 0; n < channels; n++, to += 4, bias += 4) {
    // -0 + 0 = +0: from there no sum becomes -0, so that padding taps may be added or left out.
    store<f32>(to, load<f32>(bias) + 0);
    let w = to + BLOCK_HEADER_BYTES_FLOAT32;
    for (let i = 0; i < k; i++, from += 4, w += 32) store<f32>(w, load<f32>(from));
  }
}

/** Interleaves 4 rows of `k` float32; reads up to 3 elements behind each row. */
export function packPanel4Float32(x0: usize, x1: usize, x2: usize, x3: usize, k: i32, panel: usize): void {
  for (const end = x0 + (<usize>k << 2); x0 < end; x0 += 16, x1 += 16, x2 += 16, x3 += 16, panel += 64) {
    const a = v128.load(x0);
    const b = v128.load(x1);
    const c = v128.load(x2);
    const d = v128.load(x3);
    const ab0 = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
    const cd0 = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
    v128.store(panel, v128.shuffle<i64>(ab0, cd0, 0, 2));
    v128.store(panel, v128.shuffle<i64>(ab0, cd0, 1, 3), 16);
    const ab1 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
    const cd1 = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
    v128.store(panel, v128.shuffle<i64>(ab1, cd1, 0, 2), 32);
    v128.store(panel, v128.shuffle<i64>(ab1, cd1, 1, 3), 48);
  }
}

// @ts-ignore: decorator
@inline
function clampFloat32(x: v128, limits: usize): v128 {
  return f32x4.min(f32x4.max(x, v128.load(limits)), v128.load(limits, 16));
}

/** Stores 8 channels of one row, of which `channels` are real. */
function storeRow(y: usize, a: v128, b: v128, channels: i32): void {
  if (channels >= 4) {
    v128.store(y, a);
    if (channels >= 8) {
      v128.store(y, b, 16);
      return;
    }
    y += 16;
    a = b;
    channels -= 4;
  }
  if (channels & 2) {
    v128.store64_lane(y, a, 0);
    y += 8;
    a = v128.shuffle<i64>(a, a, 1, 1);
  }
  if (channels & 1) v128.store32_lane(y, a, 0);
}

/** Rows are stored last to first: rows beyond the real ones may point to the last real one. */
export function gemmRows4Float32(
  panel: usize, k: i32, block: usize, channels: i32, limits: usize, y0: usize, y1: usize, y2: usize, y3: usize,
): void {
  const panelEnd = panel + (<usize>k << 4);
  for (; channels > 0; channels -= 8) {
    let c00 = v128.load(block);
    let c01 = v128.load(block, 16);
    let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
    let w = block + BLOCK_HEADER_BYTES_FLOAT32;
    for (let x = panel; x < panelEnd; x += 16, w += 32) {
      const w0 = v128.load(w);
      const w1 = v128.load(w, 16);
      const x0 = v128.load_splat<i32>(x);
      c00 = f32x4.add(c00, f32x4.mul(x0, w0));
      c01 = f32x4.add(c01, f32x4.mul(x0, w1));
      const x1 = v128.load_splat<i32>(x, 4);
      c10 = f32x4.add(c10, f32x4.mul(x1, w0));
      c11 = f32x4.add(c11, f32x4.mul(x1, w1));
      const x2 = v128.load_splat<i32>(x, 8);
      c20 = f32x4.add(c20, f32x4.mul(x2, w0));
      c21 = f32x4.add(c21, f32x4.mul(x2, w1));
      const x3 = v128.load_splat<i32>(x, 12);
      c30 = f32x4.add(c30, f32x4.mul(x3, w0));
      c31 = f32x4.add(c31, f32x4.mul(x3, w1));
    }
    storeRow(y3, clampFloat32(c30, limits), clampFloat32(c31, limits), channels);
    storeRow(y2, clampFloat32(c20, limits), clampFloat32(c21, limits), channels);
    storeRow(y1, clampFloat32(c10, limits), clampFloat32(c11, limits), channels);
    storeRow(y0, clampFloat32(c00, limits), clampFloat32(c01, limits), channels);
    block = w;
    y0 += 32;
    y1 += 32;
    y2 += 32;
    y3 += 32;
  }
}

export function gemmRow1Float32(x: usize, k: i32, block: usize, channels: i32, limits: usize, y: usize): void {
  const end = x + (<usize>k << 2);
  for (; channels > 0; channels -= 8, y += 32) {
    let c0 = v128.load(block);
    let c1 = v128.load(block, 16);
    let w = block + BLOCK_HEADER_BYTES_FLOAT32;
    for (let p = x; p < end; p += 4, w += 32) {
      const value = v128.load_splat<i32>(p);
      c0 = f32x4.add(c0, f32x4.mul(value, v128.load(w)));
      c1 = f32x4.add(c1, f32x4.mul(value, v128.load(w, 16)));
    }
    storeRow(y, clampFloat32(c0, limits), clampFloat32(c1, limits), channels);
    block = w;
  }
}
