/** Packed model → board image (runtime-as/board-image.ts): what a microcontroller keeps in flash. Same model, same bytes. */
import { crc32 } from 'node:zlib';
import { align } from '../../compiler/packed/constants.ts';
import type { PackedPort } from '../../compiler/packed/metadata.ts';
import type { PackedModel } from '../../compiler/packed/read.ts';
import { type PackedRecords, readRecords, type TensorRecord } from '../../compiler/packed/records.ts';
import * as boardImage from '../../runtime-as/board-image.ts';
import * as format from '../../runtime-as/format.ts';
import { type PreparedStep, prepareSteps } from './prepare.ts';
import { type ImagePart, layOutStorage, type Storage } from './storage.ts';
import { type Vocabulary, vocabularyCodes } from './vocabulary.ts';

export interface ImageStep {
  /** Name of the graph's node. */
  readonly name: string;
  readonly opcode: number;
  /** Offset of the record that the kernel is given. */
  readonly recordOffset: number;
  /** 0: none. */
  readonly preparedOffset: number;
  readonly workspaceBytes: number;
}

export interface BoardImage {
  readonly bytes: Uint8Array;
  readonly vocabulary: Vocabulary;
  readonly arenaBytes: number;
  /** Largest of all steps; it lies behind the arena. */
  readonly workspaceBytes: number;
  readonly steps: readonly ImageStep[];
  /** Constants and prepared weights, in the order of the image. */
  readonly parts: readonly ImagePart[];
  /** Bytes of the weights, biases, multipliers and tables in the packed model: no image can do with less. */
  readonly payloadBytes: number;
}

/** Tensor records, each once. */
class TensorTable {
  readonly words: number[] = [];
  private readonly indices = new Map<string, number>();

  /** Index of the record. */
  add({ dtype, region, bytes }: TensorRecord, offset: number): number {
    const record = new Array<number>(format.TENSOR_WORDS).fill(0);
    record[format.TENSOR_KIND] = dtype | (region << 8);
    record[format.TENSOR_OFFSET] = offset;
    record[format.TENSOR_BYTES] = bytes;
    const key = record.join(' ');
    const known = this.indices.get(key);
    if (known !== undefined) return known;
    const index = this.words.length / format.TENSOR_WORDS;
    this.indices.set(key, index);
    this.words.push(...record);
    return index;
  }
}

function float32Bits(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0] as number;
}

interface Words {
  readonly tensors: readonly number[];
  readonly ports: readonly number[];
  readonly steps: readonly number[];
}

/** The words between header and storage, when the storage lies at `start`; their number does not depend on it. */
function recordWords(
  records: PackedRecords,
  model: PackedModel,
  prepared: readonly PreparedStep[],
  storage: Storage,
  start: number,
): Words {
  const table = new TensorTable();
  const indexOf = (index: number): number => {
    const tensor = records.tensors[index] as TensorRecord;
    return table.add(tensor, tensor.region === format.REGION_CONSTANTS ? start + storage.placeOf(tensor) : tensor.offset);
  };
  const port = (index: number, { scale = 1, zeroPoint = 0 }: Partial<PackedPort> = {}) => {
    const words = new Array<number>(boardImage.PORT_WORDS).fill(0);
    words[boardImage.PORT_TENSOR] = indexOf(index);
    words[boardImage.PORT_SCALE_F32] = float32Bits(scale);
    words[boardImage.PORT_ZERO_POINT] = zeroPoint >>> 0;
    return words;
  };
  const { inputs, outputs } = model.metadata;
  const ports = [
    ...records.inputs.flatMap((index, i) => port(index, inputs[i])),
    ...records.outputs.flatMap((index, i) => port(index, outputs[i])),
  ];
  const steps = records.steps.flatMap(({ opcode, operands, parameters }, i) => {
    const place = storage.prepared[i];
    return [
      place === undefined ? 0 : start + place,
      (opcode | (operands.length << 8) | (parameters.length << 16)) >>> 0,
      ...parameters,
      // A replaced operand is not read: any record does.
      ...operands.map((index, operand) => (prepared[i]?.replaced.has(operand) ? 0 : indexOf(index))),
    ];
  });
  return { tensors: table.words, ports, steps };
}

/** @throws InvalidPackedModelError when the runtime refuses the model. */
export async function writeBoardImage(model: PackedModel, vocabulary: Vocabulary): Promise<BoardImage> {
  const records = readRecords(model);
  const prepared = await prepareSteps(model, records.steps, vocabulary);
  const storage = layOutStorage(records, prepared);
  const sizes = recordWords(records, model, prepared, storage, 0);
  const tensorsOffset = boardImage.IMAGE_HEADER_WORDS * 4;
  const stepsOffset = tensorsOffset + (sizes.tensors.length + sizes.ports.length) * 4;
  const start = align(stepsOffset + sizes.steps.length * 4, format.SECTION_ALIGNMENT);
  const words = recordWords(records, model, prepared, storage, start);

  const arenaBytes = align(model.arenaBytes, format.SECTION_ALIGNMENT);
  const workspaceBytes = align(Math.max(0, ...prepared.map((step) => step.workspaceBytes)), format.SECTION_ALIGNMENT);
  const header = new Array<number>(boardImage.IMAGE_HEADER_WORDS).fill(0);
  header[boardImage.IMAGE_HEADER_MAGIC] = boardImage.IMAGE_MAGIC;
  header[boardImage.IMAGE_HEADER_VERSION] = boardImage.IMAGE_VERSION;
  header[boardImage.IMAGE_BYTES] = start + storage.bytes.length;
  header[boardImage.IMAGE_VOCABULARY] = vocabularyCodes[vocabulary];
  header[boardImage.IMAGE_PACKED_CRC32] = records.crc32;
  header[boardImage.IMAGE_ARENA_BYTES] = arenaBytes;
  header[boardImage.IMAGE_WORKSPACE_BYTES] = workspaceBytes;
  header[boardImage.IMAGE_TENSOR_COUNT] = words.tensors.length / format.TENSOR_WORDS;
  header[boardImage.IMAGE_INPUT_COUNT] = records.inputs.length;
  header[boardImage.IMAGE_OUTPUT_COUNT] = records.outputs.length;
  header[boardImage.IMAGE_STEP_COUNT] = records.steps.length;

  const bytes = new Uint8Array(start + storage.bytes.length);
  const view = new DataView(bytes.buffer);
  [...header, ...words.tensors, ...words.ports, ...words.steps].forEach((word, i) => view.setUint32(i * 4, word, true));
  bytes.set(storage.bytes, start);
  view.setUint32(boardImage.IMAGE_CRC32 * 4, crc32(bytes.subarray((boardImage.IMAGE_CRC32 + 1) * 4)), true);

  let at = stepsOffset;
  const steps = records.steps.map(({ opcode, bytes: recordBytes }, i) => {
    const recordOffset = at + boardImage.STEP_PREFIX_WORDS * 4;
    at = recordOffset + recordBytes;
    const place = storage.prepared[i];
    return {
      name: model.metadata.steps[i] ?? `step ${i}`,
      opcode,
      recordOffset,
      preparedOffset: place === undefined ? 0 : start + place,
      workspaceBytes: (prepared[i] as PreparedStep).workspaceBytes,
    };
  });
  const parts = storage.parts.map((part) => ({ ...part, offset: start + part.offset }));
  return { bytes, vocabulary, arenaBytes, workspaceBytes, steps, parts, payloadBytes: records.constants.length };
}
