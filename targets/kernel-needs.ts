/** What a model needs of the kernels: its runtime has nothing else. */
import { opcodeNames } from '../compiler/packed/opcode-names.ts';
import type { PackedModel } from '../compiler/packed/read.ts';
import { type PackedRecords, readRecords, type StepRecord, type TensorRecord } from '../compiler/packed/records.ts';
import * as format from '../runtime-as/format.ts';

/**
 * What the int8 convolutions of a model may do without (WITHOUT_… of runtime-as/variant.ts). A build without groups, dilation or pairs
 * (depthwise 3x3 windows in parts among them), without windows (depthwise ones that runtime-as/kernels/depthwise-3x3.ts does not name),
 * without strides (of 2, in those that it has one for), or without clamps (of matrix products, too), refuses models that have them.
 * Without quads, layers whose weights fit that form run in another, and without rows, single pixels run as four, to the same bits.
 */
type ConvolutionPart = 'PAIRS' | 'QUADS' | 'ROWS' | 'GROUPS' | 'DILATION' | 'WINDOWS' | 'STRIDES' | 'CLAMPS';

/**
 * The same of all models. A build without Winograd's minimal filtering runs layers that fit it directly, to the same bits; one without
 * broadcasting, or without int8 sums of fewer than 16 neighbouring channels, refuses models that have them.
 */
export type KernelPart = ConvolutionPart | 'WINOGRAD' | 'BROADCAST' | 'NARROW_SUMS';

/** Bytes of weights of a layer of one pixel from which its own kernel is worth its bytes: about 2 us are saved. */
const ROW_BYTES = 32_768;

export interface KernelNeeds {
  /** Repeats allowed. */
  readonly opcodes: readonly number[];
  readonly without?: readonly KernelPart[];
}

function hasGroups({ opcode, parameters }: StepRecord): boolean {
  return opcode === format.OPCODE_CONV2D_INT8 && parameters[format.CONV_GROUPS] !== 1;
}

function isDilated({ parameters }: StepRecord): boolean {
  return parameters[format.CONV_DILATION_HEIGHT] !== 1 || parameters[format.CONV_DILATION_WIDTH] !== 1;
}

/** By index of the lower limit, which the upper one follows. */
const CLAMPS: Readonly<Record<number, number>> = {
  [format.OPCODE_CONV2D_INT8]: format.CONV_CLAMP_LOW,
  [format.OPCODE_DEPTHWISE_INT8]: format.CONV_CLAMP_LOW,
  [format.OPCODE_MATMUL_INT8]: format.MATMUL_CLAMP_LOW,
};

/** Whether the limits of its int8 output are not those of int8. */
function isClamped({ opcode, parameters }: StepRecord): boolean {
  const low = CLAMPS[opcode];
  return low !== undefined && !(((parameters[low] as number) | 0) === -128 && parameters[low + 1] === 127);
}

/** Of the output. */
function pixelsOf({ parameters }: StepRecord): number {
  const extents = [format.CONV_BATCH, format.CONV_OUT_HEIGHT, format.CONV_OUT_WIDTH];
  return extents.reduce((product, index) => product * (parameters[index] as number), 1);
}

function weightsOf({ operands }: StepRecord, { tensors }: PackedRecords): TensorRecord {
  return tensors[operands[1] as number] as TensorRecord;
}

function fitsQuads(step: StepRecord, records: PackedRecords): boolean {
  return (weightsOf(step, records).promises & format.TENSOR_FITS_QUADS) !== 0;
}

function isLargeRow(step: StepRecord, records: PackedRecords): boolean {
  return step.opcode === format.OPCODE_CONV2D_INT8 && pixelsOf(step) === 1 && weightsOf(step, records).bytes >= ROW_BYTES;
}

/** Which run on the blocks that the file has. */
const BLOCK_OPCODES: readonly number[] = [format.OPCODE_CONV2D_BLOCK1X16_INT8, format.OPCODE_CONV2D_BLOCK16X4_INT8];

function isWinograd(step: StepRecord, records: PackedRecords): boolean {
  const promises = records.tensors[step.operands[1] as number]?.promises ?? 0;
  return !BLOCK_OPCODES.includes(step.opcode) && (promises & format.TENSOR_FITS_WINOGRAD) !== 0;
}

const BROADCAST_OPCODES: readonly number[] = [
  format.OPCODE_ADD_INT8,
  format.OPCODE_MUL_INT8,
  format.OPCODE_PRELU_INT8,
  format.OPCODE_BINARY_FLOAT32,
];

/** Not isOneRow() of runtime-as/kernels/broadcast.ts. */
function isBroadcast({ opcode, parameters }: StepRecord): boolean {
  const ones = [0, 1, 2].map((axis) => format.BROADCAST_DIMENSIONS + axis);
  return (
    BROADCAST_OPCODES.includes(opcode) &&
    [...ones, format.BROADCAST_A_STRIDES + 3, format.BROADCAST_B_STRIDES + 3].some((index) => parameters[index] !== 1)
  );
}

function isNarrowSum({ opcode, parameters }: StepRecord): boolean {
  if (opcode === format.OPCODE_REDUCE_INT8) return (parameters[format.REDUCE_INNER] as number) < 16;
  return opcode === format.OPCODE_AVERAGE_POOL_INT8 && (parameters[format.POOL_CHANNELS] as number) < 16;
}

/** As is3x3() of runtime-as/kernels/depthwise-3x3.ts. */
function is3x3(step: StepRecord): boolean {
  const valueOf = (index: number) => step.parameters[index] as number;
  const isWindow = valueOf(format.CONV_KERNEL_HEIGHT) === 3 && valueOf(format.CONV_KERNEL_WIDTH) === 3;
  return isWindow && !isDilated(step) && valueOf(format.CONV_STRIDE_WIDTH) <= 2 && valueOf(format.CONV_IN_CHANNELS) >= 8;
}

function convolutionsOf({ steps }: PackedRecords): StepRecord[] {
  return steps.filter(({ opcode }) => /^(CONV|DEPTHWISE)/.test(opcodeNames.get(opcode) ?? ''));
}

/** Whether most products of the convolutions are those of weights that fit relaxed dot products on every engine. */
export function fitsRelaxed(model: PackedModel): boolean {
  const records = readRecords(model);
  const convolutions = convolutionsOf(records);
  const fitting = convolutions.filter((step) => fitsQuads(step, records));
  const productsOf = (steps: readonly StepRecord[]) =>
    steps.reduce((sum, step) => sum + pixelsOf(step) * weightsOf(step, records).bytes, 0);
  return productsOf(fitting) > productsOf(convolutions) / 2;
}

/** Undefined where other convolutions share these kernels: they are not looked into. */
function convolutionParts(records: PackedRecords): Readonly<Record<ConvolutionPart, boolean>> | undefined {
  const convolutions = convolutionsOf(records);
  if (convolutions.some(({ opcode }) => opcode !== format.OPCODE_CONV2D_INT8 && opcode !== format.OPCODE_DEPTHWISE_INT8)) return undefined;
  const dense = convolutions.filter(({ opcode }) => opcode === format.OPCODE_CONV2D_INT8);
  const depthwise = convolutions.filter(({ opcode }) => opcode === format.OPCODE_DEPTHWISE_INT8);
  return {
    PAIRS: [...dense, ...depthwise.filter(is3x3)].some((step) => !fitsQuads(step, records)),
    QUADS: dense.some((step) => fitsQuads(step, records)),
    ROWS: convolutions.some((step) => isLargeRow(step, records)),
    GROUPS: convolutions.some(hasGroups),
    DILATION: convolutions.some(isDilated),
    WINDOWS: depthwise.some((step) => !is3x3(step)),
    STRIDES: depthwise.some((step) => is3x3(step) && step.parameters[format.CONV_STRIDE_WIDTH] === 2),
    CLAMPS: records.steps.some(isClamped),
  };
}

export function kernelNeeds(model: PackedModel): KernelNeeds {
  const records = readRecords(model);
  const has: Readonly<Partial<Record<KernelPart, boolean>>> = {
    ...convolutionParts(records),
    WINOGRAD: records.steps.some((step) => isWinograd(step, records)),
    BROADCAST: records.steps.some(isBroadcast),
    NARROW_SUMS: records.steps.some(isNarrowSum),
  };
  return { opcodes: model.opcodes, without: (Object.keys(has) as KernelPart[]).filter((part) => !has[part]) };
}
