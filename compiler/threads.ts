/**
 * The host side of runtime-as/threads.ts: one model, several threads on one memory. Pure ES; how a thread is started is
 * the caller's business (workers differ between browsers and Node).
 */
import { Engine, growTo, loadModel, type RuntimeExports } from './engine.ts';

interface ThreadRuntime extends RuntimeExports {
  planThreads(threads: number, minimumWork: number): number;
  prepareThreads(): void;
  runThreads(): void;
  help(slot: number): void;
  stopThreads(): void;
}

/** What a helper thread is given; it can be posted to a worker. */
export interface HelperTask {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly slot: number;
}

/** Starts a thread that calls `helpRuns` with the task; settles when it is ready. */
export type StartHelper = (task: HelperTask) => Promise<{ terminate(): unknown }>;

export interface ThreadOptions {
  /** The calling thread included. */
  readonly threads: number;
  readonly start: StartHelper;
  /** Steps of less work are not divided: about 10^-10 s. */
  readonly minimumWork?: number;
}

export interface ThreadedEngine {
  readonly engine: Engine;
  /** Ends the threads; the engine must not run any more. */
  stop(): void;
}

/** Dividing a step costs about a microsecond; below ten of them it hardly pays. */
const MINIMUM_WORK = 100_000;
const PAGE_BYTES = 65536;
const MAX_PAGES = 65536;
const SPARE_BYTES = 64 << 20;

/** @throws InvalidPackedModelError when the runtime refuses the file, or the memory is not enough. */
async function prepareOn(memory: WebAssembly.Memory, module: WebAssembly.Module, model: Uint8Array, options: ThreadOptions) {
  const runtime = (await loadModel(module, model, { env: { memory } })) as ThreadRuntime;
  growTo(memory, runtime.planThreads(options.threads, options.minimumWork ?? MINIMUM_WORK) >>> 0);
  runtime.prepare();
  runtime.prepareThreads();
  return runtime;
}

/**
 * @param module a runtime with threads (targets/build-runtime.ts)
 * @throws InvalidPackedModelError when the runtime refuses the file.
 */
export async function createThreadedEngine(module: WebAssembly.Module, model: Uint8Array, options: ThreadOptions): Promise<ThreadedEngine> {
  // A shared memory reserves its maximum, so the first guess is a modest one.
  for (let maximum = Math.ceil((4 * model.length + SPARE_BYTES) / PAGE_BYTES); ; maximum *= 4) {
    const pages = Math.min(maximum, MAX_PAGES);
    const memory = new WebAssembly.Memory({ initial: 1, maximum: pages, shared: true });
    try {
      const runtime = await prepareOn(memory, module, model, options);
      const tasks = Array.from({ length: options.threads - 1 }, (_, i) => ({ module, memory, slot: i + 1 }));
      const helpers = await Promise.all(tasks.map((task) => options.start(task)));
      const stop = () => {
        runtime.stopThreads();
        for (const helper of helpers) helper.terminate();
      };
      return { engine: new Engine(runtime, () => runtime.runThreads()), stop };
    } catch (error) {
      if (pages === MAX_PAGES || !((error as Error).cause instanceof RangeError)) throw error;
    }
  }
}

/** What a helper thread does, from its start to its end. @param ready called when it can help */
export async function helpRuns({ module, memory, slot }: HelperTask, ready: () => void): Promise<void> {
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  ready();
  (instance.exports as unknown as ThreadRuntime).help(slot);
}
