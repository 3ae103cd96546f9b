/** The calls that a page answers: those of host.ts, in the page itself or in a worker, and what only a page knows. Pure ES. */
import type { Conditions } from '../device.ts';
import { createHost, type HostMethods } from './host.ts';

export interface PageMethods extends HostMethods {
  conditions(): Conditions;
}

export type PageCall = (name: keyof PageMethods, ...parameters: readonly unknown[]) => Promise<unknown>;

type Request = readonly [id: number, name: string, parameters: readonly unknown[]];
type Reply = readonly [id: number, error: string | undefined, value: unknown];

function hostCall(): PageCall {
  const host = createHost() as unknown as Record<string, (...parameters: readonly unknown[]) => unknown>;
  return async (name, ...parameters) => host[name]?.(...parameters);
}

/** The functions of a worker that runs `serveWorker`. */
function workerCall(script: string): PageCall {
  const worker = new Worker(script, { type: 'module' });
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let nextId = 0;
  worker.onmessage = ({ data: [id, error, value] }: MessageEvent<Reply>) => {
    if (error === undefined) waiting.get(id)?.resolve(value);
    else waiting.get(id)?.reject(new Error(error));
    waiting.delete(id);
  };
  worker.onerror = ({ message }) => {
    for (const { reject } of waiting.values()) reject(new Error(`the worker failed: ${message}`));
    waiting.clear();
  };
  return (name, ...parameters) =>
    new Promise((resolve, reject) => {
      waiting.set(++nextId, { resolve, reject });
      worker.postMessage([nextId, name, parameters] satisfies Request);
    });
}

/** In the worker: answers the page. */
export function serveWorker(): void {
  const call = hostCall();
  globalThis.onmessage = async ({ data: [id, name, parameters] }: MessageEvent<Request>) => {
    const reply: Reply = await call(name as keyof HostMethods, ...parameters).then(
      (value) => [id, undefined, value],
      (error) => [id, String(error?.message ?? error), undefined],
    );
    (globalThis as unknown as Worker).postMessage(reply);
  };
}

/** @param workerScript where the model shall run in a worker: a script that calls `serveWorker` */
export function pageCall(workerScript?: string): PageCall {
  let hiddenCount = 0;
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'visible') hiddenCount++;
  });
  const call = workerScript === undefined ? hostCall() : workerCall(workerScript);
  return async (name, ...parameters) => {
    if (name !== 'conditions') return call(name, ...parameters);
    return { visible: document.visibilityState === 'visible', hiddenCount } satisfies Conditions;
  };
}
