/** Reads an ONNX file. */
import onnxProto, { type onnx as Onnx } from 'onnx-proto';
import { InputFileError } from '../errors.ts';
import { readInputFile } from '../files.ts';
import { embedExternalData } from './external-data.ts';

export type ModelProto = Onnx.ModelProto;

/**
 * @param bytes of the file, where it has been read
 * @returns the model and its bytes as one file: encoded anew where weights lay in others
 * @throws InputFileError when a file cannot be read or is not an ONNX model.
 */
export function loadOnnx(path: string, bytes: Uint8Array = readInputFile(path)): { model: ModelProto; bytes: Uint8Array } {
  const model = decodeOnnx(bytes, path);
  return { model, bytes: embedExternalData(model, path) ? onnxProto.onnx.ModelProto.encode(model).finish() : bytes };
}

/** @throws InputFileError when the bytes are not an ONNX model. */
export function decodeOnnx(bytes: Uint8Array, path: string): ModelProto {
  let model: ModelProto;
  try {
    model = onnxProto.onnx.ModelProto.decode(bytes);
  } catch (error) {
    throw new InputFileError(
      `${path}: is not an ONNX file (${(error as Error).message}); export the model with torch.onnx.export or tf2onnx`,
      {
        cause: error,
      },
    );
  }
  if (!model.graph?.node?.length) {
    throw new InputFileError(`${path}: holds no graph; is it an ONNX model? (${bytes.length} bytes)`);
  }
  return model;
}
