/** The commit record of a slot, as the monitor writes it (slots.c). */
import { crc32 } from 'node:zlib';
import * as protocol from './protocol.ts';

/** A slot's bytes: commit record and image. */
export function slotContent(image: Uint8Array, generation: number): Uint8Array {
  const bytes = new Uint8Array(protocol.RECORD_BYTES + image.length).fill(0xff, 0, protocol.RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  const put = (index: number, value: number) => view.setUint32(index * 4, value, true);
  put(protocol.RECORD_MAGIC, protocol.RECORD_MAGIC_VALUE);
  put(protocol.RECORD_GENERATION, generation);
  put(protocol.RECORD_IMAGE_BYTES, image.length);
  put(protocol.RECORD_IMAGE_CRC32, crc32(image));
  put(protocol.RECORD_CRC32, crc32(bytes.subarray(0, protocol.RECORD_CRC32 * 4)));
  bytes.set(image, protocol.RECORD_BYTES);
  return bytes;
}
