/**
 * A part of a step is itself a step: the same opcode over fewer rows, pixels, channels or elements, with its operands
 * moved accordingly. So no kernel knows of threads, and a part gives the bytes that the whole step would have given there.
 */
import {
  BROADCAST_A_STRIDES,
  BROADCAST_B_STRIDES,
  BROADCAST_DIMENSIONS,
  BROADCAST_RANK,
  CONV_BATCH,
  CONV_IN_HEIGHT,
  CONV_IN_WIDTH,
  CONV_OUT_CHANNELS,
  CONV_OUT_HEIGHT,
  CONV_OUT_WIDTH,
  CONV_PAD_TOP,
  CONV_STRIDE_HEIGHT,
  COPY_DIMENSIONS,
  COPY_INPUT_START,
  COPY_INPUT_STRIDES,
  COPY_OUTPUT_START,
  COPY_OUTPUT_STRIDES,
  COPY_RANK,
  MATMUL_A_BATCH,
  MATMUL_BATCH,
  MATMUL_B_BATCH,
  MATMUL_M,
  OPCODE_CONCAT,
  POOL_PAD_TOP,
  POOL_STRIDE_HEIGHT,
  TENSOR_BYTES,
  TENSOR_OFFSET,
  TENSOR_WORDS,
} from "./format";
import {
  ROWS,
  ENTRIES,
  PIXELS,
  CHANNELS,
  ELEMENTS,
  MATRICES,
  BROADCAST,
  COPIES,
  isPool,
  isResize,
  kindOf,
  entries,
  unitEntries,
  outermost,
  elementBytes,
  outHeightParameter,
} from "./split";
import { opcodeOf, operandCount, parameter, parameterAddress, word } from "./step";

// @ts-ignore: decorator
@inline
function setParameter(step: usize, index: i32, value: i32): void {
  store<i32>(parameterAddress(step, index), value);
}

/** Moves a tensor record by `first` entries of `entryBytes` and leaves it `count` of them. */
function narrowTensor(tensors: usize, operand: i32, first: i32, count: i32, entryBytes: i32): void {
  const record = tensors + <usize>operand * (TENSOR_WORDS * 4);
  store<i32>(record + TENSOR_OFFSET * 4, word(record, TENSOR_OFFSET) + first * entryBytes);
  store<i32>(record + TENSOR_BYTES * 4, count * entryBytes);
}

/** The same for an operand that consists of `total` entries. */
function narrowOperand(tensors: usize, operand: i32, first: i32, count: i32, total: i32): void {
  narrowTensor(tensors, operand, first, count, word(tensors + <usize>operand * (TENSOR_WORDS * 4), TENSOR_BYTES) / total);
}

/**
 * Makes `part` the units first … last - 1 of a step.
 * @param part a copy of the step's record, whose operands are the records at `tensors`
 * @param tensors copies of the operands' records
 */
export function narrowStep(step: usize, context: usize, part: usize, tensors: usize, firstUnit: i32, lastUnit: i32): void {
  const total = entries(step, context);
  const unit = unitEntries(step, context);
  const first = firstUnit * unit;
  const count = (lastUnit == total / unit ? total : lastUnit * unit) - first;
  const y = operandCount(step) - 1;
  switch (kindOf(step)) {
    case ROWS: narrowRows(step, part, tensors, first, count, total); return;
    case ENTRIES: narrowEntries(step, part, tensors, first, count, total); return;
    case PIXELS:
      setParameter(part, CONV_BATCH, 1);
      setParameter(part, CONV_IN_HEIGHT, 1);
      setParameter(part, CONV_OUT_HEIGHT, 1);
      setParameter(part, CONV_IN_WIDTH, count);
      setParameter(part, CONV_OUT_WIDTH, count);
      narrowOperand(tensors, 0, first, count, total);
      narrowOperand(tensors, y, first, count, total);
      return;
    case CHANNELS:
      setParameter(part, CONV_OUT_CHANNELS, count);
      // Weights, bias, int8 multipliers and y have one entry per channel.
      for (let i = 1; i <= y; i++) narrowOperand(tensors, i, first, count, total);
      return;
    case ELEMENTS:
      narrowOperand(tensors, 0, first, count, total);
      narrowOperand(tensors, y, first, count, total);
      return;
    case MATRICES: narrowMatrices(step, part, tensors, first, count, total); return;
    case BROADCAST: {
      const axis = outermost(step, BROADCAST_DIMENSIONS, BROADCAST_RANK);
      setParameter(part, BROADCAST_DIMENSIONS + axis, count);
      narrowTensor(tensors, 0, first, count, parameter(step, BROADCAST_A_STRIDES + axis) * elementBytes(step, context, 0));
      narrowTensor(tensors, 1, first, count, parameter(step, BROADCAST_B_STRIDES + axis) * elementBytes(step, context, 1));
      narrowOperand(tensors, 2, first, count, total);
      return;
    }
    case COPIES: {
      const axis = outermost(step, COPY_DIMENSIONS, COPY_RANK);
      setParameter(part, COPY_DIMENSIONS + axis, count);
      setParameter(part, COPY_INPUT_START, parameter(step, COPY_INPUT_START) + first * parameter(step, COPY_INPUT_STRIDES + axis));
      setParameter(part, COPY_OUTPUT_START, parameter(step, COPY_OUTPUT_START) + first * parameter(step, COPY_OUTPUT_STRIDES + axis));
    }
  }
}

/** Operands x · (RESIZE: tables with an entry per row, as many with one per column) · (weights …) · y. */
function narrowRows(step: usize, part: usize, tensors: usize, first: i32, count: i32, total: i32): void {
  setParameter(part, outHeightParameter(step), count);
  narrowOperand(tensors, operandCount(step) - 1, first, count, total);
  if (isResize(step)) {
    const rowTables = (operandCount(step) - 2) >> 1;
    for (let i = 1; i <= rowTables; i++) narrowOperand(tensors, i, first, count, total);
  } else if (isPool(step)) {
    setParameter(part, POOL_PAD_TOP, parameter(step, POOL_PAD_TOP) - first * parameter(step, POOL_STRIDE_HEIGHT));
  } else {
    setParameter(part, CONV_PAD_TOP, parameter(step, CONV_PAD_TOP) - first * parameter(step, CONV_STRIDE_HEIGHT));
  }
}

/** Operands x · constants that all entries share · y; CONCAT: x0 … · y. The divided extent is the first parameter. */
function narrowEntries(step: usize, part: usize, tensors: usize, first: i32, count: i32, total: i32): void {
  const y = operandCount(step) - 1;
  setParameter(part, 0, count);
  narrowOperand(tensors, 0, first, count, total);
  narrowOperand(tensors, y, first, count, total);
  if (opcodeOf(step) == OPCODE_CONCAT) for (let i = 1; i < y; i++) narrowOperand(tensors, i, first, count, total);
}

/** Batches, or rows of a single product. */
function narrowMatrices(step: usize, part: usize, tensors: usize, first: i32, count: i32, total: i32): void {
  narrowOperand(tensors, 2, first, count, total);
  if (parameter(step, MATMUL_BATCH) == 1) {
    setParameter(part, MATMUL_M, count);
    narrowOperand(tensors, 0, first, count, total);
    return;
  }
  setParameter(part, MATMUL_BATCH, count);
  // A matrix that all batches share stays where it is; with one batch left its count must be that batch's.
  if (parameter(step, MATMUL_A_BATCH) > 1) {
    setParameter(part, MATMUL_A_BATCH, count);
    narrowOperand(tensors, 0, first, count, total);
  }
  if (parameter(step, MATMUL_B_BATCH) > 1) {
    setParameter(part, MATMUL_B_BATCH, count);
    narrowOperand(tensors, 1, first, count, total);
  }
}
