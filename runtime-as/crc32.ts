/**
 * CRC-32 (ISO-HDLC: polynomial 0xEDB88320 reflected, as zlib) without tables: a multiple of the polynomial with few terms says to
 * which later bytes a byte may be added instead of being divided (Russell 2024, "Chorba"). Ours is
 * x^123 + x^120 + x^80 + x^74 + x^53 + x^45 + 1 with x^128 for x, or x^64 without SIMD, which are multiples, too: a piece moves to those
 * that come 3, 43, 49, 70, 78 and 123 pieces after it. In the end the last WINDOW bytes hold all that was before them, and are divided
 * bit by bit.
 *
 * Seven loads and six exclusive ors for 16 bytes: a page loads its model before the engine has optimized anything.
 */
import { SIMD } from "./variant";

const PIECE: usize = SIMD ? 16 : 8;
const WINDOW: usize = 123 * PIECE;
/** Pieces that moved on; the oldest is the first of WINDOW bytes. */
const HISTORY_BYTES: usize = 8192;
const history = memory.data(<i32>HISTORY_BYTES, 16);

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

/** The piece at `at`, with all that moved to it, becomes the newest. */
// @ts-ignore: decorator
@inline
function move(at: usize, from: usize): void {
  if (SIMD) {
    let piece = v128.xor(v128.load(at), v128.load(from));
    piece = v128.xor(v128.xor(piece, v128.load(from, 45 * PIECE)), v128.load(from, 53 * PIECE));
    piece = v128.xor(v128.xor(piece, v128.load(from, 74 * PIECE)), v128.load(from, 80 * PIECE));
    v128.store(from, v128.xor(piece, v128.load(from, 120 * PIECE)), WINDOW);
  } else {
    const near = load<u64>(from, 74 * PIECE) ^ load<u64>(from, 80 * PIECE) ^ load<u64>(from, 120 * PIECE);
    store<u64>(from, load<u64>(at) ^ load<u64>(from) ^ load<u64>(from, 45 * PIECE) ^ load<u64>(from, 53 * PIECE) ^ near, WINDOW);
  }
}

/** The pieces up to `end` move on or, the last ones, are divided. */
function walk(end: usize, areLast: bool): void {
  let at = next, from = oldest;
  for (; at + PIECE <= end; at += PIECE) {
    move(at, from);
    if (areLast) {
      crc = divide(crc, from + WINDOW, from + WINDOW + PIECE);
      memory.fill(from + WINDOW, 0, PIECE);
    }
    from += PIECE;
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
    // What the division begins with: only the first piece is 123 pieces after this one.
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
