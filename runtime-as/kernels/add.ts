/** ADD_INT8: not written yet; the check refuses it. */
export function checkAddInt8(step: usize, context: usize): bool {
  return false;
}

export function runAddInt8(step: usize, context: usize, prepared: usize): void {
  unreachable();
}
