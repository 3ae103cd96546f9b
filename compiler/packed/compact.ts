/** Packed model → compact file: the same model, entropy coded for the way to the device (expand.ts). */
import { ByteContexts } from './byte-contexts.ts';
import { ByteEncoder } from './entropy-coder.ts';
import { COMPACT_HEADER_BYTES, COMPACT_MAGIC } from './expand.ts';

/** @param bytes of a packed model. The same bytes give the same file. */
export function compactPacked(bytes: Uint8Array): Uint8Array {
  const contexts = new ByteContexts(bytes);
  const encoder = new ByteEncoder();
  for (let i = 0; i < bytes.length; i++) encoder.encode(contexts.at(i), bytes[i] as number);
  const stream = encoder.finish();
  const file = new Uint8Array(COMPACT_HEADER_BYTES + stream.length);
  const view = new DataView(file.buffer);
  view.setUint32(0, COMPACT_MAGIC, true);
  view.setUint32(4, bytes.length, true);
  file.set(stream, COMPACT_HEADER_BYTES);
  return file;
}
