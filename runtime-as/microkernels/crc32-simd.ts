/**
 * CRC-32 (ISO-HDLC: polynomial 0xEDB88320 reflected, as zlib) without tables, 16 bytes at a time: a multiple of the polynomial
 * with few terms says to which later bytes a byte may be added instead of being divided (Russell 2024, "Chorba"). Ours is
 * x^123 + x^120 + x^80 + x^74 + x^53 + x^45 + 1 with x^128 for x, which is a multiple, too: a vector moves to those that come 3, 43,
 * 49, 70, 78 and 123 vectors after it. In the end the last WINDOW bytes hold all that was before them, and are divided bit by bit.
 *
 * Six loads and seven exclusive ors for 16 bytes: a page loads its model before the engine has optimized anything.
 */
import { SIMD } from "../variant";

const VECTOR: usize = 16;
const WINDOW: usize = 123 * VECTOR;
/** Vectors that moved on; the oldest is the first of WINDOW bytes. */
const HISTORY_BYTES: usize = 8192;
const history: usize = SIMD ? memory.data(8192, 16) : 0;

let oldest: usize = 0;
/** The first byte that has not moved; 0 before all. */
let next: usize = 0;
let crc: u32 = 0;

/** `rest` of the division of what came before, with the bytes from `address` to `end`. */
function divide(rest: u32, address: usize, end: usize): u32 {
  for (; address < end; address++) {
    rest ^= load<u8>(address);
    for (let bit = 0; bit < 8; bit++) rest = (rest >> 1) ^ (0xedb88320 & -(rest & 1));
  }
  return rest;
}

/** The vectors up to `end` move on or, the last ones, are divided. */
function walk(end: usize, areLast: bool): void {
  let at = next, from = oldest;
  for (; at + VECTOR <= end; at += VECTOR) {
    let vector = v128.xor(v128.load(at), v128.load(from));
    vector = v128.xor(v128.xor(vector, v128.load(from, 45 * VECTOR)), v128.load(from, 53 * VECTOR));
    vector = v128.xor(v128.xor(vector, v128.load(from, 74 * VECTOR)), v128.load(from, 80 * VECTOR));
    vector = v128.xor(vector, v128.load(from, 120 * VECTOR));
    v128.store(from, vector, WINDOW);
    if (areLast) {
      crc = divide(crc, from + WINDOW, from + WINDOW + VECTOR);
      v128.store(from, i32x4.splat(0), WINDOW);
    }
    from += VECTOR;
    if (from == history + HISTORY_BYTES - WINDOW) {
      memory.copy(history, from, WINDOW);
      from = history;
    }
  }
  next = at;
  oldest = from;
}

/** The bytes from `start`, which stays, to `end` have arrived, and perhaps more will. */
export function receiveCrc32(start: usize, end: usize): void {
  if (next == 0) {
    next = start;
    oldest = history;
    // What the division begins with: only the first vector is 123 vectors after this one.
    store<u32>(history, 0xffffffff);
  }
  walk(end - WINDOW, false);
}

/** The CRC-32 of everything from the first `start` to `end`; there are 16 bytes at least. */
export function finishCrc32(end: usize): u32 {
  walk(end, true);
  crc = divide(crc, next, end);
  next = end;
  return ~crc;
}
