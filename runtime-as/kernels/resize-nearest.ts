/** RESIZE_NEAREST: not written yet; the check refuses it. */
export function checkResizeNearest(step: usize, context: usize): bool {
  return false;
}

export function runResizeNearest(step: usize, context: usize, prepared: usize): void {
  unreachable();
}
