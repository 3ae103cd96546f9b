/** COPY: not written yet; the check refuses it. */
export function checkCopy(step: usize, context: usize): bool {
  return false;
}

export function runCopy(step: usize, context: usize, prepared: usize): void {
  unreachable();
}
