/** The metadata section of a packed model: what a host needs to feed it and to explain it. */
import { type Graph, type Port, type PortDType, valueOf } from '../graph.ts';

export interface PackedPort {
  readonly name: string;
  readonly dtype: PortDType;
  /** Shape of the bytes in memory. */
  readonly shape: readonly number[];
  /** int8: real = scale · (integer - zeroPoint). */
  readonly scale?: number;
  readonly zeroPoint?: number;
  /** `shape[i] = onnxShape[permutation[i]]`, where the model's own order is another one (channels first). */
  readonly permutation?: readonly number[];
}

/** real input = (stored + offset) · scale, per channel where a list. */
export interface Preprocess {
  readonly offset: number | readonly number[];
  readonly scale: number | readonly number[];
}

export interface PackedMetadata {
  readonly name: string;
  readonly inputs: readonly PackedPort[];
  readonly outputs: readonly PackedPort[];
  /** Node name of each step, for reports. */
  readonly steps: readonly string[];
  readonly labels?: readonly string[];
  readonly preprocess?: Preprocess;
  /** Nodes that stayed float32, and why. */
  readonly floatIslands?: readonly { readonly node: string; readonly operator: string; readonly reason: string }[];
  /** Where the file came from: tool version, SHA-256 of the source model and of the calibration samples, options. */
  readonly provenance?: Readonly<Record<string, string | number>>;
}

/** What a host must know of one input or output. */
export function packedPort(graph: Graph, { name, value, permutation }: Port): PackedPort {
  const { dtype, shape, quantization } = valueOf(graph, value).type;
  const scale = quantization?.scale[0];
  if (dtype === 'float16' || dtype === 'int16') throw new Error(`${name} is ${dtype}: hosts exchange float32, int8 and int32`);
  const isInt8 = dtype === 'int8' && quantization && scale !== undefined;
  return {
    name,
    dtype,
    shape,
    ...(isInt8 && { scale, zeroPoint: quantization.zeroPoint }),
    ...(permutation && { permutation }),
  };
}
