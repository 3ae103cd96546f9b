/** BINARY_FLOAT32: y = clamp(f(a, b)), elementwise with broadcasting. */
import { BINARY_FUNCTION, BINARY_PARAMETERS, DTYPE_FLOAT32, FUNCTION_PRELU, OPCODE_BINARY_FLOAT32 } from "../format";
import { hasShape, isBetween } from "../check";
import { checkBroadcast, runRows } from "./broadcast";

export function checkBinaryFloat32(step: usize, context: usize): bool {
  return (
    hasShape(step, 3, BINARY_PARAMETERS) &&
    isBetween(step, BINARY_FUNCTION, 0, FUNCTION_PRELU) &&
    checkBroadcast(step, context, DTYPE_FLOAT32, DTYPE_FLOAT32)
  );
}

export function runBinaryFloat32(step: usize, context: usize, prepared: usize): void {
  runRows(OPCODE_BINARY_FLOAT32, step, context, DTYPE_FLOAT32, DTYPE_FLOAT32);
}
