/** AVERAGE_POOL_INT8: not written yet; the check refuses it. */
export function checkAveragePoolInt8(step: usize, context: usize): bool {
  return false;
}

export function runAveragePoolInt8(step: usize, context: usize, prepared: usize): void {
  unreachable();
}

/** AVERAGE_POOL_FLOAT32: not written yet; the check refuses it. */
export function checkAveragePoolFloat32(step: usize, context: usize): bool {
  return false;
}

export function runAveragePoolFloat32(step: usize, context: usize, prepared: usize): void {
  unreachable();
}
