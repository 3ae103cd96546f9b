/** NumPy's .npz: a zip of .npy files, named like the model's inputs, with an optional array of labels. */
import { unzipSync } from 'fflate';
import { InputFileError } from '../errors.ts';
import { readInputFile } from '../files.ts';
import { arraySamples, decodeNpy, type NpyArray } from './npy.ts';
import type { ModelInput, Samples } from './samples.ts';

const labelNames = ['labels', 'y'];

function readArrays(path: string): Map<string, NpyArray> {
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(readInputFile(path));
  } catch (error) {
    if (error instanceof InputFileError) throw error;
    throw new InputFileError(`${path}: is not a readable .npz file (${(error as Error).message}); save it with numpy.savez`, {
      cause: error,
    });
  }
  return new Map(
    Object.entries(files).map(([name, bytes]) => [name.replace(/\.npy$/, ''), decodeNpy(bytes, `${path} (${name})`)] as const),
  );
}

/** @throws InputFileError when the file has no array of this name. */
export function readNpzArray(path: string, name: string): NpyArray {
  const arrays = readArrays(path);
  const array = arrays.get(name);
  if (!array) throw new InputFileError(`${path}: no array is named "${name}"; it holds ${[...arrays.keys()].join(', ')}`);
  return array;
}

/** @throws InputFileError when an input of the model has no array, or the labels do not fit. */
export function loadNpz(path: string, inputs: readonly ModelInput[]): Samples {
  const arrays = readArrays(path);
  const labelName = labelNames.find((name) => arrays.has(name) && !inputs.some((input) => input.name === name));
  const candidates = [...arrays.keys()].filter((name) => name !== labelName);
  const named = inputs.map((input) => {
    // With one input and one array there is nothing to confuse, whatever the array is called.
    const only = inputs.length === 1 && candidates.length === 1 ? candidates[0] : undefined;
    const array = arrays.get(input.name) ?? (only !== undefined ? arrays.get(only) : undefined);
    if (!array)
      throw new InputFileError(
        `${path}: no array is named "${input.name}"; it holds ${[...arrays.keys()].join(', ')}, the model's inputs are ${inputs.map(({ name }) => name).join(', ')}`,
      );
    return { input, array };
  });
  const samples = arraySamples(path, named);
  const labels = labelName !== undefined ? arrays.get(labelName)?.data : undefined;
  if (!labels) return samples;
  if (labels.length !== samples.count)
    throw new InputFileError(
      `${path}: array "${labelName}" holds ${labels.length} labels for ${samples.count} samples; give one class index per sample`,
    );
  return { ...samples, label: (index) => labels[index] as number, metric: 'top1' };
}
