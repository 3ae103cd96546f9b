/** REDUCE_INT8: not written yet; the check refuses it. */
export function checkReduceInt8(step: usize, context: usize): bool {
  return false;
}

export function runReduceInt8(step: usize, context: usize, prepared: usize): void {
  unreachable();
}

/** REDUCE_FLOAT32: not written yet; the check refuses it. */
export function checkReduceFloat32(step: usize, context: usize): bool {
  return false;
}

export function runReduceFloat32(step: usize, context: usize, prepared: usize): void {
  unreachable();
}
