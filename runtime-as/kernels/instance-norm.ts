/** INSTANCE_NORM_FLOAT32: not written yet; the check refuses it. */
export function checkInstanceNormFloat32(step: usize, context: usize): bool {
  return false;
}

export function runInstanceNormFloat32(step: usize, context: usize, prepared: usize): void {
  unreachable();
}
