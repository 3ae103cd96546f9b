/** Real values ↔ the bytes of a packed model's ports, one port after the other: what `Device.infer` takes and gives. */
import { byteLength } from '../compiler/graph.ts';
import type { PackedMetadata } from '../compiler/packed/metadata.ts';
import { toOnnxOrder } from '../compiler/samples/layout.ts';
import { dequantize, quantizeInput, viewOf } from '../targets/loader/convert.ts';

/** @param values real values, one array per input, in the ports' order in memory */
export function inputBytes({ inputs }: PackedMetadata, values: readonly Float32Array[]): Uint8Array {
  const pieces = inputs.map((port, i) => {
    const bytes = new Uint8Array(byteLength(port));
    quantizeInput(values[i] as Float32Array, port, viewOf(bytes, port.dtype));
    return bytes;
  });
  return pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces);
}

/** Real values of each output, in the order of the ONNX file. */
export function outputValues({ outputs }: PackedMetadata, bytes: Uint8Array): Float32Array[] {
  let offset = 0;
  return outputs.map((port) => {
    const end = offset + byteLength(port);
    // A copy: float32 ports need an aligned offset.
    const raw = viewOf(bytes.slice(offset, end), port.dtype);
    offset = end;
    return toOnnxOrder(dequantize(raw, port), port);
  });
}
