/** CRC-32 (ISO-HDLC: polynomial 0xEDB88320 reflected, as zlib), eight bytes at a time ("slicing by 8", Kounavis and Berry 2005). */

const TABLES: usize = 8;
const tables = memory.data(8 * 256 * 4, 16);

// @ts-ignore: decorator
@inline
function entry(table: usize, index: u32): u32 {
  return load<u32>(tables + (table << 10) + ((<usize>(index & 0xff)) << 2));
}

/** Entry i of table t is i after 8 (t + 1) steps of the bitwise division. */
function fillTables(): void {
  for (let i: u32 = 0; i < 256; i++) {
    let crc = i;
    for (let bit: usize = 0; bit < 8 * TABLES; bit++) {
      crc = (crc >> 1) ^ (0xedb88320 & -(crc & 1));
      store<u32>(tables + ((bit & ~7) << 7) + ((<usize>i) << 2), crc);
    }
  }
}

/** `crc` of what came before (nothing: 0xffffffff), continued to `end`; the CRC-32 is its complement. */
export function continueCrc32(crc: u32, address: usize, end: usize): u32 {
  if (entry(0, 1) == 0) fillTables();
  for (; address + 8 <= end; address += 8) {
    const x = crc ^ load<u32>(address);
    const y = load<u32>(address, 4);
    crc =
      entry(7, x) ^ entry(6, x >> 8) ^ entry(5, x >> 16) ^ entry(4, x >> 24) ^
      entry(3, y) ^ entry(2, y >> 8) ^ entry(1, y >> 16) ^ entry(0, y >> 24);
  }
  for (; address < end; address++) crc = (crc >> 8) ^ entry(0, crc ^ load<u8>(address));
  return crc;
}
