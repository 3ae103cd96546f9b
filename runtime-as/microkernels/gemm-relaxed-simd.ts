/**
 * int8 matrix product of relaxed builds, 4 rows x 8 channels, in one of the forms of dot-simd.ts. The rows are read where
 * they lie, as the form wants them (stretchRun), so nothing is packed: a row is `runs` runs of `runBytes` bytes, `runStride`
 * apart. The blocks are those of gemm-int8-simd.ts; what a row holds behind its own depth meets weights of zero.
 */
import { PAIRS, QUADS } from "../variant";
import { dotFour, dotPair, dotQuads, flipAt, FORM_FOURS, FORM_QUADS, isPairs, onesAt } from "./dot-simd";
import { BLOCK_HEADER_BYTES } from "./gemm-int8-simd";
import { requantizeRow, requantizeRows4 } from "./requantize";

/** Bytes that `elements` int8 become. */
// @ts-ignore: decorator
@inline
export function stretchedBytes(form: i32, elements: i32): usize {
  return <usize>elements << (isPairs(form) ? 1 : 0);
}

/** `elements` int8 as the form wants them: int16, or bytes with the sign of the engine; writes up to 15 bytes behind, reads as far. */
export function stretchRun(form: i32, to: usize, from: usize, elements: usize, constants: usize): void {
  const end = from + elements;
  if (isPairs(form)) {
    for (; from < end; from += 8, to += 16) v128.store(to, v128.load_ext<i8>(from));
  } else {
    const flip = flipAt(constants);
    for (; from < end; from += 16, to += 16) v128.store(to, v128.xor(v128.load(from), flip));
  }
}

/** `pixel` holds the addresses of the rows, and of three more; y of the next row lies `rowBytes` behind. */
export function gemmRowsRelaxed(
  form: i32, pixel: usize, rows: i32, runs: i32, runStride: usize, runBytes: usize, blocks: usize, channels: i32, constants: usize,
  y0: usize, rowBytes: usize,
): void {
  for (; rows > 0; rows -= 4, pixel += 4 * sizeof<usize>(), y0 += 4 * rowBytes) {
    const y1 = y0 + (rows > 1 ? rowBytes : 0), y2 = y1 + (rows > 2 ? rowBytes : 0), y3 = y2 + (rows > 3 ? rowBytes : 0);
    let block = blocks;
    for (let n: usize = 0; <i32>n < channels; n += 8) {
      let c00 = v128.load(block);
      let c01 = v128.load(block, 16);
      let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
      let w = block + BLOCK_HEADER_BYTES;
      let x0 = load<usize>(pixel), x1 = load<usize>(pixel, sizeof<usize>());
      let x2 = load<usize>(pixel, 2 * sizeof<usize>()), x3 = load<usize>(pixel, 3 * sizeof<usize>());
      for (let run = runs; ; ) {
        const end = x0 + runBytes;
        if (QUADS && form == FORM_QUADS) {
          const ones = onesAt(constants);
          for (; x0 < end; x0 += 8, x1 += 8, x2 += 8, x3 += 8, w += 64) {
            const a0 = v128.load(w), a1 = v128.load(w, 16), b0 = v128.load(w, 32), b1 = v128.load(w, 48);
            const p0 = v128.load_splat<i32>(x0), q0 = v128.load_splat<i32>(x0, 4);
            c00 = dotQuads(c00, p0, q0, a0, b0, ones);
            c01 = dotQuads(c01, p0, q0, a1, b1, ones);
            const p1 = v128.load_splat<i32>(x1), q1 = v128.load_splat<i32>(x1, 4);
            c10 = dotQuads(c10, p1, q1, a0, b0, ones);
            c11 = dotQuads(c11, p1, q1, a1, b1, ones);
            const p2 = v128.load_splat<i32>(x2), q2 = v128.load_splat<i32>(x2, 4);
            c20 = dotQuads(c20, p2, q2, a0, b0, ones);
            c21 = dotQuads(c21, p2, q2, a1, b1, ones);
            const p3 = v128.load_splat<i32>(x3), q3 = v128.load_splat<i32>(x3, 4);
            c30 = dotQuads(c30, p3, q3, a0, b0, ones);
            c31 = dotQuads(c31, p3, q3, a1, b1, ones);
          }
        } else if (!PAIRS || form == FORM_FOURS) {
          for (; x0 < end; x0 += 4, x1 += 4, x2 += 4, x3 += 4, w += 32) {
            const w0 = v128.load(w), w1 = v128.load(w, 16);
            const p0 = v128.load_splat<i32>(x0);
            c00 = dotFour(c00, p0, w0);
            c01 = dotFour(c01, p0, w1);
            const p1 = v128.load_splat<i32>(x1);
            c10 = dotFour(c10, p1, w0);
            c11 = dotFour(c11, p1, w1);
            const p2 = v128.load_splat<i32>(x2);
            c20 = dotFour(c20, p2, w0);
            c21 = dotFour(c21, p2, w1);
            const p3 = v128.load_splat<i32>(x3);
            c30 = dotFour(c30, p3, w0);
            c31 = dotFour(c31, p3, w1);
          }
        } else {
          for (; x0 < end; x0 += 4, x1 += 4, x2 += 4, x3 += 4, w += 32) {
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
        }
        if (--run == 0) break;
        const next = runStride - runBytes;
        x0 += next;
        x1 += next;
        x2 += next;
        x3 += next;
      }
      requantizeRows4(c00, c01, c10, c11, c20, c21, c30, c31, y0 + n, y1 + n, y2 + n, y3 + n, channels - <i32>n, block, constants);
      block = w;
    }
  }
}

/** One row at `x0`, in a form of bytes. */
export function gemmRow1Relaxed(
  form: i32, x0: usize, runs: i32, runStride: usize, runBytes: usize, block: usize, channels: i32, constants: usize, y: usize,
): void {
  for (; channels > 0; channels -= 8, y += 8) {
    let c0 = v128.load(block);
    let c1 = v128.load(block, 16);
    // A dot product waits for the sum that it adds to: two sums each.
    let d0 = i32x4.splat(0), d1 = d0;
    let w = block + BLOCK_HEADER_BYTES;
    for (let run = runs, from = x0; run > 0; run--, from += runStride) {
      const end = from + runBytes;
      if (QUADS && form == FORM_QUADS) {
        const ones = onesAt(constants);
        for (let x = from; x < end; x += 8, w += 64) {
          const p = v128.load_splat<i32>(x), q = v128.load_splat<i32>(x, 4);
          c0 = dotQuads(c0, p, q, v128.load(w), v128.load(w, 32), ones);
          c1 = dotQuads(c1, p, q, v128.load(w, 16), v128.load(w, 48), ones);
        }
      } else {
        for (let x = from; x < end; x += 4, w += 32) {
          // A dot product waits for the sum that it adds to: two sums each take turns.
          const p = v128.load_splat<i32>(x);
          const e0 = c0, e1 = c1;
          c0 = d0;
          c1 = d1;
          d0 = dotFour(e0, p, v128.load(w));
          d1 = dotFour(e1, p, v128.load(w, 16));
        }
      }
    }
    requantizeRow(i32x4.add(c0, d0), i32x4.add(c1, d1), y, channels, block, constants);
    block = w;
  }
}
