/** ARGMAX_INT8: not written yet; the check refuses it. */
export function checkArgmaxInt8(step: usize, context: usize): bool {
  return false;
}

export function runArgmaxInt8(step: usize, context: usize, prepared: usize): void {
  unreachable();
}

/** ARGMAX_FLOAT32: not written yet; the check refuses it. */
export function checkArgmaxFloat32(step: usize, context: usize): bool {
  return false;
}

export function runArgmaxFloat32(step: usize, context: usize, prepared: usize): void {
  unreachable();
}
