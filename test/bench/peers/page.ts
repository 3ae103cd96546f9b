/** Runs one contestant, in a page of its own in the browser or in a process of its own in Node; the host calls these functions. */
import { fetchBytes, type Infer, type InputSpec, type Load, type LoadSpec, type StartTimes } from './contestant.ts';

let infer: Infer;

function typedInput(bytes: Uint8Array, dtype: InputSpec['dtype']): Float32Array | Int8Array | Uint8Array {
  if (dtype === 'float32') return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  return dtype === 'int8' ? new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length) : bytes;
}

const contestant = {
  /** Loads the runtime from `module` (one of runtimes/), and runs it once. */
  async start(module: string, spec: LoadSpec, input: InputSpec): Promise<StartTimes & { output: number[] }> {
    const values = typedInput(await fetchBytes(input.url), input.dtype);
    const start = performance.now();
    const { load } = (await import(/* @vite-ignore */ module)) as { load: Load };
    const ready = await load(spec);
    const loaded = performance.now();
    infer = ready(values, input.shape);
    const output = await infer();
    const first = performance.now();
    return { loadUs: (loaded - start) * 1000, firstUs: (first - loaded) * 1000, output: Array.from(output) };
  },
  /** Elapsed microseconds of `runs` inferences in a row. */
  async time(runs: number): Promise<number> {
    const start = performance.now();
    for (let i = 0; i < runs; i++) {
      const output = infer();
      // No turn of the event loop for those who answer at once.
      if (output instanceof Promise) await output;
    }
    return (performance.now() - start) * 1000;
  },
};

export type ContestantPage = typeof contestant;

(globalThis as unknown as { contestant: ContestantPage }).contestant = contestant;
