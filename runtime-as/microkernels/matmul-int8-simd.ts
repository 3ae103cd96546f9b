/**
 * int8 matrix product of two activations, 4 rows x 8 columns, `i32x4.dot_i16x8_s` over pairs of K. Both zero points are
 * arbitrary, so b - zero point needs 9 bits and is packed as int16:
 *
 *     panel   4 rows of a (gemm-int8-simd.ts)
 *     blocks  [ceil(N / 8)] of 8 biases int32 · 8 multipliers float32 · [ceil(K / 2)][8 columns][2] int16
 *
 * Σ (a - za)(b - zb) = Σ a (b - zb) - za Σ (b - zb); the second sum is the bias of the column.
 */
import { BLOCK_HEADER_BYTES, gemmRows4, packPanel4, panelBytesInt8 } from "./gemm-int8-simd";

// @ts-ignore: decorator
@inline
function blockBytes(k: i32): usize {
  return <usize>(BLOCK_HEADER_BYTES + ((k + 1) >> 1) * 32);
}

/** Bytes of the blocks and, behind them, the panel. */
export function matmulWorkspaceBytesSimd(k: i32, n: i32): i32 {
  return ((n + 7) >> 3) * <i32>blockBytes(k) + <i32>panelBytesInt8(k);
}

/** b [k, n] → blocks; columns behind n and the odd row behind k hold zeros. */
export function packMatmulSimd(b: usize, k: i32, n: i32, aZeroPoint: i32, bZeroPoint: i32, multiplier: f32, block: usize): void {
  for (let j = 0; j < n; j += 8, block += blockBytes(k)) {
    v128.store(block, f32x4.splat(multiplier), 32);
    v128.store(block, f32x4.splat(multiplier), 48);
    if (n - j >= 8) packColumns8(b + j, k, n, aZeroPoint, bZeroPoint, block);
    else packColumns(b + j, k, n, n - j, aZeroPoint, bZeroPoint, block);
  }
}

function packColumns8(b: usize, k: i32, n: i32, aZeroPoint: i32, bZeroPoint: i32, block: usize): void {
  const zeroPoints = i16x8.splat(<i16>bZeroPoint);
  const minusA = i16x8.splat(<i16>-aZeroPoint);
  let low = i32x4.splat(0);
  let high = low;
  let to = block + BLOCK_HEADER_BYTES;
  for (let i = 0; i < k; i += 2, to += 32) {
    const even = i16x8.sub(v128.load_ext<i8>(b), zeroPoints);
    let odd = i16x8.splat(0);
    if (i + 1 < k) odd = i16x8.sub(v128.load_ext<i8>(b + n), zeroPoints);
    const left = v128.shuffle<i16>(even, odd, 0, 8, 1, 9, 2, 10, 3, 11);
    const right = v128.shuffle<i16>(even, odd, 4, 12, 5, 13, 6, 14, 7, 15);
    v128.store(to, left);
    v128.store(to, right, 16);
    low = i32x4.add(low, i32x4.dot_i16x8_s(left, minusA));
    high = i32x4.add(high, i32x4.dot_i16x8_s(right, minusA));
    b += <usize>n << 1;
  }
  v128.store(block, low);
  v128.store(block, high, 16);
}

function packColumns(b: usize, k: i32, n: i32, columns: i32, aZeroPoint: i32, bZeroPoint: i32, block: usize): void {
  memory.fill(block, 0, 32);
  memory.fill(block + BLOCK_HEADER_BYTES, 0, blockBytes(k) - BLOCK_HEADER_BYTES);
  for (let j = 0; j < columns; j++) {
    let sum: i32 = 0;
    for (let i = 0; i < k; i++) {
      const value = <i32>load<i8>(b + <usize>i * n + j) - bZeroPoint;
      sum += value;
      store<i16>(block + BLOCK_HEADER_BYTES + <usize>(i >> 1) * 32 + (<usize>j << 2) + ((i & 1) << 1), value);
    }
    store<i32>(block + (<usize>j << 2), -aZeroPoint * sum);
  }
}

/** a [m, k] · blocks → y [m, n]; `constants` are those of requantize.ts. */
export function matmulInt8Simd(a: usize, blocks: usize, y: usize, m: i32, k: i32, n: i32, constants: usize): void {
  const panel = blocks + <usize>((n + 7) >> 3) * blockBytes(k);
  const last = m - 1;
  for (let i = 0; i < m; i += 4) {
    const i1 = min(i + 1, last);
    const i2 = min(i + 2, last);
    const i3 = min(i + 3, last);
    packPanel4(a + <usize>i * k, a + <usize>i1 * k, a + <usize>i2 * k, a + <usize>i3 * k, k, panel);
    gemmRows4(panel, (k + 1) >> 1, blocks, n, constants, y + <usize>i * n, y + <usize>i1 * n, y + <usize>i2 * n, y + <usize>i3 * n);
  }
}
