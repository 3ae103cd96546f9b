/** DEPTHWISE_INT8: not written yet; the check refuses it. */
export function checkDepthwiseInt8(step: usize, context: usize): bool {
  return false;
}

export function runDepthwiseInt8(step: usize, context: usize, prepared: usize): void {
  unreachable();
}

export function workspaceBytesDepthwiseInt8(step: usize, context: usize): i32 {
  return 0;
}

export function preparedBytesDepthwiseInt8(step: usize, context: usize): i32 {
  return 0;
}

export function prepareDepthwiseInt8(step: usize, context: usize, prepared: usize): void {}
