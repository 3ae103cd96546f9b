/** TypeScript declarations of a web package, for exactly one model: names, lengths, labels. */
import { elementCount } from '../compiler/graph.ts';
import type { PackedPort } from '../compiler/packed/metadata.ts';
import type { PackedModel } from '../compiler/packed/read.ts';
import { version } from '../compiler/root.ts';
import { imageFormat } from '../compiler/samples/image-format.ts';
import { modelInputsOf } from '../compiler/samples/layout.ts';

function inputType(port: PackedPort, takesImage: boolean): string {
  const picture = takesImage ? ', or any picture (resized)' : '';
  return `  /** ${elementCount(port.shape)} values [${port.shape.join(', ')}]: Float32Array of real values, Uint8Array of stored values (pixels), Int8Array already quantized${picture}. */
  readonly ${JSON.stringify(port.name)}: ${takesImage ? 'Values | Picture' : 'Values'};`;
}

function lengths(ports: readonly PackedPort[]): string {
  return ports.map((port) => `  readonly ${JSON.stringify(port.name)}: ${elementCount(port.shape)};`).join('\n');
}

/** types.d.ts: everything that the entries of the package have in common. */
export function typeDeclarations(model: PackedModel): string {
  const { inputs, outputs, labels } = model.metadata;
  const takesImage = imageFormat(modelInputsOf(inputs)) !== undefined;
  const single = inputs.length === 1 ? ` | ModelInputs[${JSON.stringify(inputs[0]?.name)}]` : '';
  const named = labels && outputs.some((port) => elementCount(port.shape) === labels.length);
  return `/** Made by whittle ${version} for the model ${JSON.stringify(model.metadata.name)}. */
export type Values = Float32Array | Uint8Array | Uint8ClampedArray | Int8Array;
${takesImage ? '\n/** ImageData, image, video, VideoFrame, ImageBitmap or canvas. */\nexport type Picture = ImageData | CanvasImageSource;\n' : ''}
export interface ModelInputs {
${inputs.map((port) => inputType(port, takesImage)).join('\n')}
}

export type Input = ModelInputs${single};
${labels ? `\nexport type Label = ${labels.map((label) => JSON.stringify(label)).join(' | ')};\n` : ''}
export interface ModelOutputs {
${outputs.map((port) => `  /** [${port.shape.join(', ')}] */\n  readonly ${JSON.stringify(port.name)}: Float32Array;`).join('\n')}${
  named
    ? '\n  /** The five best classes, best first. */\n  readonly labels: readonly { readonly label: Label; readonly index: number; readonly value: number }[];'
    : ''
}
}

export interface RawOutputs {
${outputs.map((port) => `  readonly ${JSON.stringify(port.name)}: Int8Array | Float32Array | Int32Array;`).join('\n')}
}

export interface InputLengths {
${lengths(inputs)}
}

export interface OutputLengths {
${lengths(outputs)}
}

export interface PortInfo {
  readonly name: keyof ModelInputs | keyof RawOutputs;
  readonly dtype: 'float32' | 'int8' | 'int32';
  readonly shape: readonly number[];
  readonly length: number;
  readonly scale?: number;
  readonly zeroPoint?: number;
  readonly permutation?: readonly number[];
  readonly labels?: readonly ${labels ? 'Label' : 'string'}[];
  readonly preprocess?: { readonly offset: number | readonly number[]; readonly scale: number | readonly number[] };
}

export interface SessionInfo {
  readonly name: string;
  readonly variant: 'scalar' | 'simd' | 'relaxed';
  readonly modelBytes: number;
  readonly arenaBytes: number;
  readonly memoryBytes: number;
  readonly threads: number;
}

export interface Session {
  readonly inputs: readonly PortInfo[];
  readonly outputs: readonly PortInfo[];
  readonly info: SessionInfo;
  /** Runs once; real values by output name. */
  run(inputs: Input): Promise<ModelOutputs>;
  /** As run without pictures, at once and without copies: raw outputs, valid until the next run. */
  runSync(inputs: Input): RawOutputs;
  dispose(): void;
  [Symbol.dispose](): void;
}

export interface WorkerSession extends Omit<Session, 'run' | 'runSync'> {
  /** As Session.run, in the worker; \`signal\` takes the run out of the queue, \`transfer\` moves the arrays instead of copying them. */
  run(inputs: Input, options?: { readonly signal?: AbortSignal; readonly transfer?: boolean }): Promise<ModelOutputs>;
}

/** Another packed model for this runtime; default: the package's own. */
export type ModelSource = Uint8Array | Response | URL | string;

export interface CreateOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (loadedBytes: number, totalBytes: number) => void;
  /** More than 1 needs \`whittle build --threads\`, and a page that is cross-origin isolated (or Node). */
  readonly threads?: number;
}
`;
}

const TYPES = "export type * from './types.js';\n";

export const sessionDeclarations = `${TYPES}import type { CreateOptions, ModelSource, Session } from './types.js';

export function createSession(source?: ModelSource, options?: CreateOptions): Promise<Session>;
`;

export const workerDeclarations = `${TYPES}import type { ModelSource, WorkerSession } from './types.js';

/** A session in a worker of its own: the page stays responsive. */
export function createWorkerSession(source?: Uint8Array | URL | string, options?: { readonly signal?: AbortSignal }): Promise<WorkerSession>;
`;

export const inlineDeclarations = `${sessionDeclarations}import type { WorkerSession } from './types.js';

/** In a worker made from this very file: needs \`worker-src blob:\` where a Content-Security-Policy is set. */
export function createWorkerSession(source?: Uint8Array, options?: { readonly signal?: AbortSignal }): Promise<WorkerSession>;
`;

export const cacheDeclarations = `/**
 * The model from the browser's Cache API (kept there by the first call, checked by its SHA-256): pass it to createSession.
 * Where there is no secure context it is just fetched.
 */
export function cachedModel(options?: { readonly maxBytes?: number; readonly signal?: AbortSignal }): Promise<Uint8Array>;
`;
