/** RESIZE_LINEAR_INT8: not written yet; the check refuses it. */
export function checkResizeLinearInt8(step: usize, context: usize): bool {
  return false;
}

export function runResizeLinearInt8(step: usize, context: usize, prepared: usize): void {
  unreachable();
}

/** RESIZE_LINEAR_FLOAT32: not written yet; the check refuses it. */
export function checkResizeLinearFloat32(step: usize, context: usize): bool {
  return false;
}

export function runResizeLinearFloat32(step: usize, context: usize, prepared: usize): void {
  unreachable();
}
