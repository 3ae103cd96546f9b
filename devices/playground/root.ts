/** In place of compiler/root.ts in the browser bundle: the runtimes lie beside the page. */
import type { Variant } from '../../compiler/root.ts';

/** Set by targets/build-bundles.mjs. */
declare const WHITTLE_VERSION: string;

export const version = WHITTLE_VERSION;
export const packageRoot = '.';

const bytes = new Map<Variant, Promise<Uint8Array<ArrayBuffer>>>();

function fetched(variant: Variant): Promise<Uint8Array<ArrayBuffer>> {
  let promise = bytes.get(variant);
  if (!promise) {
    promise = fetch(new URL(`runtime-${variant}.wasm`, location.href)).then(
      async (response) => new Uint8Array(await response.arrayBuffer()),
    );
    bytes.set(variant, promise);
  }
  return promise;
}

export function runtimeBytes(variant: Variant): Promise<Uint8Array> {
  return fetched(variant);
}

const modules = new Map<Variant, Promise<WebAssembly.Module>>();

export function fullRuntime(variant: Variant): Promise<WebAssembly.Module> {
  let module = modules.get(variant);
  if (!module) {
    module = fetched(variant).then((wasm) => WebAssembly.compile(wasm));
    modules.set(variant, module);
  }
  return module;
}
