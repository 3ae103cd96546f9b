/** What the operators with two broadcast operands share: the check of their extents and the loops around their rows. */
import {
  BROADCAST_A_STRIDES,
  BROADCAST_B_STRIDES,
  BROADCAST_DIMENSIONS,
  BROADCAST_RANK,
  DTYPE_FLOAT32,
  OPCODE_ADD_INT8,
  OPCODE_BINARY_FLOAT32,
  OPCODE_MUL_INT8,
  OPCODE_PRELU_INT8,
} from "../format";
import { extent, holds, times } from "../check";
import { addInt8Row } from "../microkernels/add-int8";
import { binaryFloat32Row } from "../microkernels/binary-float32";
import { mulInt8Row } from "../microkernels/mul-int8";
import { preluInt8Row } from "../microkernels/prelu-int8";
import { operandAddress, operandBytes, operandDtype, parameter } from "../step";
import { BROADCAST } from "../variant";

// @ts-ignore: decorator
@inline
function bytesOf(dtype: i32): i32 {
  return dtype == DTYPE_FLOAT32 ? 4 : 1;
}

/** Whether the operand has this dtype and the strides never leave it; the innermost stride is 0 or 1. */
function reaches(step: usize, context: usize, operand: i32, strides: i32, dtype: i32): bool {
  let last: i64 = 0;
  for (let i = 0; i < BROADCAST_RANK; i++) {
    const stride = parameter(step, strides + i);
    if (stride < 0) return false;
    last += times(<i64>parameter(step, BROADCAST_DIMENSIONS + i) - 1, stride);
  }
  const elements: i64 = <u32>operandBytes(step, context, operand) / bytesOf(dtype);
  return (parameter(step, strides + BROADCAST_RANK - 1) <= 1) & (operandDtype(step, context, operand) == dtype) & (last < elements);
}

/** Whether all operands are one row; builds without broadcasting have nothing else. */
function isOneRow(step: usize, context: usize, aDtype: i32, bDtype: i32): bool {
  const elements = parameter(step, BROADCAST_DIMENSIONS + 3);
  return (
    (extent(step, BROADCAST_DIMENSIONS, 3) == 1) &
    (parameter(step, BROADCAST_A_STRIDES + 3) == 1) &
    (parameter(step, BROADCAST_B_STRIDES + 3) == 1) &
    holds(step, context, 0, aDtype, elements, bytesOf(aDtype)) &
    holds(step, context, 1, bDtype, elements, bytesOf(bDtype)) &
    holds(step, context, 2, aDtype, elements, bytesOf(aDtype))
  );
}

/** Operands a, b and y; y has the dtype of a. */
export function checkBroadcast(step: usize, context: usize, aDtype: i32, bDtype: i32): bool {
  if (!BROADCAST) return isOneRow(step, context, aDtype, bDtype);
  return (
    holds(step, context, 2, aDtype, extent(step, BROADCAST_DIMENSIONS, BROADCAST_RANK), bytesOf(aDtype)) &
    reaches(step, context, 0, BROADCAST_A_STRIDES, aDtype) &
    reaches(step, context, 1, BROADCAST_B_STRIDES, bDtype)
  );
}

// @ts-ignore: decorator
@inline
function runRow(opcode: i32, step: usize, a: usize, b: usize, y: usize, count: i32, aStride: i32, bStride: i32): void {
  if (opcode == OPCODE_ADD_INT8) addInt8Row(step, a, b, y, count, aStride, bStride);
  if (opcode == OPCODE_MUL_INT8) mulInt8Row(step, a, b, y, count, aStride, bStride);
  if (opcode == OPCODE_PRELU_INT8) preluInt8Row(step, a, b, y, count, bStride);
  if (opcode == OPCODE_BINARY_FLOAT32) binaryFloat32Row(step, a, b, y, count, aStride, bStride);
}

/** Calls the opcode's row function for each row; `opcode` and the dtypes are constants at every call. */
// @ts-ignore: decorator
@inline
export function runRows(opcode: i32, step: usize, context: usize, aDtype: i32, bDtype: i32): void {
  const a = operandAddress(step, context, 0);
  const b = operandAddress(step, context, 1);
  let y = operandAddress(step, context, 2);
  const count = parameter(step, BROADCAST_DIMENSIONS + 3);
  if (!BROADCAST) {
    runRow(opcode, step, a, b, y, count, 1, 1);
    return;
  }
  const aStride = parameter(step, BROADCAST_A_STRIDES + 3);
  const bStride = parameter(step, BROADCAST_B_STRIDES + 3);
  for (let i = 0; i < parameter(step, BROADCAST_DIMENSIONS); i++) {
    const a0 = i * parameter(step, BROADCAST_A_STRIDES);
    const b0 = i * parameter(step, BROADCAST_B_STRIDES);
    for (let j = 0; j < parameter(step, BROADCAST_DIMENSIONS + 1); j++) {
      let a1 = a0 + j * parameter(step, BROADCAST_A_STRIDES + 1);
      let b1 = b0 + j * parameter(step, BROADCAST_B_STRIDES + 1);
      for (let k = 0; k < parameter(step, BROADCAST_DIMENSIONS + 2); k++) {
        runRow(opcode, step, a + <usize>a1 * bytesOf(aDtype), b + <usize>b1 * bytesOf(bDtype), y, count, aStride, bStride);
        a1 += parameter(step, BROADCAST_A_STRIDES + 2);
        b1 += parameter(step, BROADCAST_B_STRIDES + 2);
        y += <usize>count * bytesOf(aDtype);
      }
    }
  }
}
