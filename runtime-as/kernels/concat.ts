/** CONCAT: not written yet; the check refuses it. */
export function checkConcat(step: usize, context: usize): bool {
  return false;
}

export function runConcat(step: usize, context: usize, prepared: usize): void {
  unreachable();
}
