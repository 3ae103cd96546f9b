/**
 * Compact file → packed model. A compact file is a packed model (runtime-as/format.ts), entropy coded byte by byte:
 *
 *     0  magic "WHTC" · 4  bytes of the packed model · 8  the stream of entropy-coder.ts
 *
 * Hosts expand it before the runtime sees it, so the runtime reads plain models only; whether the stream was damaged is
 * told by the CRC-32 of what comes out. Pure ES, no Node imports.
 */
import { InvalidPackedModelError } from '../errors.ts';
import { ByteContexts } from './byte-contexts.ts';
import { ByteDecoder } from './entropy-coder.ts';

/** "WHTC" read as a little-endian word. */
export const COMPACT_MAGIC = 0x43544857;
export const COMPACT_HEADER_BYTES = 8;

/** No model shrinks further; more than this would be a file that was made to fill the memory. */
const LARGEST_EXPANSION = 500;
const SMALLEST_LIMIT = 1 << 16;

export function isCompact(bytes: Uint8Array): boolean {
  return bytes.length >= COMPACT_HEADER_BYTES && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === COMPACT_MAGIC;
}

/**
 * The packed model; the bytes themselves when they are not compact.
 * @throws InvalidPackedModelError when the file says that it holds more than it can
 */
export function expandPacked(bytes: Uint8Array): Uint8Array {
  if (!isCompact(bytes)) return bytes;
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
  if (size > Math.max(SMALLEST_LIMIT, LARGEST_EXPANSION * bytes.length))
    throw new InvalidPackedModelError(`the compact model says it holds ${size} bytes in ${bytes.length}: it is damaged; compile it again`);
  const model = new Uint8Array(size);
  const contexts = new ByteContexts(model);
  const decoder = new ByteDecoder(bytes.subarray(COMPACT_HEADER_BYTES));
  for (let i = 0; i < size; i++) model[i] = decoder.decode(contexts.at(i));
  return model;
}
