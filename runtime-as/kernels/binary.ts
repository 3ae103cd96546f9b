/** BINARY_FLOAT32: not written yet; the check refuses it. */
export function checkBinaryFloat32(step: usize, context: usize): bool {
  return false;
}

export function runBinaryFloat32(step: usize, context: usize, prepared: usize): void {
  unreachable();
}
