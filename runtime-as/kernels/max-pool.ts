/** MAX_POOL_INT8: not written yet; the check refuses it. */
export function checkMaxPoolInt8(step: usize, context: usize): bool {
  return false;
}

export function runMaxPoolInt8(step: usize, context: usize, prepared: usize): void {
  unreachable();
}

/** MAX_POOL_FLOAT32: not written yet; the check refuses it. */
export function checkMaxPoolFloat32(step: usize, context: usize): bool {
  return false;
}

export function runMaxPoolFloat32(step: usize, context: usize, prepared: usize): void {
  unreachable();
}
