/**
 * The API of an emitted package: create a session, run it on real or stored values, get real values back. Pure ES: runs
 * in Node, browsers, workers and webviews. Bundled into one file by `npm run build`.
 */
import { Engine } from '../../compiler/engine.ts';
import { UsageError } from '../../compiler/errors.ts';
import { byteLength, elementCount } from '../../compiler/graph.ts';
import type { PackedPort, Preprocess } from '../../compiler/packed/metadata.ts';
import { readPackedModel } from '../../compiler/packed/read.ts';
import type { Variant } from '../../compiler/root.ts';
import { createThreadedEngine, type ThreadedEngine } from '../../compiler/threads.ts';
import { dequantize, type InputData, quantizeInput, viewOf } from './convert.ts';
import { type ImageSource, imagePixels, isImageSource } from './image.ts';
import { type RankedLabel, rankLabels } from './rank.ts';
import { compileRuntime } from './source.ts';
import { checkThreads, helperStarter, type ThreadWorker } from './threads.ts';
import { bestVariant } from './variant.ts';

/** What `inputs` and `outputs` tell of a tensor. */
export interface PortInfo extends PackedPort {
  /** Number of elements. */
  readonly length: number;
  readonly labels?: readonly string[];
  readonly preprocess?: Preprocess;
}

export interface SessionInfo {
  readonly name: string;
  readonly variant: Variant;
  readonly modelBytes: number;
  readonly arenaBytes: number;
  /** Bytes of the whole WASM memory. */
  readonly memoryBytes: number;
  readonly threads: number;
}

export interface ThreadSources {
  /** As SessionSources.runtime, of a build with threads. */
  readonly runtime: (variant: Variant) => Promise<Uint8Array | Response>;
  /** A worker that runs the thread script. */
  readonly worker: () => ThreadWorker;
}

export interface SessionSources {
  /** The packed model. */
  readonly model: Uint8Array;
  /** The runtime's module for this variant: its bytes, or a response that is still arriving. */
  readonly runtime: (variant: Variant) => Promise<Uint8Array | Response>;
  /** Where the package was built with threads. */
  readonly threads?: ThreadSources;
}

export interface SessionOptions {
  /** The calling thread included; more than 1 needs a page that is cross-origin isolated, or Node. */
  readonly threads?: number | undefined;
}

export type InputValue = InputData | ImageSource;

export type Inputs = InputValue | Readonly<Record<string, InputValue>>;

/** Real values by output name; `labels`: the best classes, where the model knows their names. */
export type Outputs = Record<string, Float32Array> & { readonly labels?: readonly RankedLabel[] };

function portInfo(port: PackedPort, extra: Pick<PortInfo, 'labels' | 'preprocess'>): PortInfo {
  return { ...port, length: elementCount(port.shape), ...extra };
}

async function singleEngine({ runtime }: SessionSources, variant: Variant, model: Uint8Array): Promise<ThreadedEngine> {
  return { engine: await Engine.create(await compileRuntime(await runtime(variant)), model), stop() {} };
}

async function threadedEngine(sources: ThreadSources | undefined, variant: Variant, model: Uint8Array, threads: number) {
  if (!sources) throw new UsageError(`threads: ${threads}; this package has none: build it with whittle build --threads`);
  if (variant === 'scalar') throw new UsageError(`threads: ${threads}; this engine has no SIMD, leave threads at 1`);
  const module = await compileRuntime(await sources.runtime(variant));
  return createThreadedEngine(module, model, { threads, start: helperStarter(sources.worker) });
}

export class Session {
  private constructor(
    private engine: Engine | undefined,
    readonly inputs: readonly PortInfo[],
    readonly outputs: readonly PortInfo[],
    readonly info: SessionInfo,
    private readonly stop: () => void,
  ) {}

  /**
   * @throws InvalidPackedModelError when the model is damaged or was made by another version; UsageError when there cannot be so many threads.
   */
  static async create(sources: SessionSources, { threads = 1 }: SessionOptions = {}): Promise<Session> {
    checkThreads(threads);
    const { bytes, metadata, arenaBytes } = readPackedModel(sources.model);
    const variant = bestVariant();
    const { engine, stop } =
      threads > 1 ? await threadedEngine(sources.threads, variant, bytes, threads) : await singleEngine(sources, variant, bytes);
    const { labels, preprocess } = metadata;
    return new Session(
      engine,
      metadata.inputs.map((port) => portInfo(port, preprocess ? { preprocess } : {})),
      metadata.outputs.map((port) => portInfo(port, labels ? { labels } : {})),
      { name: metadata.name, variant, modelBytes: sources.model.length, arenaBytes, memoryBytes: engine.memoryBytes, threads },
      stop,
    );
  }

  /**
   * Runs the model once. Float32Array holds real values; Uint8Array and Uint8ClampedArray hold stored values (pixels)
   * that the model's own preprocessing turns into real ones; Int8Array is already quantized; pictures (ImageData, image,
   * video, VideoFrame, canvas) are resized to the input. One value is enough for a model with one input.
   * @returns real values, by output name, and the best labels
   * @throws UsageError when a name or a length is wrong.
   */
  async run(inputs: Inputs): Promise<Outputs> {
    const raw = this.runSync(inputs);
    const outputs: Record<string, Float32Array> = {};
    for (const port of this.outputs) outputs[port.name] = dequantize(raw[port.name] as Int8Array, port);
    const labels = this.outputs.map((port) => rankLabels(outputs[port.name] as Float32Array, port.labels)).find((ranked) => ranked);
    return Object.assign(outputs, labels && { labels }) as Outputs;
  }

  /** As `run`, at once and without copies: views of the raw outputs, valid until the next run. */
  runSync(inputs: Inputs): Record<string, Int8Array | Float32Array | Int32Array> {
    const { engine } = this;
    if (!engine) throw new UsageError(`${this.info.name}: the session is disposed; create a new one`);
    this.inputs.forEach((port, i) => {
      const data = this.inputData(inputs, port);
      quantizeInput(data, port, viewOf(engine.input(i, byteLength(port)), port.dtype));
    });
    engine.run();
    return Object.fromEntries(this.outputs.map((port, i) => [port.name, viewOf(engine.output(i, byteLength(port)), port.dtype)]));
  }

  private inputData(inputs: Inputs, port: PortInfo): InputData {
    const single = ArrayBuffer.isView(inputs) || isImageSource(inputs);
    if (single && this.inputs.length > 1) {
      throw new UsageError(
        `${this.info.name} has ${this.inputs.length} inputs; pass { ${this.inputs.map(({ name }) => name).join(', ')} }`,
      );
    }
    const value = single ? inputs : (inputs as Readonly<Record<string, InputValue>>)[port.name];
    const data = isImageSource(value) ? imagePixels(value, port) : (value as InputData | undefined);
    if (!data) throw new UsageError(`input "${port.name}" is missing; expected ${port.length} values [${port.shape.join(', ')}]`);
    if (data.length !== port.length) {
      throw new UsageError(`input "${port.name}" has ${data.length} values, expected ${port.length} [${port.shape.join(', ')}]`);
    }
    return data;
  }

  /** Frees the WASM memory, and ends the threads. */
  dispose(): void {
    if (this.engine) this.stop();
    this.engine = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
