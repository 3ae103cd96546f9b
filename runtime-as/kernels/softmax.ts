/** SOFTMAX_INT8: not written yet; the check refuses it. */
export function checkSoftmaxInt8(step: usize, context: usize): bool {
  return false;
}

export function runSoftmaxInt8(step: usize, context: usize, prepared: usize): void {
  unreachable();
}

/** SOFTMAX_FLOAT32: not written yet; the check refuses it. */
export function checkSoftmaxFloat32(step: usize, context: usize): bool {
  return false;
}

export function runSoftmaxFloat32(step: usize, context: usize, prepared: usize): void {
  unreachable();
}
