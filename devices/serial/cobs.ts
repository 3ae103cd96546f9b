/** Consistent overhead byte stuffing (Cheshire, Baker 1999): bytes without zeros, at most one in 254 more. */

const BLOCK_BYTES = 254;

/** @returns the encoded bytes, without delimiter */
export function encodeCobs(bytes: Uint8Array): Uint8Array {
  const encoded = new Uint8Array(bytes.length + Math.floor(bytes.length / BLOCK_BYTES) + 1);
  let codeAt = 0;
  let end = 1;
  const close = (code: number) => {
    encoded[codeAt] = code;
    codeAt = end++;
  };
  for (const byte of bytes) {
    if (byte === 0) {
      close(end - codeAt);
      continue;
    }
    encoded[end++] = byte;
    if (end - codeAt === BLOCK_BYTES + 1) close(0xff);
  }
  encoded[codeAt] = end - codeAt;
  return encoded.subarray(0, end);
}

/** @returns undefined when the bytes are not the code of anything */
export function decodeCobs(encoded: Uint8Array): Uint8Array | undefined {
  const bytes = new Uint8Array(encoded.length);
  let end = 0;
  for (let at = 0; at < encoded.length; ) {
    const code = encoded[at++] as number;
    if (code === 0 || at + code - 1 > encoded.length) return undefined;
    bytes.set(encoded.subarray(at, at + code - 1), end);
    end += code - 1;
    at += code - 1;
    if (code !== 0xff && at < encoded.length) bytes[end++] = 0;
  }
  return bytes.subarray(0, end);
}
