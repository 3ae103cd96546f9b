/** Installs the peers into a folder of their own, never with the project, and bundles those that come as packages of packages. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { installPackages } from '../../install-packages.ts';

export const peerVersions = {
  'onnxruntime-web': '1.30.0',
  '@litertjs/core': '2.5.3',
  '@tensorflow/tfjs-core': '4.22.0',
  '@tensorflow/tfjs-backend-wasm': '4.22.0',
  '@tensorflow/tfjs-backend-cpu': '4.22.0',
  '@tensorflow/tfjs-tflite': '0.0.1-alpha.10',
} as const;

/** @returns the folder that holds node_modules */
export function installPeers(): string {
  // tfjs-tflite asks for exactly tfjs-core 4.9.0 and runs with later ones.
  return installPackages('peers', peerVersions, '--legacy-peer-deps');
}

/** One ES module of what `source` exports, resolved in the peers' folder. */
export function bundleLibrary(folder: string, source: string, platform: 'browser' | 'node'): Uint8Array {
  const isNode = platform === 'node';
  const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url); const __dirname = '';";
  const { outputFiles } = buildSync({
    stdin: { contents: source, resolveDir: folder },
    bundle: true,
    minify: true,
    format: 'esm',
    platform,
    write: false,
    logLevel: 'error',
    mainFields: ['module', 'main'],
    ...(isNode && { banner: { js: banner } }),
  });
  return (outputFiles[0] as { contents: Uint8Array }).contents;
}

/** LiteRT.js 2.5.3 runs int8 models but refuses int8 tensors at its border: its table of data types has no row for them. */
function addInt8ToLiteRt(source: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(source);
  const row = /\{\s*dtype:\s*"uint8",\s*typedArrayConstructor:\s*Uint8Array,\s*elementType:\s*([\w.$]+)\.UINT8\s*\}/;
  if (!row.test(text)) throw new Error('@litertjs/core: its table of data types is not where it was; adapt test/bench/peers/install.ts');
  const patched = text.replace(row, '$&,{dtype:"int8",typedArrayConstructor:Int8Array,elementType:$1.INT8}');
  return new TextEncoder().encode(patched);
}

/** Files of the peers for a browser, by URL path: /lib/NAME.js, and /assets/NAME/ with what they load themselves. */
export function peerFiles(folder: string): Map<string, Uint8Array> {
  const modules = join(folder, 'node_modules');
  const files = new Map<string, Uint8Array>();
  const assets = (name: string, from: string, pattern: RegExp) => {
    for (const file of readdirSync(join(modules, from))) {
      if (pattern.test(file)) files.set(`/assets/${name}/${file}`, readFileSync(join(modules, from, file)));
    }
  };
  files.set('/lib/onnxruntime.js', readFileSync(join(modules, 'onnxruntime-web', 'dist', 'ort.wasm.min.mjs')));
  assets('onnxruntime', 'onnxruntime-web/dist', /^ort-wasm-simd-threaded\.(mjs|wasm)$/);
  files.set('/lib/litert.js', addInt8ToLiteRt(bundleLibrary(folder, "export * from '@litertjs/core'", 'browser')));
  assets('litert', '@litertjs/core/wasm', /^litert_wasm(_compat)?_internal\.(js|wasm)$/);
  files.set('/lib/tfjs.js', bundleLibrary(folder, tfjsSource, 'browser'));
  assets('tfjs', '@tensorflow/tfjs-backend-wasm/dist', /\.wasm$/);
  files.set('/lib/tfjs-tflite.js', bundleLibrary(folder, tfliteSource, 'browser'));
  assets('tfjs-tflite', '@tensorflow/tfjs-tflite/wasm', /./);
  return files;
}

export const tfjsSource = `export * from '@tensorflow/tfjs-core'; export * as wasm from '@tensorflow/tfjs-backend-wasm';`;
const tfliteSource = `import '@tensorflow/tfjs-backend-cpu'; export { tensor } from '@tensorflow/tfjs-core'; export * from '@tensorflow/tfjs-tflite/dist/tf-tflite.fesm.min.js';`;
