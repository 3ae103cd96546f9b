/** Where the bytes of a package come from: fetched with what every webview gets wrong in mind, or already here. */
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

/** The bytes of a response, counted while they arrive. */
export async function readBytes(response: Response, { onProgress }: FetchOptions = {}): Promise<Uint8Array> {
  if (!onProgress || !response.body) return new Uint8Array(await response.arrayBuffer());
  const total = Number(response.headers.get('content-length'));
  const parts: Uint8Array[] = [];
  let loaded = 0;
  const reader = response.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    onProgress((loaded += part.value.length), total);
  }
  const bytes = new Uint8Array(loaded);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** What an application may give as the model: its bytes, a response, or an address. */
export async function modelBytes(source: Uint8Array | Response | URL | string, options: FetchOptions = {}): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  return readBytes(source instanceof Response ? source : await fetchFile(source, options), options);
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
