/** GATHER: not written yet; the check refuses it. */
export function checkGather(step: usize, context: usize): bool {
  return false;
}

export function runGather(step: usize, context: usize, prepared: usize): void {
  unreachable();
}
