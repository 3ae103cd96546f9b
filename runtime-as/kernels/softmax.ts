/** SOFTMAX: x [outer, length, inner] → y of the same shape, whose elements along `length` add up to 1. */
import {
  DTYPE_FLOAT32,
  DTYPE_INT32,
  DTYPE_INT8,
  REDUCE_INNER,
  REDUCE_LENGTH,
  REDUCE_OUTER,
  REGION_CONSTANTS,
  SOFTMAX_FLOAT32_PARAMETERS,
  SOFTMAX_INT8_PARAMETERS,
  SOFTMAX_LOG,
} from "../format";
import { extent, hasShape, holds, isBetween } from "../check";
import { maxRowFloat32 } from "../microkernels/reduce-row";
import { exp, log } from "../microkernels/transcendental";
import { operandAddress, operandRegion, parameter } from "../step";

const TABLE_ENTRIES: i32 = 256;
/** 256 · entry + sum / 2 stays below 2^32. */
const LARGEST_ENTRY: u32 = 1 << 23;

export function checkSoftmaxInt8(step: usize, context: usize): bool {
  const elements = extent(step, REDUCE_OUTER, 3);
  return (
    hasShape(step, 3, SOFTMAX_INT8_PARAMETERS) &&
    holds(step, context, 0, DTYPE_INT8, elements, 1) &
    holds(step, context, 1, DTYPE_INT32, TABLE_ENTRIES, 4) &
    holds(step, context, 2, DTYPE_INT8, elements, 1) &
    (operandRegion(step, context, 1) == REGION_CONSTANTS) &&
    isExponentialTable(operandAddress(step, context, 1), parameter(step, REDUCE_LENGTH))
  );
}

/** Whether no sum of `length` entries, the first among them, is 0 or overflows 32 bits. */
function isExponentialTable(table: usize, length: i32): bool {
  const first = load<u32>(table);
  if (first == 0 || first > LARGEST_ENTRY || <u64>first * <u64>length > <u64>u32.MAX_VALUE) return false;
  for (let i = 1; i < TABLE_ENTRIES; i++) {
    if (load<u32>(table + ((<usize>i) << 2)) > first) return false;
  }
  return true;
}

export function runSoftmaxInt8(step: usize, context: usize, prepared: usize): void {
  const outer = parameter(step, REDUCE_OUTER);
  const length = parameter(step, REDUCE_LENGTH);
  const inner = parameter(step, REDUCE_INNER);
  const table = operandAddress(step, context, 1);
  let x = operandAddress(step, context, 0);
  let y = operandAddress(step, context, 2);
  const blockBytes = <usize>length * inner;
  for (let o = 0; o < outer; o++, x += blockBytes, y += blockBytes) {
    for (let i = 0; i < inner; i++) softmaxColumnInt8(x + i, y + i, blockBytes, inner, table);
  }
}

/** One column of `bytes` bytes with its elements `stride` apart. @param table e^-d of the distance d to the maximum */
function softmaxColumnInt8(x: usize, y: usize, bytes: usize, stride: usize, table: usize): void {
  let largest: i32 = -128;
  for (let at: usize = 0; at < bytes; at += stride) largest = max<i32>(largest, load<i8>(x + at));
  let sum: u32 = 0;
  for (let at: usize = 0; at < bytes; at += stride) sum += exponential(table, largest - load<i8>(x + at));
  const half = sum >> 1;
  for (let at: usize = 0; at < bytes; at += stride) {
    const quotient = ((exponential(table, largest - load<i8>(x + at)) << 8) + half) / sum;
    store<i8>(y + at, <i32>min<u32>(quotient, 255) - 128);
  }
}

// @ts-ignore: decorator
@inline
function exponential(table: usize, distance: i32): u32 {
  return load<u32>(table + ((<usize>distance) << 2));
}

export function checkSoftmaxFloat32(step: usize, context: usize): bool {
  const elements = extent(step, REDUCE_OUTER, 3);
  return (
    hasShape(step, 2, SOFTMAX_FLOAT32_PARAMETERS) &&
    isBetween(step, SOFTMAX_LOG, 0, 1) &&
    holds(step, context, 0, DTYPE_FLOAT32, elements, 4) &&
    holds(step, context, 1, DTYPE_FLOAT32, elements, 4)
  );
}

export function runSoftmaxFloat32(step: usize, context: usize, prepared: usize): void {
  const outer = parameter(step, REDUCE_OUTER);
  const length = parameter(step, REDUCE_LENGTH);
  const inner = parameter(step, REDUCE_INNER);
  const isLog = parameter(step, SOFTMAX_LOG) == 1;
  let x = operandAddress(step, context, 0);
  let y = operandAddress(step, context, 1);
  const stride = <usize>inner << 2;
  const blockBytes = stride * length;
  for (let o = 0; o < outer; o++, x += blockBytes, y += blockBytes) {
    for (let i: usize = 0; i < stride; i += 4) {
      if (isLog) logSoftmaxColumn(x + i, y + i, blockBytes, stride);
      else softmaxColumn(x + i, y + i, blockBytes, stride);
    }
  }
}

/** The maximum of a column: without it the exponentials would overflow. */
function largestOf(x: usize, bytes: usize, stride: usize): f32 {
  if (stride == 4) return maxRowFloat32(x, <i32>(bytes >> 2));
  let largest: f32 = -Infinity;
  for (let at: usize = 0; at < bytes; at += stride) largest = max<f32>(largest, load<f32>(x + at));
  return largest;
}

function softmaxColumn(x: usize, y: usize, bytes: usize, stride: usize): void {
  const largest: f64 = largestOf(x, bytes, stride);
  let sum: f64 = 0;
  for (let at: usize = 0; at < bytes; at += stride) {
    const exponential = exp(<f64>load<f32>(x + at) - largest);
    sum += exponential;
    store<f32>(y + at, <f32>exponential);
  }
  const factor = 1 / sum;
  for (let at: usize = 0; at < bytes; at += stride) store<f32>(y + at, <f32>(<f64>load<f32>(y + at) * factor));
}

/** x - max x - ln Σ e^(x - max x) */
function logSoftmaxColumn(x: usize, y: usize, bytes: usize, stride: usize): void {
  const largest: f64 = largestOf(x, bytes, stride);
  let sum: f64 = 0;
  for (let at: usize = 0; at < bytes; at += stride) sum += exp(<f64>load<f32>(x + at) - largest);
  const offset = largest + log(sum);
  for (let at: usize = 0; at < bytes; at += stride) store<f32>(y + at, <f32>(<f64>load<f32>(x + at) - offset));
}
