/** MUL_INT8: not written yet; the check refuses it. */
export function checkMulInt8(step: usize, context: usize): bool {
  return false;
}

export function runMulInt8(step: usize, context: usize, prepared: usize): void {
  unreachable();
}
