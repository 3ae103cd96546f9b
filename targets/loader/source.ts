/** Where the bytes of a package come from: fetched with what every webview gets wrong in mind, or already here. */
import type { ModelSource } from '../../compiler/engine.ts';
import { InputFileError } from '../../compiler/errors.ts';

export interface FetchOptions {
  readonly signal?: AbortSignal;
  /** Bytes that have arrived, and how many there will be (0: the server does not say). */
  readonly onProgress?: (loadedBytes: number, totalBytes: number) => void;
}

/** @throws InputFileError with the status and what to do. */
export async function fetchFile(url: URL | string, { signal }: FetchOptions = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, signal ? { signal } : {});
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw new InputFileError(
      `${url}: cannot be fetched (${(error as Error).message}); serve the whole package folder, or use the inline build (file:, webviews)`,
      { cause: error },
    );
  }
  if (!response.ok) throw new InputFileError(`${url}: HTTP ${response.status}; serve the whole package folder`);
  return response;
}

/** Writing to new memory takes over ten times as long as writing to it again: all bytes are read into the same block. */
const BLOCK_BYTES = 1 << 18;

/** A reader that fills the block it is given, or where the engine has none, one that gives blocks of its own. */
function readerOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): ReadableStreamBYOBReader {
  try {
    return body.getReader({ mode: 'byob' });
  } catch {
    return body.getReader() as unknown as ReadableStreamBYOBReader;
  }
}

/** Gives the parts of a response to `put` while they arrive; all at once where the engine has no streams. */
async function pour(response: Response, { onProgress }: FetchOptions, put: (part: Uint8Array) => void): Promise<void> {
  let loaded = 0;
  const take = (part: Uint8Array) => {
    put(part);
    onProgress?.((loaded += part.length), Number(response.headers.get('content-length')));
  };
  if (!response.body) return take(new Uint8Array(await response.arrayBuffer()));
  const reader = readerOf(response.body);
  let block = new ArrayBuffer(BLOCK_BYTES);
  for (let part = await reader.read(new Uint8Array(block)); !part.done; part = await reader.read(new Uint8Array(block))) {
    take(part.value);
    block = part.value.buffer;
  }
}

/** What an application may give as the model: its bytes, a response, or an address, which is asked for at once. */
export function modelSource(source: Uint8Array | Response | URL | string, options: FetchOptions = {}): ModelSource {
  if (source instanceof Uint8Array) return source;
  const response = source instanceof Response ? Promise.resolve(source) : fetchFile(source, options);
  // What goes wrong is reported to whom takes the parts, not as an error that nobody caught.
  response.catch(() => {});
  return async (put) => pour(await response, options, put);
}

/** The whole model, once it has arrived. */
export async function bytesOf(model: ModelSource): Promise<Uint8Array> {
  if (model instanceof Uint8Array) return model;
  const parts: Uint8Array[] = [];
  await model((part) => parts.push(part.slice()));
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}

/**
 * Compiles while it downloads where the server names the MIME type application/wasm, else from the whole file: Capacitor
 * and Cordova on iOS do not (ionic-team/capacitor#6675).
 */
export async function compileRuntime(source: Response | Uint8Array): Promise<WebAssembly.Module> {
  if (source instanceof Uint8Array) return WebAssembly.compile(source as BufferSource);
  if (source.headers.get('content-type')?.startsWith('application/wasm') && WebAssembly.compileStreaming)
    return WebAssembly.compileStreaming(source);
  return WebAssembly.compile(await source.arrayBuffer());
}

/** Base64 → bytes, without fetch('data:…'), which a Content-Security-Policy may forbid. */
export function decodeBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
