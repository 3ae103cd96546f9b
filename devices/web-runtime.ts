/** The WASM runtime that a host with an engine is given. */
import { gzipSync } from 'node:zlib';
import { UsageError } from '../compiler/errors.ts';
import { readPackedModel } from '../compiler/packed/read.ts';
import { fullRuntimeBytes, type Variant } from '../compiler/root.ts';
import { buildInspectedRuntime, buildRuntime, buildThreadsRuntime } from '../targets/build-runtime.ts';
import { fitsRelaxed, kernelNeeds } from '../targets/kernel-needs.ts';
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

/** The best variants that an engine runs: of models whose weights fit relaxed dot products wherever there are any, and of others. */
export interface BestVariants {
  readonly fitting: Variant;
  readonly other: Variant;
}

/**
 * @param host what to call the engine in messages
 * @param best the best variants that it runs
 * @throws UsageError when a better one is wanted; InvalidPackedModelError when the model cannot be read.
 */
export async function webRuntime(deployment: Deployment, host: string, best: BestVariants): Promise<WebRuntime> {
  const { model, kernels = 'model', threads = 1 } = deployment;
  const packed = readPackedModel(model);
  const { variant = fitsRelaxed(packed) ? best.fitting : best.other } = deployment;
  // Best first; what is not among them (the boards' twins) is plain WASM.
  const rank = (name: Variant) => (webVariants.includes(name) ? webVariants.indexOf(name) : webVariants.length);
  if (rank(variant) < rank(best.fitting)) {
    throw new UsageError(
      `--variant ${variant}: ${host} has no ${needs[variant]}; use --variant ${best.fitting}, or another device with --on`,
    );
  }
  const modelNeeds = () => kernelNeeds(packed);
  if (threads > 1) {
    if (!threadVariants.includes(variant))
      throw new UsageError(`--threads ${threads}: not with --variant ${variant}; use one of ${threadVariants.join(', ')}`);
    const wasm = await buildThreadsRuntime(modelNeeds(), variant);
    return { wasm, facts: { ...factsOf(wasm, variant), threads } };
  }
  if (kernels === 'all') {
    const wasm = fullRuntimeBytes(variant);
    return { wasm, facts: factsOf(wasm, variant) };
  }
  // Profiles and comparisons look into the one that runs; what is told are the bytes that a package carries.
  const wasm = await buildInspectedRuntime(modelNeeds(), variant);
  return { wasm, facts: factsOf(await buildRuntime(modelNeeds(), variant), variant) };
}

function factsOf(wasm: Uint8Array, variant: Variant): WebRuntime['facts'] {
  return { variant, codeBytes: wasm.length, codeGzipBytes: gzipSync(wasm, { level: 9 }).length };
}
