/** A folder of PNG and JPEG files as samples, sorted by name. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { InputFileError } from '../errors.ts';
import { readInputFile } from '../files.ts';
import type { Preprocess } from '../packed/metadata.ts';
import { isImagePath, readImage } from './image.ts';
import { convertChannels, type ImageFormat, imageFormat } from './image-format.ts';
import { preprocessor } from './preprocess.ts';
import { resizeBilinear } from './resize.ts';
import { type ModelInput, type SampleLayout, type Samples, sha256 } from './samples.ts';

/** What the files of folders without a description mean: pixels 0 … 255 become 0 … 1. */
export const defaultImagePreprocess: Preprocess = { offset: 0, scale: 1 / 255 };

/** @throws InputFileError when the model does not take one image. */
export function imageFormatOf(inputs: readonly ModelInput[], source: string): ImageFormat {
  const format = imageFormat(inputs);
  if (format) return format;
  const shapes = inputs.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(', ');
  throw new InputFileError(
    `${source}: images need a model with one input [1, C, H, W] of 1, 3 or 4 channels, this one has ${shapes}; give the samples as .npy or .npz`,
  );
}

/** Names of the images in the folder, sorted by code unit. @throws InputFileError when there are none. */
export function imageNames(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder).filter(isImagePath).sort();
  } catch (error) {
    throw new InputFileError(`${folder}: the folder cannot be read (${(error as Error).message}); check the path`, { cause: error });
  }
  if (!names.length) throw new InputFileError(`${folder}: holds no .png, .jpg or .jpeg files; check the path`);
  return names;
}

/** What the user should know when nothing said how pixels become numbers. */
export function preprocessNote({ source, preprocess }: Samples): string | undefined {
  if (preprocess !== defaultImagePreprocess) return undefined;
  return `${source}: pixels are divided by 255; if the model was trained otherwise, describe it in a *.dataset.json`;
}

export interface ImageSource {
  /** For messages. */
  readonly source: string;
  readonly paths: readonly string[];
  readonly format: ImageFormat;
  readonly preprocess: Preprocess;
}

/** Images decoded one by one when they are asked for, resized to `format` where their size differs. */
export function imageSamples({ source, paths, format, preprocess }: ImageSource): Samples {
  const layout: SampleLayout = { shape: [format.height, format.width, format.channels], order: 'channels-last' };
  const toReal = preprocessor(preprocess, layout, source);
  return {
    source,
    count: paths.length,
    layouts: [layout],
    sample(index) {
      const image = convertChannels(readImage(paths[index] as string), format.channels);
      return [toReal(resizeBilinear(image, format.width, format.height).data)];
    },
    metric: 'agreement',
    preprocess,
    hash: () => sha256(...paths.map(readInputFile)),
  };
}

/** @throws InputFileError when the folder holds no images or the model does not take one. */
export function loadImageFolder(folder: string, inputs: readonly ModelInput[], preprocess = defaultImagePreprocess): Samples {
  const paths = imageNames(folder).map((name) => join(folder, name));
  return imageSamples({ source: folder, paths, format: imageFormatOf(inputs, folder), preprocess });
}
