/** MATMUL_INT8: not written yet; the check refuses it. */
export function checkMatmulInt8(step: usize, context: usize): bool {
  return false;
}

export function runMatmulInt8(step: usize, context: usize, prepared: usize): void {
  unreachable();
}

export function workspaceBytesMatmulInt8(step: usize, context: usize): i32 {
  return 0;
}

/** MATMUL_FLOAT32: not written yet; the check refuses it. */
export function checkMatmulFloat32(step: usize, context: usize): bool {
  return false;
}

export function runMatmulFloat32(step: usize, context: usize, prepared: usize): void {
  unreachable();
}

export function workspaceBytesMatmulFloat32(step: usize, context: usize): i32 {
  return 0;
}
