/** Between what an application holds (pixels, real numbers) and what a model's ports hold. The arithmetic is float32, so that every host gives the same integers. */
import type { PortDType } from '../../compiler/graph.ts';
import type { PackedPort, Preprocess } from '../../compiler/packed/metadata.ts';

export type InputData = Float32Array | Int8Array | Uint8Array | Uint8ClampedArray | Int32Array;

export type PortArray = Float32Array | Int8Array | Int32Array;

export type ConvertedPort = PackedPort & { readonly preprocess?: Preprocess };

/** The bytes as the port's own numbers. */
export function viewOf(bytes: Uint8Array, dtype: PortDType): PortArray {
  if (dtype === 'float32') return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  return dtype === 'int8'
    ? new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length)
    : new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

/** clamp(rne(x / scale) + zeroPoint), in float32 as ONNX's QuantizeLinear. */
function quantizer(port: PackedPort): (x: number) => number {
  const scale = Math.fround(port.scale ?? 1);
  const zeroPoint = port.zeroPoint ?? 0;
  return (x) => {
    const quotient = Math.fround(x / scale);
    const floor = Math.floor(quotient);
    const odd = quotient - floor === 0.5 ? floor & 1 : quotient - floor > 0.5 ? 1 : 0;
    return Math.max(-128, Math.min(127, floor + odd + zeroPoint));
  };
}

function perChannel(value: number | readonly number[], channel: number): number {
  return typeof value === 'number' ? value : (value[channel % value.length] as number);
}

/** For each channel, what the 256 stored values become: real numbers, or the port's integers. */
export function storedValueTables(port: ConvertedPort): Float32Array[] {
  const { offset, scale } = port.preprocess ?? { offset: 0, scale: 1 };
  const channels = Math.max(Array.isArray(offset) ? offset.length : 1, Array.isArray(scale) ? scale.length : 1);
  const finish = port.dtype === 'int8' ? quantizer(port) : (x: number) => x;
  return Array.from({ length: channels }, (_, c) =>
    Float32Array.from({ length: 256 }, (_, stored) => finish(Math.fround((stored + perChannel(offset, c)) * perChannel(scale, c)))),
  );
}

const tableCache = new WeakMap<ConvertedPort, Float32Array[]>();

/** Writes `data` into the port: see Session.run for what each array type means. */
export function quantizeInput(data: InputData, port: ConvertedPort, target: PortArray): void {
  if (data instanceof Uint8Array || data instanceof Uint8ClampedArray) {
    let tables = tableCache.get(port);
    if (!tables) tableCache.set(port, (tables = storedValueTables(port)));
    const channels = tables.length;
    // Channels first in memory, [1, C, H, W]: a channel is one plane.
    const plane = port.shape.length > 2 && port.shape.at(-1) !== channels && port.shape[1] === channels ? data.length / channels : 1;
    for (let i = 0; i < data.length; i++)
      target[i] = (tables[Math.floor(i / plane) % channels] as Float32Array)[data[i] as number] as number;
  } else if (data instanceof Float32Array && port.dtype === 'int8') {
    const quantize = quantizer(port);
    for (let i = 0; i < data.length; i++) target[i] = quantize(data[i] as number);
  } else {
    target.set(data);
  }
}

/** Real values of an output; a copy. */
export function dequantize(raw: PortArray, port: PackedPort): Float32Array {
  const { scale, zeroPoint = 0 } = port;
  if (scale === undefined) return Float32Array.from(raw);
  return Float32Array.from(raw, (value) => (value - zeroPoint) * scale);
}
