/** The files that verbs take: ONNX models and packed ones, told apart by their first bytes. */
import { basename, extname } from 'node:path';
import { crc32 } from 'node:zlib';
import { FORMAT_MAGIC, HEADER_CRC32 } from '../../runtime-as/format.ts';
import { InvalidPackedModelError, UsageError } from '../errors.ts';
import { readInputFile } from '../files.ts';
import { isCompact } from '../packed/expand.ts';
import { type PackedModel, readPackedModel } from '../packed/read.ts';

export function isPacked(bytes: Uint8Array): boolean {
  return isCompact(bytes) || (bytes.length >= 4 && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === FORMAT_MAGIC);
}

/** File name without folder and extension. */
export function modelName(path: string): string {
  return basename(path, extname(path));
}

/** @throws InvalidPackedModelError when the bytes are damaged or of another version. */
export function checkPacked(file: Uint8Array, path: string): PackedModel {
  const model = readPackedModel(file, path);
  const { bytes } = model;
  const expected = new DataView(bytes.buffer, bytes.byteOffset).getUint32(HEADER_CRC32 * 4, true);
  if (crc32(bytes.subarray((HEADER_CRC32 + 1) * 4)) !== expected)
    throw new InvalidPackedModelError(`${path}: the CRC-32 does not match, the file is damaged; compile the model again`);
  return model;
}

/**
 * @throws InputFileError when the file cannot be read; UsageError for an ONNX file; InvalidPackedModelError when it is damaged.
 */
export function loadPacked(path: string): PackedModel {
  const bytes = readInputFile(path);
  if (!isPacked(bytes) && path.endsWith('.onnx'))
    throw new UsageError(`${path}: is an ONNX model; compile it first (whittle compile ${path} --samples SAMPLES -o OUT.whittle)`);
  return checkPacked(bytes, path);
}
