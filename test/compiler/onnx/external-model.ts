/** Models whose weights lie in files of their own, made from models that are one file. */
import { readFileSync } from 'node:fs';
import onnxProto from 'onnx-proto';

export interface External {
  readonly location: string;
  readonly offset?: number;
  readonly length?: number;
}

/** The model of a file, its initializers taken out where `place` tells where they are instead. */
export function takeOutWeights(onnx: string, place: (name: string, rawData: Uint8Array) => External | undefined): Uint8Array {
  const model = onnxProto.onnx.ModelProto.decode(readFileSync(onnx));
  for (const tensor of model.graph?.initializer ?? []) {
    const external = place(tensor.name ?? '', tensor.rawData as Uint8Array);
    if (!external) continue;
    tensor.rawData = new Uint8Array();
    tensor.dataLocation = 1;
    tensor.externalData = Object.entries(external).map(([key, value]) => ({ key, value: String(value) }));
  }
  return onnxProto.onnx.ModelProto.encode(model).finish();
}

/** All weights in one file `location`, as PyTorch writes them. */
export function splitWeights(onnx: string, location: string): { model: Uint8Array; weights: Uint8Array } {
  const parts: Uint8Array[] = [];
  let offset = 0;
  const model = takeOutWeights(onnx, (_name, rawData) => {
    const external = { location, offset, length: rawData.length };
    parts.push(rawData);
    offset += rawData.length;
    return external;
  });
  return { model, weights: Buffer.concat(parts) };
}
