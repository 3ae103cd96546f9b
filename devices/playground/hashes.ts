/** In place of node:crypto and node:zlib in the browser bundle. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

class Sha256 {
  constructor(private readonly hash: ReturnType<typeof sha256.create> = sha256.create()) {}

  update(data: Uint8Array | string): this {
    this.hash.update(typeof data === 'string' ? utf8ToBytes(data) : data);
    return this;
  }

  copy(): Sha256 {
    return new Sha256(this.hash.clone());
  }

  digest(_encoding: 'hex'): string {
    return bytesToHex(this.hash.digest());
  }
}

export function createHash(_name: 'sha256'): Sha256 {
  return new Sha256();
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 (ISO-HDLC) as zlib's. @param crc of what came before */
export function crc32(data: Uint8Array, crc = 0): number {
  let value = ~crc;
  for (const byte of data) value = (value >>> 8) ^ (table[(value ^ byte) & 0xff] as number);
  return ~value >>> 0;
}
