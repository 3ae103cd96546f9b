/** The WASM runtime that a host with an engine is given. */
import { gzipSync } from 'node:zlib';
import { UsageError } from '../compiler/errors.ts';
import { readPackedModel } from '../compiler/packed/read.ts';
import { fullRuntimeBytes, type Variant } from '../compiler/root.ts';
import { buildInspectedRuntime, buildThreadsRuntime } from '../targets/build-runtime.ts';
import { kernelNeeds } from '../targets/kernel-needs.ts';
import { threadVariants, webVariants } from '../targets/web-package.ts';
import type { Deployed, Deployment } from './device.ts';

export interface WebRuntime {
  readonly wasm: Uint8Array;
  readonly facts: Pick<Deployed, 'codeBytes' | 'codeGzipBytes' | 'threads'> & { readonly variant: Variant };
}

const needs: Readonly<Partial<Record<Variant, string>>> = {
  relaxed: 'relaxed SIMD whose results it knows (V8 12 or later: Chromium, Node 22)',
  simd: 'SIMD',
};

/**
 * @param host what to call the engine in messages
 * @param best the best variant that it runs
 * @throws UsageError when a better one is wanted; InvalidPackedModelError when the model cannot be read.
 */
export async function webRuntime(deployment: Deployment, host: string, best: Variant): Promise<WebRuntime> {
  const { model, variant = best, kernels = 'model', threads = 1 } = deployment;
  // Best first; what is not among them (the boards' twins) is plain WASM.
  const rank = (name: Variant) => (webVariants.includes(name) ? webVariants.indexOf(name) : webVariants.length);
  if (rank(variant) < rank(best)) {
    throw new UsageError(`--variant ${variant}: ${host} has no ${needs[variant]}; use --variant ${best}, or another device with --on`);
  }
  if (threads > 1) {
    if (!threadVariants.includes(variant))
      throw new UsageError(`--threads ${threads}: not with --variant ${variant}; use one of ${threadVariants.join(', ')}`);
    return runtimeOf(await buildThreadsRuntime(kernelNeeds(readPackedModel(model)), variant), variant, { threads });
  }
  const wasm = kernels === 'all' ? fullRuntimeBytes(variant) : await buildInspectedRuntime(kernelNeeds(readPackedModel(model)), variant);
  return runtimeOf(wasm, variant);
}

function runtimeOf(wasm: Uint8Array, variant: Variant, more: { readonly threads?: number } = {}): WebRuntime {
  return { wasm, facts: { variant, codeBytes: wasm.length, codeGzipBytes: gzipSync(wasm, { level: 9 }).length, ...more } };
}
