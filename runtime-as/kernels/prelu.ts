/** PRELU_INT8: not written yet; the check refuses it. */
export function checkPreluInt8(step: usize, context: usize): bool {
  return false;
}

export function runPreluInt8(step: usize, context: usize, prepared: usize): void {
  unreachable();
}
