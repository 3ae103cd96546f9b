/** What every file of an emitted C package is written from. */
import type { PackedPort } from '../../compiler/packed/metadata.ts';
import type { PackedModel } from '../../compiler/packed/read.ts';
import type { PackedRecords } from '../../compiler/packed/records.ts';
import type { BoardImage } from './image.ts';
import type { Names } from './names.ts';

export interface CPackage {
  readonly model: PackedModel;
  readonly records: PackedRecords;
  readonly names: Names;
  /** One per vocabulary, the least demanding first; the compiler's feature macros choose. */
  readonly images: readonly BoardImage[];
  /** The library's page on the web, where it has one. */
  readonly url?: string;
}

/** Version of every emitted library; its users may count on from there. */
export const LIBRARY_VERSION = '1.0.0';

export const LIBRARY_LICENSE = 'Apache-2.0';

/** Files by path in the package. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** One sentence, for the catalogues. */
export function summaryOf({ model }: CPackage): string {
  const { name, labels } = model.metadata;
  const what = labels ? ` (${labels.length} classes)` : '';
  return `Neural network ${name}${what} in int8 C for microcontrollers, made by whittle`;
}

/** Files under src/ that have to be compiled. */
export function sourceFiles({ names, images }: CPackage): string[] {
  const models = images.map(({ vocabulary }) => modelFile(names, images, vocabulary));
  const runtimes = images.map(({ vocabulary }) => runtimeFile(names, images, vocabulary));
  return [...models, ...runtimes, `${names.library}_selftest.c`].map((file) => `src/${file}`);
}

function suffix(images: readonly BoardImage[], vocabulary: string): string {
  return images.length === 1 ? '' : `_${vocabulary}`;
}

/** Name of the C file of the image; with several vocabularies each has its own. */
export function modelFile(names: Names, images: readonly BoardImage[], vocabulary: string): string {
  return `${names.library}${suffix(images, vocabulary)}.c`;
}

export function runtimeFile(names: Names, images: readonly BoardImage[], vocabulary: string): string {
  return `${names.library}_runtime${suffix(images, vocabulary)}.c`;
}

const cTypes = { int8: 'int8_t', float32: 'float', int32: 'int32_t' } as const;

export interface CPort extends PackedPort {
  /** `input`, `output`, or with a number where there are several. */
  readonly symbol: string;
  readonly kind: 'input' | 'output';
  readonly index: number;
  readonly cType: string;
  readonly bytes: number;
  /** Index in the packed model's tensors. */
  readonly tensor: number;
}

function portsOf(kind: CPort['kind'], ports: readonly PackedPort[], tensors: readonly number[], records: PackedRecords): CPort[] {
  return ports.map((port, index) => {
    const tensor = tensors[index] as number;
    return {
      ...port,
      kind,
      index,
      symbol: ports.length === 1 ? kind : `${kind}_${index}`,
      cType: cTypes[port.dtype],
      bytes: records.tensors[tensor]?.bytes ?? 0,
      tensor,
    };
  });
}

export function inputPorts({ model, records }: CPackage): CPort[] {
  return portsOf('input', model.metadata.inputs, records.inputs, records);
}

export function outputPorts({ model, records }: CPackage): CPort[] {
  return portsOf('output', model.metadata.outputs, records.outputs, records);
}
