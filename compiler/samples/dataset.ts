/**
 * `*.dataset.json`: describes samples that are stored without a description of their own.
 *
 *     { "samples": { "file": "x.bin", "dtype": "uint8", "shape": [5000, 32, 32, 3], "layout": "NHWC" },
 *       "labels":  { "file": "y.u8", "dtype": "uint8", "outputIndexOffset": 0 },
 *       "classes": ["airplane", …],
 *       "preprocess": { "offset": 0, "scale": 1 },
 *       "metric": "top1" }
 *
 * or, from an .npz file, `"samples": { "file": "x.npz", "array": "test", "layout": "NHWC" }` (dtype and shape are the array's),
 * or `"samples": { "folder": "images", "resize": { "width": 96, "height": 96, "method": "bilinear" } }`. Paths are relative
 * to the file. Raw files are little-endian. A model's input is (stored + offset) · scale, per channel where a list. A
 * label is a class; the output index is class + outputIndexOffset.
 */
import { dirname, join } from 'node:path';
import { InputFileError } from '../errors.ts';
import { readInputFile } from '../files.ts';
import { elementCount } from '../graph.ts';
import type { Preprocess } from '../packed/metadata.ts';
import { imageFormatOf, imageNames, imageSamples } from './images.ts';
import { readNpzArray } from './npz.ts';
import { preprocessor } from './preprocess.ts';
import { identityPreprocess, type Metric, type ModelInput, type SampleLayout, type Samples, sha256 } from './samples.ts';

interface DatasetFile {
  readonly samples: {
    readonly file?: string;
    readonly array?: string;
    readonly dtype?: string;
    readonly shape?: readonly number[];
    readonly folder?: string;
    readonly layout?: string;
    readonly resize?: { readonly width: number; readonly height: number; readonly method?: string };
  };
  readonly labels?: { readonly file: string; readonly array?: string; readonly dtype?: string; readonly outputIndexOffset?: number };
  readonly classes?: readonly string[];
  readonly preprocess?: Partial<Preprocess>;
  readonly metric?: string;
}

const arrayTypes = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

type Stored = InstanceType<(typeof arrayTypes)[keyof typeof arrayTypes]>;

function bytesOf(stored: Stored): Uint8Array {
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
}

function refuse(path: string, what: string): never {
  throw new InputFileError(`${path}: ${what}`);
}

function isNumberOrList(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 && value.every(Number.isFinite) : Number.isFinite(value);
}

/** The file's JSON, every field checked. */
function parse(path: string): DatasetFile {
  let parsed: DatasetFile;
  try {
    parsed = JSON.parse(new TextDecoder().decode(readInputFile(path)));
  } catch (error) {
    if (error instanceof InputFileError) throw error;
    return refuse(path, `is not valid JSON (${(error as Error).message})`);
  }
  const { samples, labels, classes, preprocess, metric } = parsed ?? {};
  if (typeof samples?.file !== 'string' && typeof samples?.folder !== 'string')
    refuse(path, '"samples" must name a "file" or a "folder", relative to this file');
  const { resize } = samples;
  if (resize && !(Number.isInteger(resize.width) && Number.isInteger(resize.height) && resize.width > 0 && resize.height > 0))
    refuse(path, '"samples.resize" needs a positive integer "width" and "height"');
  if (resize?.method && resize.method !== 'bilinear')
    refuse(path, `"samples.resize.method" is "${resize.method}"; supported is "bilinear": resize with another tool and store the result`);
  if (labels && typeof labels.file !== 'string') refuse(path, '"labels" must name a "file", relative to this file');
  if (classes && !(Array.isArray(classes) && classes.every((name) => typeof name === 'string')))
    refuse(path, '"classes" must be a list of names');
  for (const key of ['offset', 'scale'] as const) {
    if (preprocess?.[key] !== undefined && !isNumberOrList(preprocess[key]))
      refuse(path, `"preprocess.${key}" must be a number, or a list with one number per channel`);
  }
  if (metric !== undefined && metric !== 'top1' && metric !== 'agreement')
    refuse(path, `"metric" is "${metric}"; known are "top1" and "agreement"`);
  if (metric === 'top1' && !labels) refuse(path, '"metric" is "top1" but there are no "labels"; add them, or use "agreement"');
  return parsed;
}

/** Raw little-endian values; `count` says how many the file must hold. */
function readRaw(path: string, dtype: string, shape: readonly number[], described: string): Stored {
  const type = arrayTypes[dtype as keyof typeof arrayTypes];
  if (!type) return refuse(described, `dtype "${dtype}" of ${path} is not known; known are ${Object.keys(arrayTypes).join(', ')}`);
  const bytes = readInputFile(path);
  const expected = elementCount(shape) * type.BYTES_PER_ELEMENT;
  if (bytes.length !== expected)
    refuse(path, `holds ${bytes.length} bytes, ${dtype} [${shape.join(', ')}] needs ${expected}; correct dtype or shape in ${described}`);
  return new type(bytes.buffer);
}

/** The samples of a raw file, or of one array of an .npz file. */
function readStored(path: string, { file = '', array, dtype = 'uint8', shape }: DatasetFile['samples']) {
  if (array !== undefined) {
    const { shape: arrayShape, data } = readNpzArray(join(dirname(path), file), array);
    return { shape: arrayShape, stored: data as Stored };
  }
  if (!Array.isArray(shape) || !shape.length || !shape.every((extent) => Number.isInteger(extent) && extent > 0))
    return refuse(path, '"samples.shape" must be a list of positive integers: [count, …]');
  return { shape: shape as readonly number[], stored: readRaw(join(dirname(path), file), dtype, shape, path) };
}

function readLabels(path: string, { file, array, dtype = 'uint8' }: NonNullable<DatasetFile['labels']>, count: number): Stored {
  const labelPath = join(dirname(path), file);
  if (array === undefined) return readRaw(labelPath, dtype, [count], path);
  const { data } = readNpzArray(labelPath, array);
  if (data.length !== count)
    refuse(labelPath, `array "${array}" holds ${data.length} labels for ${count} samples; give one class per sample`);
  return data as Stored;
}

function storedSamples(path: string, dataset: DatasetFile, preprocess: Preprocess): Samples {
  const { layout = 'model' } = dataset.samples;
  const channelsLast = layout === 'NHWC' || layout === 'NWC';
  if (!channelsLast && !['NCHW', 'NCW', 'model'].includes(layout))
    refuse(path, `"samples.layout" is "${layout}"; known are NHWC, NWC, NCHW, NCW and model (the order of the ONNX input)`);
  const { shape, stored } = readStored(path, dataset.samples);
  const sampleLayout: SampleLayout = { shape: shape.slice(1), order: channelsLast ? 'channels-last' : 'model' };
  const length = elementCount(sampleLayout.shape);
  const toReal = preprocessor(preprocess, sampleLayout, path);
  return {
    source: path,
    count: shape[0] as number,
    layouts: [sampleLayout],
    sample: (index) => [toReal(stored.subarray(index * length, (index + 1) * length))],
    metric: 'agreement',
    preprocess,
    hash: () => sha256(bytesOf(stored)),
  };
}

function folderSamples(path: string, dataset: DatasetFile, preprocess: Preprocess, inputs: readonly ModelInput[]): Samples {
  const folder = join(dirname(path), dataset.samples.folder as string);
  const paths = imageNames(folder).map((name) => join(folder, name));
  const format = { ...imageFormatOf(inputs, path), ...dataset.samples.resize };
  return imageSamples({ source: path, paths, format, preprocess });
}

/** @throws InputFileError with the field or file that is wrong, what was expected, and what to do. */
export function loadDataset(path: string, inputs: readonly ModelInput[]): Samples {
  const dataset = parse(path);
  const preprocess: Preprocess = { ...identityPreprocess, ...dataset.preprocess };
  const samples =
    dataset.samples.file !== undefined ? storedSamples(path, dataset, preprocess) : folderSamples(path, dataset, preprocess, inputs);
  const { labels, classes } = dataset;
  const offset = labels?.outputIndexOffset ?? 0;
  const stored = labels && readLabels(path, labels, samples.count);
  const metric = (dataset.metric as Metric | undefined) ?? (stored ? 'top1' : 'agreement');
  return {
    ...samples,
    metric,
    ...(stored && { label: (index: number) => (stored[index] as number) + offset }),
    ...(classes && { classes: [...Array.from({ length: offset }, (_, i) => `output ${i}`), ...classes] }),
    hash: () => sha256(readInputFile(path), samples.hash(), stored ? bytesOf(stored) : ''),
  };
}
