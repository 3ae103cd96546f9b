/** The sections of constants and of weights: equal tensors once. */
import { crc32 } from 'node:zlib';
import * as format from '../../runtime-as/format.ts';
import type { ExecutionPlan } from '../plan/plan.ts';

/** Convolutions whose weights, biases and multipliers become others before the first inference, in builds with SIMD. */
export const preparedOpcodes: ReadonlySet<number> = new Set([
  format.OPCODE_CONV2D_INT8,
  format.OPCODE_CONV2D_FLOAT32,
  format.OPCODE_CONV2D_FLOAT16,
  format.OPCODE_DEPTHWISE_INT8,
  format.OPCODE_CONV2D_CSR16_INT8,
  format.OPCODE_CONV2D_CSR8_INT8,
  format.OPCODE_CONV2D_BITMAP_INT8,
  format.OPCODE_CONV2D_BLOCK1X16_INT8,
  format.OPCODE_CONV2D_BLOCK16X4_INT8,
  format.OPCODE_CONV2D_NIBBLES_INT8,
  format.OPCODE_CONV2D_CODEBOOK_INT8,
]);

export interface Place {
  /** REGION_CONSTANTS or REGION_WEIGHTS. */
  readonly region: number;
  readonly offset: number;
}

export interface Constants {
  /** By tensor index. */
  readonly places: ReadonlyMap<number, Place>;
  /** The sections. */
  readonly constants: Uint8Array;
  readonly weights: Uint8Array;
}

function equals(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** The bytes of every constant by tensor index; equal ones are the same array. */
function distinctConstants({ tensors }: ExecutionPlan): Map<number, Uint8Array> {
  const constants = new Map<number, Uint8Array>();
  const seen = new Map<string, Uint8Array>();
  tensors.forEach(({ constant }, index) => {
    if (!constant) return;
    const bytes = new Uint8Array(constant.buffer, constant.byteOffset, constant.byteLength);
    const key = `${bytes.length}:${crc32(bytes)}`;
    const earlier = seen.get(key);
    constants.set(index, earlier && equals(earlier, bytes) ? earlier : bytes);
    if (!earlier) seen.set(key, bytes);
  });
  return constants;
}

/**
 * Those that are read by one step only, which prepares them, in the order in which it does. With its weights in the constants, a step
 * has nothing in the section of weights.
 */
function weightsOf({ steps, outputs }: ExecutionPlan, constants: ReadonlyMap<number, Uint8Array>): Set<Uint8Array> {
  const reads = new Map<Uint8Array, number>();
  for (const index of [...steps.flatMap(({ operands }) => operands), ...outputs]) {
    const bytes = constants.get(index);
    if (bytes) reads.set(bytes, (reads.get(bytes) ?? 0) + 1);
  }
  const isOwn = (index: number | undefined) => reads.get(constants.get(index as number) as Uint8Array) === 1;
  const own = steps.flatMap(({ opcode, operands }) =>
    preparedOpcodes.has(opcode) && isOwn(operands[1]) ? operands.slice(1, -1).filter(isOwn) : [],
  );
  return new Set(own.map((index) => constants.get(index) as Uint8Array));
}

/** The first multiple of `alignment` bytes from `offset` on. */
export function align(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}

/** Where a tensor of so many bytes may begin, from `end` on: one of SECTION_ALIGNMENT bytes or more is aligned to as many, others to 4. */
export function alignTensor(end: number, bytes: number): number {
  return align(end, bytes >= format.SECTION_ALIGNMENT ? format.SECTION_ALIGNMENT : 4);
}

/** One after the other. @returns the bytes, and where each begins */
function layOut(pieces: Iterable<Uint8Array>): { section: Uint8Array; offsets: ReadonlyMap<Uint8Array, number> } {
  const offsets = new Map<Uint8Array, number>();
  let end = 0;
  for (const bytes of pieces) {
    const offset = alignTensor(end, bytes.length);
    offsets.set(bytes, offset);
    end = offset + bytes.length;
  }
  const section = new Uint8Array(end);
  for (const [bytes, offset] of offsets) section.set(bytes, offset);
  return { section, offsets };
}

export function layOutConstants(plan: ExecutionPlan): Constants {
  const all = distinctConstants(plan);
  const preparedOnce = weightsOf(plan, all);
  const constants = layOut(new Set([...all.values()].filter((bytes) => !preparedOnce.has(bytes))));
  const weights = layOut(preparedOnce);
  const placeOf = (bytes: Uint8Array): Place => {
    const offset = weights.offsets.get(bytes);
    if (offset !== undefined) return { region: format.REGION_WEIGHTS, offset };
    return { region: format.REGION_CONSTANTS, offset: constants.offsets.get(bytes) as number };
  };
  const places = new Map([...all].map(([index, bytes]) => [index, placeOf(bytes)]));
  return { places, constants: constants.section, weights: weights.section };
}
