/** MAX_POOL: x [N, H, W, C] → y [N, OH, OW, C], the largest element of each window inside the input. */
import { DTYPE_FLOAT32, DTYPE_INT8, MAX_POOL_PARAMETERS, OPCODE_MAX_POOL_FLOAT32, OPCODE_MAX_POOL_INT8 } from "../format";
import { checkPool, runPool } from "./pool";

export function checkMaxPoolInt8(step: usize, context: usize): bool {
  return checkPool(step, context, DTYPE_INT8, MAX_POOL_PARAMETERS);
}

export function runMaxPoolInt8(step: usize, context: usize, prepared: usize): void {
  runPool<i8>(OPCODE_MAX_POOL_INT8, step, context);
}

export function checkMaxPoolFloat32(step: usize, context: usize): bool {
  return checkPool(step, context, DTYPE_FLOAT32, MAX_POOL_PARAMETERS);
}

export function runMaxPoolFloat32(step: usize, context: usize, prepared: usize): void {
  runPool<f32>(OPCODE_MAX_POOL_FLOAT32, step, context);
}
