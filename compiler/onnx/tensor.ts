/** ONNX TensorProto → Tensor. 64-bit integers saturate to int32 (slices use INT64_MAX as "to the end"), float64 and float16 become float32. */
import type { onnx as Onnx } from 'onnx-proto';
import { elementCount, type Tensor, tensor } from '../graph.ts';

/** ONNX TensorProto.DataType names by number (onnx.proto; the newer ones so that messages can name them). */
export const onnxDtypeNames: readonly string[] = [
  'undefined',
  'float',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'double',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'uint4',
  'int4',
  'float4e2m1',
];

const FLOAT = 1,
  UINT8 = 2,
  INT8 = 3,
  UINT16 = 4,
  INT16 = 5,
  INT32 = 6,
  INT64 = 7,
  BOOL = 9,
  FLOAT16 = 10,
  DOUBLE = 11,
  UINT32 = 12,
  UINT64 = 13,
  BFLOAT16 = 16;

/** The dtype that values of this ONNX dtype have inside; undefined when there is none. uint8 data keeps its value in int32. */
export function dtypeOfOnnx(dataType: number): 'float32' | 'int32' | 'int8' | undefined {
  switch (dataType) {
    case FLOAT:
    case FLOAT16:
    case DOUBLE:
    case BFLOAT16:
      return 'float32';
    case INT8:
      return 'int8';
    case UINT8:
    case UINT16:
    case INT16:
    case INT32:
    case INT64:
    case BOOL:
    case UINT32:
    case UINT64:
      return 'int32';
    default:
      return undefined;
  }
}

type LongLike = number | { toNumber(): number };

function saturate(value: LongLike | bigint): number {
  const number = typeof value === 'object' ? value.toNumber() : Number(value);
  return Math.max(-0x80000000, Math.min(0x7fffffff, number));
}

function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function bfloatToFloat(bits: number): number {
  return new Float32Array(new Uint32Array([bits << 16]).buffer)[0] as number;
}

function rawValues(dataType: number, raw: Uint8Array, count: number): ArrayLike<number> {
  // In Node `raw` is a Buffer, whose own slice() would be a view into a shared pool.
  const bytes = new Uint8Array(raw);
  const view = new DataView(bytes.buffer);
  const read = (width: number, get: (offset: number) => number) => Float64Array.from({ length: count }, (_, i) => get(i * width));
  switch (dataType) {
    case FLOAT:
      return new Float32Array(bytes.buffer, 0, count);
    case UINT8:
    case BOOL:
      return bytes;
    case INT8:
      return new Int8Array(bytes.buffer, 0, count);
    case UINT16:
      return read(2, (o) => view.getUint16(o, true));
    case INT16:
      return read(2, (o) => view.getInt16(o, true));
    case INT32:
      return new Int32Array(bytes.buffer, 0, count);
    case UINT32:
      return read(4, (o) => saturate(view.getUint32(o, true)));
    case INT64:
      return read(8, (o) => saturate(view.getBigInt64(o, true)));
    case UINT64:
      return read(8, (o) => saturate(view.getBigUint64(o, true)));
    case FLOAT16:
      return read(2, (o) => halfToFloat(view.getUint16(o, true)));
    case BFLOAT16:
      return read(2, (o) => bfloatToFloat(view.getUint16(o, true)));
    default:
      return read(8, (o) => view.getFloat64(o, true));
  }
}

const rawWidth: Record<number, number> = {
  [FLOAT]: 4,
  [UINT8]: 1,
  [BOOL]: 1,
  [INT8]: 1,
  [UINT16]: 2,
  [INT16]: 2,
  [INT32]: 4,
  [UINT32]: 4,
  [INT64]: 8,
  [UINT64]: 8,
  [FLOAT16]: 2,
  [BFLOAT16]: 2,
  [DOUBLE]: 8,
};

/** @throws Error with the reason when the dtype has no counterpart or the data do not fill the shape. */
export function tensorFromOnnx(proto: Onnx.ITensorProto): Tensor {
  const dataType = proto.dataType ?? 0;
  const dtype = dtypeOfOnnx(dataType);
  const label = onnxDtypeNames[dataType] ?? `number ${dataType}`;
  if (!dtype) throw new Error(`tensor "${proto.name}" has dtype ${label}`);
  if (proto.dataLocation === 1) throw new Error(`tensor "${proto.name}" is stored in an external file`);
  const shape = (proto.dims ?? []).map((dim) => saturate(dim as LongLike));
  const count = elementCount(shape);
  const raw = proto.rawData;
  if (raw?.length) {
    const expected = count * (rawWidth[dataType] as number);
    if (raw.length !== expected)
      throw new Error(`tensor "${proto.name}" holds ${raw.length} bytes, its shape [${shape}] of ${label} needs ${expected}`);
    return tensor(dtype, shape, rawValues(dataType, raw, count));
  }
  let values: ArrayLike<number>;
  if (dataType === FLOAT) values = proto.floatData ?? [];
  else if (dataType === DOUBLE) values = proto.doubleData ?? [];
  else if (dataType === INT64) values = (proto.int64Data ?? []).map((v) => saturate(v as LongLike));
  else if (dataType === UINT64 || dataType === UINT32) values = (proto.uint64Data ?? []).map((v) => saturate(v as LongLike));
  else if (dataType === FLOAT16) values = (proto.int32Data ?? []).map(halfToFloat);
  else if (dataType === BFLOAT16) values = (proto.int32Data ?? []).map(bfloatToFloat);
  else values = proto.int32Data ?? [];
  if (values.length !== count) throw new Error(`tensor "${proto.name}" holds ${values.length} values, its shape [${shape}] needs ${count}`);
  return tensor(dtype, shape, values);
}
