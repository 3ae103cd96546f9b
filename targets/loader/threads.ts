/** Helper threads of a session: workers of a browser or of Node that run thread.ts or thread-node.ts. */
import type { ModelSource } from '../../compiler/engine.ts';
import { UsageError } from '../../compiler/errors.ts';
import type { Variant } from '../../compiler/root.ts';
import { createThreadedEngine, type StartHelper, type ThreadedEngine } from '../../compiler/threads.ts';
import { bytesOf, compileRuntime } from './source.ts';

/** What the workers of browsers and those of node:worker_threads have in common. */
export interface ThreadWorker {
  postMessage(message: unknown): void;
  terminate(): unknown;
  /** Node. */
  once?(event: 'message' | 'error', listener: (value: { readonly message?: string }) => void): unknown;
  unref?(): void;
  /** Browsers. */
  onmessage?: unknown;
  onerror?: unknown;
}

const MAX_THREADS = 64;

/** @throws UsageError when there cannot be so many threads here. */
export function checkThreads(threads: number): void {
  if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS)
    throw new UsageError(`threads: ${threads}; give a whole number from 1 to ${MAX_THREADS}`);
  if (threads === 1) return;
  const isIsolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated;
  if (typeof SharedArrayBuffer === 'undefined' || isIsolated === false) {
    throw new UsageError(
      `threads: ${threads}; this page is not cross-origin isolated, so its workers cannot share memory: serve it with ` +
        'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp, or leave threads at 1',
    );
  }
}

/** @param open makes a worker from the thread script */
export function helperStarter(open: () => ThreadWorker): StartHelper {
  return (task) =>
    new Promise((resolve, reject) => {
      const worker = open();
      const ready = () => {
        // A session that nobody disposed of must not keep Node from ending.
        worker.unref?.();
        resolve(worker);
      };
      const failed = (error: { readonly message?: string }) =>
        reject(
          new UsageError(`a thread cannot be started: ${error.message ?? 'its script cannot be loaded; serve the whole package folder'}`),
        );
      if (worker.once) {
        worker.once('message', ready);
        worker.once('error', failed);
      } else {
        worker.onmessage = ready;
        worker.onerror = failed;
      }
      worker.postMessage(task);
    });
}

/**
 * What a package with threads gives its sessions.
 * @param runtime as SessionSources.runtime, of a build with threads
 * @param worker a worker that runs the thread script
 */
export function threadedEngines(runtime: (variant: Variant) => Promise<Uint8Array | Response>, worker: () => ThreadWorker) {
  return async (variant: Variant, model: ModelSource, threads: number): Promise<ThreadedEngine> => {
    checkThreads(threads);
    if (variant === 'scalar') throw new UsageError(`threads: ${threads}; this engine has no SIMD, leave threads at 1`);
    const [module, bytes] = await Promise.all([runtime(variant).then(compileRuntime), bytesOf(model)]);
    return createThreadedEngine(module, bytes, { threads, start: helperStarter(worker) });
  };
}
