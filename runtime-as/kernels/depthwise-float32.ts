/** DEPTHWISE_FLOAT32: not written yet; the check refuses it. */
export function checkDepthwiseFloat32(step: usize, context: usize): bool {
  return false;
}

export function runDepthwiseFloat32(step: usize, context: usize, prepared: usize): void {
  unreachable();
}
