/** LRN_FLOAT32: not written yet; the check refuses it. */
export function checkLrnFloat32(step: usize, context: usize): bool {
  return false;
}

export function runLrnFloat32(step: usize, context: usize, prepared: usize): void {
  unreachable();
}
