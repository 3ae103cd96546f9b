/** TABLE_INT8: not written yet; the check refuses it. */
export function checkTableInt8(step: usize, context: usize): bool {
  return false;
}

export function runTableInt8(step: usize, context: usize, prepared: usize): void {
  unreachable();
}
