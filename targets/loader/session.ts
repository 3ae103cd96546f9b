/**
 * The API of an emitted package: create a session, run it on real or stored values, get real values back. Pure ES: runs
 * in Node, browsers, workers and webviews. Bundled into one file by `npm run build`.
 */
import { Engine, type ModelSource } from '../../compiler/engine.ts';
import { UsageError } from '../../compiler/errors.ts';
import { byteLength, elementCount } from '../../compiler/graph.ts';
import type { PackedMetadata, PackedPort, Preprocess } from '../../compiler/packed/metadata.ts';
import { readMetadata } from '../../compiler/packed/read.ts';
import type { Variant } from '../../compiler/root.ts';
import type { ThreadedEngine } from '../../compiler/threads.ts';
import { HEADER_ARENA_BYTES } from '../../runtime-as/format.ts';
import { dequantize, type InputData, quantizeInput, viewOf } from './convert.ts';
import type { expandModel } from './expand.ts';
import { type ImageSource, type imagePixels, isImageSource } from './image.ts';
import { type RankedLabel, rankLabels } from './rank.ts';
import { compileRuntime } from './source.ts';
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

export interface SessionSources {
  /** The packed model, or with `expand` a compact one. */
  readonly model: ModelSource;
  /** The runtime's module for this variant: its bytes, or a response that is still arriving. */
  readonly runtime: (variant: Variant) => Promise<Uint8Array | Response>;
  /** Of bestVariant(). */
  readonly fits?: boolean;
  /** Loads image.js: only a session that is given a picture needs it. */
  readonly image?: () => Promise<{ readonly imagePixels: typeof imagePixels }>;
  /** expandModel, where the package holds a compact model. */
  readonly expand?: typeof expandModel;
  /** threadedEngines (threads.ts), where the package was built with threads. */
  readonly threads?: (variant: Variant, model: ModelSource, threads: number) => Promise<ThreadedEngine>;
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

function checkData(data: InputValue | undefined, { name, length, shape }: PortInfo): InputData {
  const expected = `expected ${length} values [${shape.join(', ')}]`;
  if (!data) throw new UsageError(`input "${name}" is missing; ${expected}`);
  if (isImageSource(data)) throw new UsageError(`input "${name}" is a picture, which run() takes; ${expected}`);
  if (data.length !== length) throw new UsageError(`input "${name}" has ${data.length} values, ${expected}`);
  return data;
}

function threadedEngine(
  { threads: start }: SessionSources,
  variant: Variant,
  model: ModelSource,
  threads: number,
): Promise<ThreadedEngine> {
  if (!start) throw new UsageError(`threads: ${threads}; this package has none: build it with whittle build --threads`);
  return start(variant, model, threads);
}

export class Session {
  private constructor(
    private engine: Engine | undefined,
    readonly inputs: readonly PortInfo[],
    readonly outputs: readonly PortInfo[],
    readonly info: SessionInfo,
    private readonly image: SessionSources['image'],
    private readonly stop: () => void,
  ) {}

  /**
   * @throws InvalidPackedModelError when the model is damaged or was made by another version; UsageError when there cannot be so many threads.
   */
  static async create(sources: SessionSources, { threads = 1 }: SessionOptions = {}): Promise<Session> {
    const { model, expand } = sources;
    const variant = bestVariant(sources.fits === true);
    // The runtime arrives and compiles while the model arrives.
    const runtime = threads === 1 ? sources.runtime(variant).then(compileRuntime) : undefined;
    const [module, expanded] = await Promise.all([runtime, expand?.(model)]);
    const packed = expanded?.bytes ?? model;
    const { engine, stop } = module
      ? { engine: await Engine.create(module, packed), stop() {} }
      : await threadedEngine(sources, variant, packed, threads);
    const bytes = engine.model;
    const metadata = readMetadata(bytes) as PackedMetadata;
    const arenaBytes = new DataView(bytes.buffer, bytes.byteOffset).getUint32(HEADER_ARENA_BYTES * 4, true);
    const { labels, preprocess } = metadata;
    return new Session(
      engine,
      metadata.inputs.map((port) => portInfo(port, preprocess ? { preprocess } : {})),
      metadata.outputs.map((port) => portInfo(port, labels ? { labels } : {})),
      {
        name: metadata.name,
        variant,
        modelBytes: expanded?.fileBytes ?? bytes.length,
        arenaBytes,
        memoryBytes: engine.memoryBytes,
        threads,
      },
      sources.image,
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
    const values = { ...this.byName(inputs) };
    for (const port of this.inputs) {
      const value = values[port.name];
      if (isImageSource(value) && this.image) values[port.name] = (await this.image()).imagePixels(value, port);
    }
    const raw = this.runSync(values);
    const outputs: Record<string, Float32Array> = {};
    for (const port of this.outputs) outputs[port.name] = dequantize(raw[port.name] as Int8Array, port);
    const labels = this.outputs.map((port) => rankLabels(outputs[port.name] as Float32Array, port.labels)).find((ranked) => ranked);
    return Object.assign(outputs, labels && { labels }) as Outputs;
  }

  /** As `run` without pictures, at once and without copies: views of the raw outputs, valid until the next run. */
  runSync(inputs: Inputs): Record<string, Int8Array | Float32Array | Int32Array> {
    const { engine } = this;
    if (!engine) throw new UsageError(`${this.info.name}: the session is disposed; create a new one`);
    const values = this.byName(inputs);
    this.inputs.forEach((port, i) => {
      quantizeInput(checkData(values[port.name], port), port, viewOf(engine.input(i, byteLength(port)), port.dtype));
    });
    engine.run();
    return Object.fromEntries(this.outputs.map((port, i) => [port.name, viewOf(engine.output(i, byteLength(port)), port.dtype)]));
  }

  private byName(inputs: Inputs): Readonly<Record<string, InputValue>> {
    if (!(ArrayBuffer.isView(inputs) || isImageSource(inputs))) return inputs as Readonly<Record<string, InputValue>>;
    const names = this.inputs.map(({ name }) => name);
    if (names.length > 1) throw new UsageError(`${this.info.name} has ${names.length} inputs; pass { ${names.join(', ')} }`);
    return { [names[0] as string]: inputs };
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
