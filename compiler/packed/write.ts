/** ExecutionPlan + metadata → bytes of a packed model (runtime-as/format.ts). Same plan, same bytes. */
import { crc32 } from 'node:zlib';
import * as format from '../../runtime-as/format.ts';
import type { DType } from '../graph.ts';
import { type ExecutionPlan, plannedBytes } from '../plan/plan.ts';
import { align, layOutConstants } from './constants.ts';
import type { PackedMetadata } from './metadata.ts';

export const dtypeCodes: Readonly<Record<DType, number>> = {
  float32: format.DTYPE_FLOAT32,
  int8: format.DTYPE_INT8,
  int32: format.DTYPE_INT32,
  float16: format.DTYPE_FLOAT16,
  int16: format.DTYPE_INT16,
};

function stepWords(plan: ExecutionPlan): number[] {
  return plan.steps.flatMap(({ opcode, operands, parameters }) => [
    (opcode | (operands.length << 8) | (parameters.length << 16)) >>> 0,
    ...parameters.map((word) => word >>> 0),
    ...operands,
  ]);
}

/** The bytes of the model file. */
export function writePackedModel(plan: ExecutionPlan, metadata: PackedMetadata): Uint8Array {
  const constants = layOutConstants(plan);
  const tensors = plan.tensors.flatMap((planned, index) => [
    dtypeCodes[planned.type.dtype] | ((constants.places.get(index)?.region ?? format.REGION_ARENA) << 8) | (planned.promises ?? 0),
    constants.places.get(index)?.offset ?? planned.offset,
    plannedBytes(planned),
  ]);
  const ports = [...plan.inputs, ...plan.outputs];
  const steps = stepWords(plan);
  const json = new TextEncoder().encode(JSON.stringify(metadata));

  const tensorsOffset = align(format.HEADER_WORDS * 4, format.SECTION_ALIGNMENT);
  const portsOffset = tensorsOffset + tensors.length * 4;
  const stepsOffset = portsOffset + ports.length * 4;
  const metadataOffset = stepsOffset + steps.length * 4;
  const constantsOffset = align(metadataOffset + json.length, format.SECTION_ALIGNMENT);
  const weightsOffset = align(constantsOffset + constants.constants.length, format.SECTION_ALIGNMENT);
  const fileBytes = weightsOffset + constants.weights.length;

  const file = new Uint8Array(fileBytes);
  const view = new DataView(file.buffer);
  const put = (offset: number, words: readonly number[]) => words.forEach((word, i) => view.setUint32(offset + i * 4, word, true));
  put(tensorsOffset, tensors);
  put(portsOffset, ports);
  put(stepsOffset, steps);
  file.set(json, metadataOffset);
  file.set(constants.constants, constantsOffset);
  file.set(constants.weights, weightsOffset);

  const header = new Array<number>(format.HEADER_WORDS).fill(0);
  header[format.HEADER_MAGIC] = format.FORMAT_MAGIC;
  header[format.HEADER_VERSION] = format.FORMAT_VERSION;
  header[format.HEADER_FILE_BYTES] = fileBytes;
  header[format.HEADER_ARENA_BYTES] = plan.arenaBytes;
  header[format.HEADER_TENSOR_COUNT] = plan.tensors.length;
  header[format.HEADER_TENSORS_OFFSET] = tensorsOffset;
  header[format.HEADER_INPUT_COUNT] = plan.inputs.length;
  header[format.HEADER_OUTPUT_COUNT] = plan.outputs.length;
  header[format.HEADER_PORTS_OFFSET] = portsOffset;
  header[format.HEADER_STEP_COUNT] = plan.steps.length;
  header[format.HEADER_STEPS_OFFSET] = stepsOffset;
  header[format.HEADER_STEPS_BYTES] = steps.length * 4;
  header[format.HEADER_CONSTANTS_OFFSET] = constantsOffset;
  header[format.HEADER_CONSTANTS_BYTES] = constants.constants.length;
  header[format.HEADER_WEIGHTS_OFFSET] = weightsOffset;
  header[format.HEADER_WEIGHTS_BYTES] = constants.weights.length;
  header[format.HEADER_METADATA_OFFSET] = metadataOffset;
  header[format.HEADER_METADATA_BYTES] = json.length;
  put(0, header);
  view.setUint32(format.HEADER_CRC32 * 4, crc32(file.subarray((format.HEADER_CRC32 + 1) * 4)), true);
  return file;
}
