/**
 * CRC-32 (ISO-HDLC: polynomial 0xEDB88320 reflected, as zlib) without SIMD, 16 bytes at a time ("slicing", Kounavis and Berry 2005);
 * microkernels/crc32-simd.ts has the same functions.
 */
import { SIMD } from "./variant";

const TABLES: usize = 16;
const tables: usize = SIMD ? 0 : memory.data(16384, 16);

/** The first byte that has not been divided; 0 before all. */
let next: usize = 0;
let crc: u32 = 0xffffffff;

// @ts-ignore: decorator
@inline
function entry(table: usize, index: u32): u32 {
  return load<u32>(tables + (table << 10) + ((<usize>(index & 0xff)) << 2));
}

/** What four bytes become that `table` more follow. */
// @ts-ignore: decorator
@inline
function sliced(table: usize, word: u32): u32 {
  return entry(table + 3, word) ^ entry(table + 2, word >> 8) ^ entry(table + 1, word >> 16) ^ entry(table, word >> 24);
}

/** Entry i of table t is i after 8 (t + 1) steps of the bitwise division. */
function fillTables(): void {
  for (let i: usize = 0; i < 256 * TABLES; i++) {
    let crc = i < 256 ? <u32>i : load<u32>(tables - 1024 + (i << 2));
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0xedb88320 & -(crc & 1));
    store<u32>(tables + (i << 2), crc);
  }
}

/** The bytes from `start`, which stays, to `end` have arrived, and perhaps more will. */
export function receiveCrc32(start: usize, end: usize): void {
  if (next == 0) {
    next = start;
    fillTables();
  }
  for (; next + 16 <= end; next += 16) {
    // The division of one word waits for that of the last, those of the others do not.
    const others = sliced(8, load<u32>(next, 4)) ^ sliced(4, load<u32>(next, 8)) ^ sliced(0, load<u32>(next, 12));
    crc = others ^ sliced(12, crc ^ load<u32>(next));
  }
}

/** The CRC-32 of everything from the first `start` to `end`. */
export function finishCrc32(end: usize): u32 {
  for (; next < end; next++) crc = (crc >> 8) ^ entry(0, crc ^ load<u8>(next));
  return ~crc;
}
