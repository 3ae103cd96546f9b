/** The calls that a page answers: those of host.ts, in the page itself or in a worker, and what only a page knows. Pure ES. */
import type { Conditions } from '../device.ts';
import { createHost, type HostMethods } from './host.ts';
import { runPackage } from './run-package.ts';

export interface PageMethods extends HostMethods {
  /** Where the calls of host.ts run from now on; a model deployed before is forgotten. */
  thread(thread: 'page' | 'worker'): void;
  conditions(): Conditions;
  /** An emitted package, as an application uses it; see run-package.ts. */
  runPackage(folder: string, thread: 'page' | 'worker', inputs: readonly string[]): Promise<string>;
  /** Tells the person at the page; with an address to go to. Only in a page of ours. */
  show(text: string, link?: string): void;
}

export type PageCall = (name: keyof PageMethods, ...parameters: readonly unknown[]) => Promise<unknown>;

type HostCall = (name: string, ...parameters: readonly unknown[]) => Promise<unknown>;
type Request = readonly [id: number, name: string, parameters: readonly unknown[]];
type Reply = readonly [id: number, error: string | undefined, value: unknown];

function hostCall(): HostCall {
  const host = createHost() as unknown as Record<string, (...parameters: readonly unknown[]) => unknown>;
  return async (name, ...parameters) => {
    if (!host[name]) throw new Error(`${name}: unknown call; page and whittle are of different versions`);
    return host[name](...parameters);
  };
}

interface WorkerHost {
  readonly call: HostCall;
  end(): void;
}

/** The functions of a worker that runs `serveWorker`. */
function startWorker(script: string): WorkerHost {
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
  const call: HostCall = (name, ...parameters) =>
    new Promise((resolve, reject) => {
      waiting.set(++nextId, { resolve, reject });
      worker.postMessage([nextId, name, parameters] satisfies Request);
    });
  return { call, end: () => worker.terminate() };
}

/** In the worker: answers the page. */
export function serveWorker(): void {
  const call = hostCall();
  globalThis.onmessage = async ({ data: [id, name, parameters] }: MessageEvent<Request>) => {
    const reply: Reply = await call(name, ...parameters).then(
      (value) => [id, undefined, value],
      (error) => [id, String(error?.message ?? error), undefined],
    );
    (globalThis as unknown as Worker).postMessage(reply);
  };
}

export interface PageOptions {
  /** A script that calls `serveWorker`; without one there is no worker. */
  readonly workerScript?: string;
  /** What else this page knows. */
  readonly conditions?: () => Conditions;
}

/** Ours is the page that has this element; an app's is left as it is. */
const RESULTS_ID = 'whittle-results';

function show(text: string, link?: string): void {
  const line = document.createElement('pre');
  line.textContent = text;
  if (link !== undefined) {
    const anchor = Object.assign(document.createElement('a'), { href: link, target: '_blank', textContent: 'try it' });
    line.append('\n', anchor);
  }
  document.getElementById(RESULTS_ID)?.prepend(line);
}

export function pageCall({ workerScript, conditions }: PageOptions): PageCall {
  let hiddenCount = 0;
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'visible') hiddenCount++;
  });
  let worker: WorkerHost | undefined;
  let call = hostCall();
  const own: Partial<Record<string, (...parameters: never[]) => unknown>> = {
    runPackage,
    thread(thread: 'page' | 'worker') {
      if (thread === 'worker' && workerScript === undefined) throw new Error('this page has no worker; leave out --worker');
      worker?.end();
      worker = thread === 'worker' ? startWorker(workerScript as string) : undefined;
      call = worker?.call ?? hostCall();
    },
    conditions: (): Conditions => ({ visible: document.visibilityState === 'visible', hiddenCount, ...conditions?.() }),
    show,
  };
  return async (name, ...parameters) => (own[name] ? own[name](...(parameters as never[])) : call(name, ...parameters));
}
