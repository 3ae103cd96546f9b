/** CONV2D_INT8: not written yet; the check refuses it. */
export function checkConv2dInt8(step: usize, context: usize): bool {
  return false;
}

export function runConv2dInt8(step: usize, context: usize, prepared: usize): void {
  unreachable();
}

export function workspaceBytesConv2dInt8(step: usize, context: usize): i32 {
  return 0;
}

export function preparedBytesConv2dInt8(step: usize, context: usize): i32 {
  return 0;
}

export function prepareConv2dInt8(step: usize, context: usize, prepared: usize): void {}
