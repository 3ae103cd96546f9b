/** CAST: not written yet; the check refuses it. */
export function checkCast(step: usize, context: usize): bool {
  return false;
}

export function runCast(step: usize, context: usize, prepared: usize): void {
  unreachable();
}
