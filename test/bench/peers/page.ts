/** Runs inside the browser of `npm run bench:peers`: whittle and ONNX Runtime in one page, timed in turns. Bundled to dist/bench/page.js. */
import { Runner } from '../../../devices/runner.ts';

interface OrtSession {
  readonly inputNames: readonly string[];
  run(feeds: Record<string, unknown>): Promise<unknown>;
}

interface Ort {
  readonly env: { wasm: { numThreads: number; wasmPaths: string } };
  readonly InferenceSession: { create(bytes: Uint8Array): Promise<OrtSession> };
  readonly Tensor: new (type: string, data: Float32Array, dims: readonly number[]) => unknown;
}

type Contestant = (runs: number) => Promise<number>;
const contestants = new Map<string, Contestant>();
let ort: Ort | undefined;

async function bytes(path: string): Promise<Uint8Array> {
  return new Uint8Array(await (await fetch(path)).arrayBuffer());
}

async function loadOrt(): Promise<Ort> {
  if (!ort) {
    ort = (await import(/* @vite-ignore */ `${location.origin}/ort/ort.wasm.min.mjs`)) as unknown as Ort;
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmPaths = `${location.origin}/ort/`;
  }
  return ort;
}

const peers = {
  /** Microseconds from bytes to ready, and of the first inference. */
  async addWhittle(name: string, model: string, runtime: string) {
    const { runner, times } = await Runner.create(await bytes(model), await bytes(runtime));
    contestants.set(name, async (runs) => runner.time(runs));
    return times;
  },
  async addOrt(name: string, path: string, shape: readonly number[]) {
    const model = await bytes(path);
    const start = performance.now();
    const runtime = await loadOrt();
    const session = await runtime.InferenceSession.create(model);
    const loaded = performance.now();
    const count = shape.reduce((product, extent) => product * extent, 1);
    const input = new runtime.Tensor(
      'float32',
      Float32Array.from({ length: count }, (_, i) => ((i * 97) % 255) / 128 - 1),
      shape,
    );
    const feeds = { [session.inputNames[0] as string]: input };
    await session.run(feeds);
    const first = performance.now();
    contestants.set(name, async (runs) => {
      const begin = performance.now();
      for (let i = 0; i < runs; i++) await session.run(feeds);
      return (performance.now() - begin) * 1000;
    });
    return { loadUs: (loaded - start) * 1000, firstUs: (first - loaded) * 1000 };
  },
  /** Microseconds per inference of `runs` inferences in a row. */
  async time(name: string, runs: number) {
    return (await (contestants.get(name) as Contestant)(runs)) / runs;
  },
};

(globalThis as unknown as { peers: typeof peers }).peers = peers;
