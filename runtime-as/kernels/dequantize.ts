/** DEQUANTIZE: not written yet; the check refuses it. */
export function checkDequantize(step: usize, context: usize): bool {
  return false;
}

export function runDequantize(step: usize, context: usize, prepared: usize): void {
  unreachable();
}
