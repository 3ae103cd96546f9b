/** LAYER_NORM_FLOAT32: not written yet; the check refuses it. */
export function checkLayerNormFloat32(step: usize, context: usize): bool {
  return false;
}

export function runLayerNormFloat32(step: usize, context: usize, prepared: usize): void {
  unreachable();
}
