/** Samples by path: a description, a folder of images, or NumPy arrays. */
import { statSync } from 'node:fs';
import { InputFileError, UsageError } from '../errors.ts';
import type { Preprocess } from '../packed/metadata.ts';
import { loadDataset } from './dataset.ts';
import { loadImageFolder } from './images.ts';
import { loadNpy } from './npy.ts';
import { loadNpz } from './npz.ts';
import { limitSamples, type ModelInput, type Samples } from './samples.ts';

export interface LoadSamplesOptions {
  /** The model's inputs: images are resized to them, arrays are looked up by their names. */
  readonly inputs: readonly ModelInput[];
  /** Take this many, spread evenly over the set. */
  readonly limit?: number;
  /** For folders of images without a description; default: pixels / 255. */
  readonly preprocess?: Preprocess;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw new InputFileError(`${path}: does not exist; check the path`, { cause: error });
  }
}

function loadAll(path: string, { inputs, preprocess }: LoadSamplesOptions): Samples {
  if (isFolder(path)) return loadImageFolder(path, inputs, preprocess);
  if (path.endsWith('.json')) return loadDataset(path, inputs);
  if (path.endsWith('.npy')) return loadNpy(path, inputs);
  if (path.endsWith('.npz')) return loadNpz(path, inputs);
  throw new UsageError(`${path}: not a kind of samples; give a *.dataset.json, a folder of .png and .jpg files, a .npy or a .npz`);
}

/**
 * @throws InputFileError when a file is missing, damaged or does not fit the model.
 * @throws UsageError when the path is of no known kind.
 */
export function loadSamples(path: string, options: LoadSamplesOptions): Samples {
  const samples = loadAll(path, options);
  if (options.limit !== undefined && options.limit < 1) throw new UsageError(`--limit ${options.limit}: at least one sample is needed`);
  return limitSamples(samples, options.limit);
}
