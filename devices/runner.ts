/** A deployed model on any host with a WASM engine: runs inside Node and inside the page that drives a browser. Pure ES. */
import { Engine } from '../compiler/engine.ts';
import { byteLength } from '../compiler/graph.ts';
import type { PackedPort } from '../compiler/packed/metadata.ts';
import { readPackedModel } from '../compiler/packed/read.ts';
import { createThreadedEngine, type ThreadOptions } from '../compiler/threads.ts';
import type { Clock, Deployed, StepTime } from './device.ts';

export type DeployTimes = Pick<Deployed, 'compileUs' | 'loadUs' | 'firstUs'>;

const NAN_BITS = 0x7fc00000;

/** WebAssembly leaves open which NaN comes out, and engines differ: one for all, so that bytes can be compared. */
function unifyNaNs(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; at += 4) if (Number.isNaN(view.getFloat32(at, true))) view.setUint32(at, NAN_BITS, true);
}

export class Runner {
  private constructor(
    private readonly engine: Engine,
    private readonly inputBytes: readonly number[],
    private readonly outputs: readonly PackedPort[],
    private readonly stepCount: number,
    private readonly stop: () => void,
  ) {}

  /**
   * @param runtime its bytes, or compiled already
   * @param threads a runtime with threads needs them
   */
  static async create(
    model: Uint8Array,
    runtime: Uint8Array | WebAssembly.Module,
    threads?: ThreadOptions,
  ): Promise<{ runner: Runner; times: DeployTimes }> {
    const start = performance.now();
    const { bytes, metadata, opcodes } = readPackedModel(model);
    const parsed = performance.now();
    const module = runtime instanceof WebAssembly.Module ? runtime : await WebAssembly.compile(runtime as BufferSource);
    const compiled = performance.now();
    const { engine, stop } = threads
      ? await createThreadedEngine(module, bytes, threads)
      : { engine: await Engine.create(module, bytes), stop() {} };
    const loaded = performance.now();
    engine.run();
    const first = performance.now();
    const runner = new Runner(engine, metadata.inputs.map(byteLength), metadata.outputs, opcodes.length, stop);
    return { runner, times: { compileUs: (compiled - parsed) * 1000, loadUs: (loaded - start) * 1000, firstUs: (first - loaded) * 1000 } };
  }

  /** Ends the threads. */
  close(): void {
    this.stop();
  }

  /** One sample: the bytes of all inputs → a copy of the bytes of all outputs. */
  infer(input: Uint8Array): Uint8Array {
    let offset = 0;
    this.inputBytes.forEach((bytes, i) => {
      this.engine.input(i, bytes).set(input.subarray(offset, offset + bytes));
      offset += bytes;
    });
    this.engine.run();
    const output = new Uint8Array(this.outputs.reduce((sum, port) => sum + byteLength(port), 0));
    offset = 0;
    this.outputs.forEach((port, i) => {
      const bytes = byteLength(port);
      output.set(this.engine.output(i, bytes), offset);
      if (port.dtype === 'float32') unifyNaNs(output.subarray(offset, offset + bytes));
      offset += bytes;
    });
    return output;
  }

  /** Elapsed microseconds of `runs` inferences; the input is written anew before each, as an application would. */
  time(runs: number): number {
    const inputs = this.inputBytes.map((bytes, i) => this.engine.input(i, bytes).slice());
    const start = performance.now();
    for (let run = 0; run < runs; run++) {
      inputs.forEach((input, i) => this.engine.input(i, input.length).set(input));
      this.engine.run();
    }
    return (performance.now() - start) * 1000;
  }

  /** Mean microseconds of every step, each repeated `runs` times on what the step before left behind. */
  profile(runs: number): StepTime[] {
    const times: StepTime[] = [];
    this.engine.run();
    for (let step = 0; step < this.stepCount; step++) {
      const start = performance.now();
      for (let run = 0; run < runs; run++) this.engine.runSteps(step, step + 1);
      times.push({ step, us: ((performance.now() - start) * 1000) / runs });
    }
    return times;
  }
}

/** The clock of every host with an engine; its step is the smallest difference between two readings. */
export function performanceClock(): Clock {
  let stepUs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 20; i++) {
    const start = performance.now();
    let now = start;
    while (now === start) now = performance.now();
    stepUs = Math.min(stepUs, (now - start) * 1000);
  }
  return { name: 'performance.now', stepUs, ticksPerSecond: 1e6 / stepUs, counts: 'time' };
}
