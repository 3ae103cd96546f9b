/** The tensor and step records of a packed model, as numbers. */
import * as format from '../../runtime-as/format.ts';
import { InvalidPackedModelError } from '../errors.ts';
import type { PackedModel } from './read.ts';

export interface TensorRecord {
  /** DTYPE_… */
  readonly dtype: number;
  /** REGION_CONSTANTS, the weights among them, or REGION_ARENA. */
  readonly region: number;
  /** From the start of its region. */
  readonly offset: number;
  readonly bytes: number;
  /** PROMISES that hold. */
  readonly promises: number;
}

export interface StepRecord {
  readonly opcode: number;
  /** Offset of the record in the file, and its size. */
  readonly offset: number;
  readonly bytes: number;
  /** Tensor indices; the last one is the output. */
  readonly operands: readonly number[];
  /** Words, unsigned. */
  readonly parameters: readonly number[];
}

export interface PackedRecords {
  readonly tensors: readonly TensorRecord[];
  readonly steps: readonly StepRecord[];
  /** Tensor indices. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Constants and weights. */
  readonly constants: Uint8Array;
  /** HEADER_CRC32 of the file. */
  readonly crc32: number;
}

/** @throws InvalidPackedModelError when a record lies outside the file. */
export function readRecords({ bytes, metadata }: PackedModel): PackedRecords {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (offset: number): number => {
    if (offset + 4 > bytes.length)
      throw new InvalidPackedModelError(`${metadata.name}: a record at byte ${offset} lies outside the file; compile the model again`);
    return view.getUint32(offset, true);
  };
  const words = (offset: number, count: number) => Array.from({ length: count }, (_, i) => word(offset + i * 4));
  const header = (index: number) => word(index * 4);

  const constantsOffset = header(format.HEADER_CONSTANTS_OFFSET);
  const weightsOffset = header(format.HEADER_WEIGHTS_OFFSET);
  const tensors = Array.from({ length: header(format.HEADER_TENSOR_COUNT) }, (_, i) => {
    const record = words(header(format.HEADER_TENSORS_OFFSET) + i * format.TENSOR_WORDS * 4, format.TENSOR_WORDS);
    const kind = record[format.TENSOR_KIND] as number;
    const isWeights = ((kind >>> 8) & 0xff) === format.REGION_WEIGHTS;
    return {
      dtype: kind & 0xff,
      region: isWeights ? format.REGION_CONSTANTS : (kind >>> 8) & 0xff,
      offset: (record[format.TENSOR_OFFSET] as number) + (isWeights ? weightsOffset - constantsOffset : 0),
      bytes: record[format.TENSOR_BYTES] as number,
      promises: kind & format.PROMISES,
    };
  });
  const steps: StepRecord[] = [];
  for (let i = 0, offset = header(format.HEADER_STEPS_OFFSET); i < header(format.HEADER_STEP_COUNT); i++) {
    const first = word(offset);
    const operandCount = (first >>> 8) & 0xff;
    const parameterCount = first >>> 16;
    const size = 4 * (1 + operandCount + parameterCount);
    steps.push({
      opcode: first & 0xff,
      offset,
      bytes: size,
      operands: words(offset + 4 + parameterCount * 4, operandCount),
      parameters: words(offset + 4, parameterCount),
    });
    offset += size;
  }
  const inputCount = header(format.HEADER_INPUT_COUNT);
  const ports = words(header(format.HEADER_PORTS_OFFSET), inputCount + header(format.HEADER_OUTPUT_COUNT));
  return {
    tensors,
    steps,
    inputs: ports.slice(0, inputCount),
    outputs: ports.slice(inputCount),
    constants: bytes.subarray(constantsOffset, weightsOffset + header(format.HEADER_WEIGHTS_BYTES)),
    crc32: header(format.HEADER_CRC32),
  };
}
