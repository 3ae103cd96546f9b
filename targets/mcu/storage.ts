/** The second half of a board image: the constants that its kernels read in place, and the prepared weights. */

import { align, alignTensor } from '../../compiler/packed/constants.ts';
import type { PackedRecords, TensorRecord } from '../../compiler/packed/records.ts';
import * as format from '../../runtime-as/format.ts';
import type { PreparedStep } from './prepare.ts';

/** Bytes of the image that belong to something that has a name. */
export interface ImagePart {
  readonly offset: number;
  readonly bytes: number;
  /** The step that reads it first; the number of steps: an output that no step reads. */
  readonly step: number;
  /** `prepared`, or the operand's index. */
  readonly content: 'prepared' | number;
}

export interface Storage {
  /** Offsets count from the start of the storage. */
  readonly parts: readonly ImagePart[];
  readonly bytes: Uint8Array;
  /** Offset of a constant of the packed model; it must be one that is read. */
  placeOf(tensor: TensorRecord): number;
  /** Per step; undefined: nothing is prepared. */
  readonly prepared: readonly (number | undefined)[];
}

export function layOutStorage({ tensors, steps, outputs, constants }: PackedRecords, prepared: readonly PreparedStep[]): Storage {
  const pieces: { part: ImagePart; data: Uint8Array }[] = [];
  const places = new Map<string, number>();
  const keyOf = ({ offset, bytes }: TensorRecord) => `${offset}:${bytes}`;
  let end = 0;
  const add = (data: Uint8Array, step: number, content: ImagePart['content']): number => {
    const offset = alignTensor(end, data.length);
    pieces.push({ part: { offset, bytes: data.length, step, content }, data });
    end = offset + data.length;
    return offset;
  };
  const addConstant = (index: number, step: number, operand: number) => {
    const tensor = tensors[index] as TensorRecord;
    if (tensor.region !== format.REGION_CONSTANTS || places.has(keyOf(tensor))) return;
    places.set(keyOf(tensor), add(constants.subarray(tensor.offset, tensor.offset + tensor.bytes), step, operand));
  };
  const preparedOffsets = steps.map(({ operands }, i) => {
    const { prepared: data, replaced } = prepared[i] as PreparedStep;
    const offset = data.length ? add(data, i, 'prepared') : undefined;
    operands.forEach((index, operand) => {
      if (!replaced.has(operand)) addConstant(index, i, operand);
    });
    return offset;
  });
  for (const index of outputs) addConstant(index, steps.length, 0);

  const bytes = new Uint8Array(align(end, 4));
  for (const { part, data } of pieces) bytes.set(data, part.offset);
  const placeOf = (tensor: TensorRecord) => places.get(keyOf(tensor)) as number;
  return { parts: pieces.map(({ part }) => part), bytes, placeOf, prepared: preparedOffsets };
}
