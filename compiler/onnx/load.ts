/** Reads an ONNX file. */
import { readFileSync } from 'node:fs';
import onnxProto, { type onnx as Onnx } from 'onnx-proto';
import { InputFileError } from '../errors.ts';

export type ModelProto = Onnx.ModelProto;

/** @throws InputFileError when the file cannot be read or is not an ONNX model. */
export function loadOnnx(path: string): { model: ModelProto; bytes: Uint8Array } {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new InputFileError(`${path}: cannot be read (${(error as Error).message}); check the path`, { cause: error });
  }
  return { model: decodeOnnx(bytes, path), bytes };
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
