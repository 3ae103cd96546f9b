/** Reads an image as the boot ROM does, by esptool's documentation ("Firmware Image Format") alone. */
import { createHash } from 'node:crypto';

export interface LoadedImage {
  readonly entry: number;
  readonly flashMode: number;
  /** Bytes. */
  readonly flashSize: number;
  readonly segments: readonly { readonly address: number; readonly content: Uint8Array }[];
  /** Of the whole image, digest included. */
  readonly bytes: number;
}

/** @throws Error where the ROM would not start the image. */
export function loadEspImage(flash: Uint8Array, chip: number): LoadedImage {
  const view = new DataView(flash.buffer, flash.byteOffset, flash.byteLength);
  if (flash[0] !== 0xe9) throw new Error(`invalid header: 0x${flash[0]?.toString(16)}`);
  if (view.getUint16(12, true) !== chip) throw new Error(`the image is for chip ${view.getUint16(12, true)}`);
  const segments = [];
  let at = 24;
  let checksum = 0xef;
  for (let left = flash[1] as number; left > 0; left--) {
    const [address, bytes] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
    if (bytes % 4 || at + bytes > flash.length) throw new Error(`a segment of ${bytes} bytes at ${at}`);
    const content = flash.slice(at + 8, at + 8 + bytes);
    checksum = content.reduce((sum, byte) => sum ^ byte, checksum);
    segments.push({ address, content });
    at += 8 + bytes;
  }
  // The checksum is the last byte of the next sixteen.
  at = (Math.floor(at / 16) + 1) * 16;
  if (flash[at - 1] !== checksum) throw new Error(`checksum ${flash[at - 1]} instead of ${checksum}`);
  if (flash[23] === 1) {
    const digest = createHash('sha256').update(flash.subarray(0, at)).digest();
    if (!digest.equals(flash.subarray(at, at + 32))) throw new Error('the digest is of another image');
    at += 32;
  }
  return {
    entry: view.getUint32(4, true),
    flashMode: flash[2] as number,
    flashSize: (1 << ((flash[3] as number) >> 4)) * 1024 * 1024,
    segments,
    bytes: at,
  };
}
