/** Runs inside the browser; bundled to dist/page.js. Devices call `whittle(name, …)` in the page; `?worker` sends the calls on to a worker, which is this file again. */
import { createHost, type HostMethods } from './host.ts';

type Request = readonly [id: number, name: keyof HostMethods, parameters: readonly unknown[]];
type Reply = readonly [id: number, error: string | undefined, value: unknown];

/** Calls a function of host.ts. */
export type HostCall = (name: keyof HostMethods, ...parameters: readonly unknown[]) => Promise<unknown>;

/** The functions of this thread. */
export function localCall(): HostCall {
  const host = createHost() as unknown as Record<string, (...parameters: readonly unknown[]) => unknown>;
  return async (name, ...parameters) => host[name]?.(...parameters);
}

/** The functions of a worker, started from this script. */
export function workerCall(script: string): HostCall {
  const worker = new Worker(script, { type: 'module' });
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let nextId = 0;
  worker.onmessage = ({ data }: MessageEvent<Reply>) => {
    const [id, error, value] = data;
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

function serveWorker(): void {
  const call = localCall();
  globalThis.onmessage = async ({ data: [id, name, parameters] }: MessageEvent<Request>) => {
    const reply: Reply = await call(name, ...parameters).then(
      (value) => [id, undefined, value],
      (error) => [id, String(error?.message ?? error), undefined],
    );
    (globalThis as unknown as Worker).postMessage(reply);
  };
}

if (typeof document === 'undefined') serveWorker();
else {
  const call = new URLSearchParams(location.search).has('worker') ? workerCall('/page.js') : localCall();
  (globalThis as unknown as { whittle: HostCall }).whittle = call;
}
