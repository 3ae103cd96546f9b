/** CRC-32 (ISO-HDLC: polynomial 0xEDB88320 reflected, as zlib), four bytes at a time ("slicing by 4", Kounavis and Berry 2005). */

const tables = memory.data(4 * 256 * 4, 16);

// @ts-ignore: decorator
@inline
function entry(table: usize, index: u32): u32 {
  return load<u32>(tables + (table << 10) + ((<usize>(index & 0xff)) << 2));
}

function fillTables(): void {
  for (let i: u32 = 0; i < 256; i++) {
    let crc = i;
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    store<u32>(tables + ((<usize>i) << 2), crc);
  }
  for (let i: u32 = 0; i < 256; i++) {
    let crc = entry(0, i);
    for (let table: usize = 1; table < 4; table++) {
      crc = (crc >> 8) ^ entry(0, crc);
      store<u32>(tables + (table << 10) + ((<usize>i) << 2), crc);
    }
  }
}

export function crc32(address: usize, bytes: usize): u32 {
  if (entry(0, 1) == 0) fillTables();
  let crc: u32 = 0xffffffff;
  const end = address + bytes;
  for (; address + 4 <= end; address += 4) {
    const x = crc ^ load<u32>(address);
    crc = entry(3, x) ^ entry(2, x >> 8) ^ entry(1, x >> 16) ^ entry(0, x >> 24);
  }
  for (; address < end; address++) crc = (crc >> 8) ^ entry(0, crc ^ load<u8>(address));
  return ~crc;
}
