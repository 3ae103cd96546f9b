/** PAD: not written yet; the check refuses it. */
export function checkPad(step: usize, context: usize): bool {
  return false;
}

export function runPad(step: usize, context: usize, prepared: usize): void {
  unreachable();
}
