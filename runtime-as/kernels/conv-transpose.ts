/** CONV_TRANSPOSE_FLOAT32: not written yet; the check refuses it. */
export function checkConvTransposeFloat32(step: usize, context: usize): bool {
  return false;
}

export function runConvTransposeFloat32(step: usize, context: usize, prepared: usize): void {
  unreachable();
}
