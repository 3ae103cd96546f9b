/** QUANTIZE: not written yet; the check refuses it. */
export function checkQuantize(step: usize, context: usize): bool {
  return false;
}

export function runQuantize(step: usize, context: usize, prepared: usize): void {
  unreachable();
}
