/** The interface of a target: packed model → a folder that a user ships. */
import type { PackedModel } from '../compiler/packed/read.ts';

export interface PackageOptions {
  /** Name of the package; default: the model's. */
  readonly name?: string;
  /** browser, node: files for sessions of several threads, too. */
  readonly threads?: boolean;
  /** mcu: the board that it is for; it decides the vocabulary and is what sizes are measured for. */
  readonly board?: string;
  /** mcu: scalar, dsp, mve, or auto: all of them, the compiler's target selects. */
  readonly vocabulary?: string;
  /** mcu: the package's page on the web, for the catalogues of libraries. */
  readonly url?: string;
}

/** What was written, and what it costs on the device. */
export interface Package {
  readonly folder: string;
  /** Paths relative to `folder`. */
  readonly files: readonly string[];
  /** Bytes that must be stored on the device: model and runtime. */
  readonly flashBytes: number;
  /** Bytes of memory at run time. */
  readonly ramBytes: number;
}

export interface Target {
  readonly name: string;
  package(model: PackedModel, folder: string, options: PackageOptions): Promise<Package>;
}
