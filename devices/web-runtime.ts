/** The WASM runtime that a host with an engine is given. */
import { gzipSync } from 'node:zlib';
import { readPackedModel } from '../compiler/packed/read.ts';
import { fullRuntimeBytes, type Variant } from '../compiler/root.ts';
import { buildRuntime } from '../targets/build-runtime.ts';
import type { Deployed, Deployment } from './device.ts';

export interface WebRuntime {
  readonly wasm: Uint8Array;
  readonly facts: Pick<Deployed, 'codeBytes' | 'codeGzipBytes'> & { readonly variant: Variant };
}

/** @throws InvalidPackedModelError when the model cannot be read. */
export async function webRuntime({ model, variant = 'simd', kernels = 'model' }: Deployment): Promise<WebRuntime> {
  const wasm = kernels === 'all' ? fullRuntimeBytes(variant) : await buildRuntime(readPackedModel(model).opcodes, variant as Variant);
  return { wasm, facts: { variant, codeBytes: wasm.length, codeGzipBytes: gzipSync(wasm, { level: 9 }).length } };
}
