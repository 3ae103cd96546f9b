/** A session in a worker: the page stays responsive while the model runs. */
import { UsageError } from '../../compiler/errors.ts';
import { type ImageSource, isImageSource, picture } from './image.ts';
import type { Inputs, InputValue, Outputs, PortInfo, SessionInfo } from './session.ts';
import type { Created, Reply, Request, SentInput, SentInputs } from './worker-messages.ts';

export interface RunOptions {
  /** Takes the run out of the queue, or lets its result go. */
  readonly signal?: AbortSignal;
  /** Moves the input arrays to the worker instead of copying them: they are empty afterwards. */
  readonly transfer?: boolean;
}

interface Job {
  readonly request: Omit<Request, 'id'>;
  readonly transfer: Transferable[];
  readonly signal: AbortSignal | undefined;
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}

function sendable(value: InputValue): SentInput {
  return isImageSource(value) ? picture(value as ImageSource) : value;
}

/** One request is under way at a time; the others wait here, where they can still be taken back. */
class Queue {
  private readonly waiting: Job[] = [];
  private current: Job | undefined;
  private id = 0;

  constructor(private readonly worker: Worker) {
    worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      if ('error' in data) this.finish((job) => job.reject(Object.assign(new Error(data.error.message), data.error)));
      else this.finish((job) => job.resolve(data.value));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.fail(
        new Error(
          `the worker failed: ${event.message ?? 'its script cannot be loaded; check the path and the page’s Content-Security-Policy'}`,
        ),
      );
    };
  }

  send(request: Omit<Request, 'id'>, transfer: Transferable[], signal?: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const job: Job = { request, transfer, signal, resolve, reject };
      signal?.addEventListener('abort', () => {
        const place = this.waiting.indexOf(job);
        if (place >= 0) this.waiting.splice(place, 1);
        reject(signal.reason);
      });
      this.waiting.push(job);
      if (!this.current) this.next();
    });
  }

  /** Everything under way or waiting ends with `reason`. */
  fail(reason: Error): void {
    for (const job of [...(this.current ? [this.current] : []), ...this.waiting.splice(0)]) job.reject(reason);
    this.current = undefined;
  }

  private finish(settle: (job: Job) => void): void {
    const job = this.current;
    this.current = undefined;
    if (job) settle(job);
    this.next();
  }

  private next(): void {
    this.current = this.waiting.shift();
    if (this.current) this.worker.postMessage({ ...this.current.request, id: ++this.id }, this.current.transfer);
  }
}

export class WorkerSession {
  private constructor(
    private readonly worker: Worker,
    private readonly queue: Queue,
    readonly inputs: readonly PortInfo[],
    readonly outputs: readonly PortInfo[],
    readonly info: SessionInfo,
  ) {}

  /**
   * @param worker runs the package's worker script
   * @param source what createSession takes in the worker
   */
  static async create(worker: Worker, source?: unknown, signal?: AbortSignal): Promise<WorkerSession> {
    const queue = new Queue(worker);
    try {
      const created = (await queue.send({ method: 'create', source } as Omit<Request, 'id'>, [], signal)) as Created;
      return new WorkerSession(worker, queue, created.inputs, created.outputs, created.info);
    } catch (error) {
      worker.terminate();
      throw error;
    }
  }

  /** As Session.run, in the worker; runs that wait are done in order. */
  async run(inputs: Inputs, { signal, transfer = false }: RunOptions = {}): Promise<Outputs> {
    const single = ArrayBuffer.isView(inputs) || isImageSource(inputs);
    const sent: SentInputs = single
      ? sendable(inputs as InputValue)
      : Object.fromEntries(Object.entries(inputs as Record<string, InputValue>).map(([name, value]) => [name, sendable(value)]));
    const buffers = new Set<ArrayBuffer>();
    for (const value of single ? [sent as SentInput] : Object.values(sent as Record<string, SentInput>)) {
      // A picture's pixels were read from the page for this run alone.
      if (!ArrayBuffer.isView(value)) buffers.add(value.data.buffer as ArrayBuffer);
      else if (transfer) buffers.add(value.buffer as ArrayBuffer);
    }
    return (await this.queue.send({ method: 'run', inputs: sent } as Omit<Request, 'id'>, [...buffers], signal)) as Outputs;
  }

  /** Ends the worker; what it was doing is rejected. */
  dispose(): void {
    this.worker.terminate();
    this.queue.fail(new UsageError(`${this.info.name}: the session is disposed; create a new one`));
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
