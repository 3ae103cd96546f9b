/** One step of a packed model, or some rows of its output, as a packed model of its own: for boards that cannot hold the whole. */
import { byteLength, dtypeBytes, type TensorType, type TypedArray } from '../../compiler/graph.ts';
import { type PackedModel, readPackedModel } from '../../compiler/packed/read.ts';
import type { PackedRecords, StepRecord, TensorRecord } from '../../compiler/packed/records.ts';
import { dtypeCodes, writePackedModel } from '../../compiler/packed/write.ts';
import type { PlannedTensor } from '../../compiler/plan/plan.ts';
import * as format from '../../runtime-as/format.ts';

/** A part of a tensor's bytes. */
export interface Slice {
  /** Index in the whole model. */
  readonly tensor: number;
  readonly first: number;
  readonly bytes: number;
}

export interface Tile {
  /** One step; its inputs are the slices, in this order. */
  readonly model: PackedModel;
  readonly inputs: readonly Slice[];
  readonly output: Slice;
}

const convolutions: readonly number[] = [
  format.OPCODE_CONV2D_INT8,
  format.OPCODE_CONV2D_FLOAT32,
  format.OPCODE_DEPTHWISE_INT8,
  format.OPCODE_DEPTHWISE_FLOAT32,
];

/** Into how many rows the step's output can be cut: 1 where it cannot. */
export function rowsOf({ opcode, parameters }: StepRecord): number {
  const isOneImage = parameters[format.CONV_BATCH] === 1;
  return convolutions.includes(opcode) && isOneImage ? (parameters[format.CONV_OUT_HEIGHT] as number) : 1;
}

/** The rows [first, last) of a convolution: parameters, and which rows of its input they need. */
function cutRows(parameters: readonly number[], first: number, last: number) {
  const at = (index: number) => parameters[index] as number;
  const start = first * at(format.CONV_STRIDE_HEIGHT) - at(format.CONV_PAD_TOP);
  const end = (last - 1) * at(format.CONV_STRIDE_HEIGHT) - at(format.CONV_PAD_TOP);
  const lastRow = end + (at(format.CONV_KERNEL_HEIGHT) - 1) * at(format.CONV_DILATION_HEIGHT);
  const from = Math.min(Math.max(0, start), at(format.CONV_IN_HEIGHT) - 1);
  const to = Math.max(from + 1, Math.min(at(format.CONV_IN_HEIGHT), lastRow + 1));
  const cut = [...parameters];
  cut[format.CONV_IN_HEIGHT] = to - from;
  cut[format.CONV_OUT_HEIGHT] = last - first;
  cut[format.CONV_PAD_TOP] = from - start;
  return { cut, from, to };
}

const dtypes = Object.fromEntries(Object.entries(dtypeCodes).map(([name, code]) => [code, name])) as Record<number, TensorType['dtype']>;

function align(offset: number): number {
  return Math.ceil(offset / format.SECTION_ALIGNMENT) * format.SECTION_ALIGNMENT;
}

/** The constant's bytes as the writer takes them. */
function constantOf({ constants }: PackedRecords, { offset, bytes }: TensorRecord): TypedArray {
  return new Int8Array(constants.slice(offset, offset + bytes).buffer);
}

/**
 * @param rows [first, last) of the output; all of them for steps that cannot be cut
 */
export function cutTile(name: string, records: PackedRecords, step: StepRecord, [first, last]: readonly [number, number]): Tile {
  const rows = rowsOf(step);
  const { cut, from, to } = rows > 1 ? cutRows(step.parameters, first, last) : { cut: step.parameters, from: 0, to: 1 };
  const tensors: PlannedTensor[] = [];
  const inputs: Slice[] = [];
  const operands: number[] = [];
  let arenaBytes = 0;
  const output = step.operands.length - 1;
  const place = (tensor: number, slice: Slice) => {
    const { dtype } = records.tensors[tensor] as TensorRecord;
    const type: TensorType = {
      dtype: dtypes[dtype] as TensorType['dtype'],
      shape: [slice.bytes / dtypeBytes(dtypes[dtype] as TensorType['dtype'])],
    };
    tensors.push({ name: `t${tensor}`, type, offset: arenaBytes });
    arenaBytes = align(arenaBytes + slice.bytes);
    return tensors.length - 1;
  };
  let outputSlice: Slice | undefined;
  step.operands.forEach((tensor, i) => {
    const record = records.tensors[tensor] as TensorRecord;
    const known = step.operands.indexOf(tensor);
    if (i !== output && known < i) {
      operands.push(operands[known] as number);
    } else if (record.region === format.REGION_CONSTANTS) {
      const type: TensorType = {
        dtype: dtypes[record.dtype] as TensorType['dtype'],
        shape: [record.bytes / dtypeBytes(dtypes[record.dtype] as TensorType['dtype'])],
      };
      tensors.push({ name: `t${tensor}`, type, constant: constantOf(records, record), offset: 0 });
      operands.push(tensors.length - 1);
    } else {
      const [begin, end, count] =
        i === output ? [first, last, rows] : [from, to, rows > 1 ? (step.parameters[format.CONV_IN_HEIGHT] as number) : 1];
      const rowBytes = record.bytes / count;
      const slice = { tensor, first: begin * rowBytes, bytes: (end - begin) * rowBytes };
      operands.push(place(tensor, slice));
      if (i === output) outputSlice = slice;
      else inputs.push(slice);
    }
  });
  const inputIndices = [...new Set(operands.slice(0, -1))].filter((index) => !(tensors[index] as PlannedTensor).constant);
  const planned = { opcode: step.opcode, operands, parameters: cut, node: name };
  const port = (index: number) => {
    const { name: portName, type } = tensors[index] as PlannedTensor;
    return { name: portName, dtype: 'int8' as const, shape: [byteLength(type)] };
  };
  const plan = {
    tensors,
    steps: [planned],
    inputs: inputIndices,
    outputs: [operands.at(-1) as number],
    arenaBytes,
    arenaLowerBound: arenaBytes,
    lifetimes: [],
  };
  const metadata = { name, inputs: inputIndices.map(port), outputs: plan.outputs.map(port), steps: [name] };
  return { model: readPackedModel(writePackedModel(plan, metadata), name), inputs, output: outputSlice as Slice };
}
