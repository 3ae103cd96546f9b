/** NumPy's .npy format, versions 1 to 3 (numpy/lib/format.py): magic, version, a Python literal, then raw values. */
import { InputFileError } from '../errors.ts';
import { readInputFile } from '../files.ts';
import { elementCount } from '../graph.ts';
import { identityPreprocess, type ModelInput, type SampleLayout, type Samples, sha256 } from './samples.ts';

export interface NpyArray {
  readonly shape: readonly number[];
  /** Row-major, whatever the file's order. */
  readonly data: Float32Array;
}

interface ElementType {
  readonly bytes: number;
  read(view: DataView, offset: number, littleEndian: boolean): number;
}

const elementTypes: Readonly<Record<string, ElementType>> = {
  f4: { bytes: 4, read: (view, offset, little) => view.getFloat32(offset, little) },
  f8: { bytes: 8, read: (view, offset, little) => view.getFloat64(offset, little) },
  b1: { bytes: 1, read: (view, offset) => view.getUint8(offset) },
  u1: { bytes: 1, read: (view, offset) => view.getUint8(offset) },
  u2: { bytes: 2, read: (view, offset, little) => view.getUint16(offset, little) },
  u4: { bytes: 4, read: (view, offset, little) => view.getUint32(offset, little) },
  i1: { bytes: 1, read: (view, offset) => view.getInt8(offset) },
  i2: { bytes: 2, read: (view, offset, little) => view.getInt16(offset, little) },
  i4: { bytes: 4, read: (view, offset, little) => view.getInt32(offset, little) },
  i8: { bytes: 8, read: (view, offset, little) => Number(view.getBigInt64(offset, little)) },
};

const MAGIC = '\u0093NUMPY';

interface Header {
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  readonly dataOffset: number;
}

function parseHeader(bytes: Uint8Array, path: string): Header {
  const refuse = (what: string): never => {
    throw new InputFileError(`${path}: ${what}; save it with numpy.save as an array of numbers`);
  };
  const magic = String.fromCharCode(...bytes.subarray(0, 6));
  if (magic !== MAGIC || bytes.length < 12) refuse('is not a .npy file');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint8(6);
  if (version < 1 || version > 3) refuse(`has .npy version ${version}, supported are 1 to 3`);
  const headerOffset = version === 1 ? 10 : 12;
  const dataOffset = headerOffset + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (dataOffset > bytes.length) refuse('the header is cut off');
  const text = new TextDecoder(version === 3 ? 'utf-8' : 'latin1').decode(bytes.subarray(headerOffset, dataOffset));
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape'\s*:\s*\(([^)]*)\)/.exec(text)?.[1];
  if (descr === undefined || order === undefined || shape === undefined) return refuse('the header is not that of a plain array');
  const extents = shape.split(',').map((extent) => extent.trim());
  const numbers = extents.filter(Boolean).map(Number);
  if (!numbers.every((extent) => Number.isSafeInteger(extent) && extent >= 0)) refuse(`the shape (${shape}) is malformed`);
  return { descr, fortranOrder: order === 'True', shape: numbers, dataOffset };
}

/** First index fastest → last index fastest. */
function rowMajor(data: Float32Array, shape: readonly number[]): Float32Array {
  const result = new Float32Array(data.length);
  const position = new Array<number>(shape.length).fill(0);
  const strides: number[] = [];
  shape.reduce((stride, extent, i) => {
    strides[i] = stride;
    return stride * extent;
  }, 1);
  for (let i = 0; i < result.length; i++) {
    result[i] = data[position.reduce((sum, p, axis) => sum + p * (strides[axis] as number), 0)] as number;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++(position[axis] as number) < (shape[axis] as number)) break;
      position[axis] = 0;
    }
  }
  return result;
}

/**
 * float32, float64, bool, uint8 to uint32 and int8 to int64 become float32.
 * @throws InputFileError when the bytes are not such an array.
 */
export function decodeNpy(bytes: Uint8Array, path: string): NpyArray {
  const { descr, fortranOrder, shape, dataOffset } = parseHeader(bytes, path);
  const element = elementTypes[descr.slice(1)];
  if (!element || !'<>|='.includes(descr[0] as string)) {
    throw new InputFileError(
      `${path}: has dtype '${descr}'; supported are float32, float64, uint8 and int8 to int64: convert it with .astype('float32')`,
    );
  }
  const count = elementCount(shape);
  const available = bytes.length - dataOffset;
  if (available !== count * element.bytes) {
    throw new InputFileError(
      `${path}: shape [${shape.join(', ')}] of '${descr}' needs ${count * element.bytes} bytes, the file holds ${available}; it is damaged, save it again`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + dataOffset, available);
  const little = descr[0] !== '>';
  const data = new Float32Array(count);
  for (let i = 0; i < count; i++) data[i] = element.read(view, i * element.bytes, little);
  return { shape, data: fortranOrder && shape.length > 1 ? rowMajor(data, shape) : data };
}

/** Shape of one sample in an array: [count, …], or the whole array where it has the model's shape with batch 1. */
export function sampleShapeOf(array: NpyArray, input: ModelInput): { count: number; shape: number[] } {
  const isWhole = array.shape.length === input.shape.length - 1 && array.shape.every((extent, i) => extent === input.shape[i + 1]);
  return isWhole ? { count: 1, shape: [...array.shape] } : { count: array.shape[0] ?? 1, shape: array.shape.slice(1) };
}

export interface NamedArray {
  readonly input: ModelInput;
  readonly array: NpyArray;
}

/**
 * Arrays of real values as samples, one array per model input.
 * @throws InputFileError when the arrays hold different numbers of samples, or none.
 */
export function arraySamples(source: string, arrays: readonly NamedArray[]): Samples {
  const parts = arrays.map(({ input, array }) => ({ input, array, ...sampleShapeOf(array, input) }));
  const count = parts[0]?.count ?? 0;
  if (!count) throw new InputFileError(`${source}: holds no samples; the first extent of an array is their number`);
  for (const part of parts) {
    if (part.count !== count)
      throw new InputFileError(
        `${source}: array "${part.input.name}" holds ${part.count} samples, array "${parts[0]?.input.name}" ${count}; they must be equal`,
      );
  }
  const layouts = parts.map(({ shape }): SampleLayout => ({ shape, order: 'model' }));
  return {
    source,
    count,
    layouts,
    sample: (index) =>
      parts.map(({ array, shape }) => {
        const length = elementCount(shape);
        return array.data.subarray(index * length, (index + 1) * length);
      }),
    metric: 'agreement',
    preprocess: identityPreprocess,
    hash: () => sha256(readInputFile(source)),
  };
}

/** @throws InputFileError when the file is not an array of numbers, or the model has several inputs. */
export function loadNpy(path: string, inputs: readonly ModelInput[]): Samples {
  const [input, ...others] = inputs;
  if (!input || others.length) {
    throw new InputFileError(
      `${path}: one array, but the model has ${inputs.length} inputs (${inputs.map(({ name }) => name).join(', ')}); save them together with numpy.savez`,
    );
  }
  return arraySamples(path, [{ input, array: decodeNpy(readInputFile(path), path) }]);
}
