/** CRC-32 (ISO-HDLC: polynomial 0xEDB88320 reflected, as zlib), 16 bytes at a time ("slicing", Kounavis and Berry 2005). */

const TABLES: usize = 16;
const tables = memory.data(16 * 256 * 4, 16);

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

/** `crc` of what came before (nothing: 0xffffffff), continued to `end`; the CRC-32 is its complement. */
export function continueCrc32(crc: u32, address: usize, end: usize): u32 {
  if (entry(0, 1) == 0) fillTables();
  for (; address + 16 <= end; address += 16) {
    // The division of one word waits for that of the last, those of the others do not.
    const others = sliced(8, load<u32>(address, 4)) ^ sliced(4, load<u32>(address, 8)) ^ sliced(0, load<u32>(address, 12));
    crc = others ^ sliced(12, crc ^ load<u32>(address));
  }
  for (; address < end; address++) crc = (crc >> 8) ^ entry(0, crc ^ load<u8>(address));
  return crc;
}
