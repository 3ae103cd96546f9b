/** Keeps a model in the browser's Cache API, so that it loads offline and only once; checked by its SHA-256. */
import { InputFileError } from '../../compiler/errors.ts';
import { bytesOf, modelSource } from './source.ts';

export interface CacheOptions {
  /** SHA-256 of the file, 64 hex digits: a wrong one is an error, and another one replaces the file that is kept. */
  readonly sha256?: string;
  /** Name of the cache; what does not belong to it is never touched. */
  readonly cacheName?: string;
  /** Total bytes that the cache may hold: the files used longest ago go first. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

const USED = 'x-whittle-used';
const SHA256 = 'x-whittle-sha256';

/** Where there is no secure context there is neither a cache nor a digest: the file is fetched, and cannot be checked. */
export async function cachedBytes(url: URL | string, options: CacheOptions = {}): Promise<Uint8Array> {
  const { sha256, cacheName = 'whittle', maxBytes = 64 << 20, signal } = options;
  const name = new URL(url, globalThis.location?.href).href;
  const cache = await globalThis.caches?.open(cacheName).catch(() => undefined);
  const kept = await cache?.match(name);
  if (kept && (sha256 === undefined || kept.headers.get(SHA256) === sha256)) {
    const bytes = new Uint8Array(await kept.arrayBuffer());
    await keep(cache as Cache, name, bytes, kept.headers.get(SHA256) ?? '');
    return bytes;
  }
  const bytes = await bytesOf(modelSource(url, signal ? { signal } : {}));
  const digest = await sha256Of(bytes);
  if (sha256 !== undefined && digest !== undefined && digest !== sha256)
    throw new InputFileError(
      `${name}: has SHA-256 ${digest}, expected ${sha256}; the server has another version of the file, or it was damaged`,
    );
  if (cache && bytes.length <= maxBytes) {
    await keep(cache, name, bytes, digest ?? '');
    await evict(cache, maxBytes);
  }
  return bytes;
}

async function sha256Of(bytes: Uint8Array): Promise<string | undefined> {
  const digest = await globalThis.crypto?.subtle?.digest('SHA-256', bytes as BufferSource);
  return digest && Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A full disk is no reason to fail: the model runs without its cache. */
async function keep(cache: Cache, name: string, bytes: Uint8Array, digest: string): Promise<void> {
  const headers = { [USED]: String(Date.now()), [SHA256]: digest, 'content-length': String(bytes.length) };
  await cache.put(name, new Response(bytes as BodyInit, { headers })).catch(() => undefined);
}

async function evict(cache: Cache, maxBytes: number): Promise<void> {
  const entries = await Promise.all(
    (await cache.keys()).map(async (request) => {
      const headers = (await cache.match(request))?.headers;
      return { request, used: Number(headers?.get(USED)), bytes: Number(headers?.get('content-length')) };
    }),
  );
  let total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { request, bytes } of entries.sort((a, b) => a.used - b.used)) {
    if (total <= maxBytes) return;
    total -= bytes;
    await cache.delete(request);
  }
}
