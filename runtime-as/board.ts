/**
 * Beside index.ts in builds that make board images (targets/mcu/image.ts): what a step needs, and its prepared weights,
 * after loadModel(). Steps are named by the offset of their record in the packed model.
 */
import { CONTEXT_CONSTANTS, CONTEXT_TENSORS, CONTEXT_WEIGHTS, HEADER_CONSTANTS_OFFSET, HEADER_TENSORS_OFFSET, HEADER_WEIGHTS_OFFSET } from "./format";
import { modelAddress } from "./index";
import { preparedBytes, prepareStep, replacedOperands, workspaceBytes } from "./opcodes";
import { word } from "./step";

const block = memory.data(64, 16);

function context(): usize {
  const model = modelAddress();
  store<u32>(block + (CONTEXT_TENSORS << 2), <u32>model + word(model, HEADER_TENSORS_OFFSET));
  store<u32>(block + (CONTEXT_CONSTANTS << 2), <u32>model + word(model, HEADER_CONSTANTS_OFFSET));
  store<u32>(block + (CONTEXT_WEIGHTS << 2), <u32>model + word(model, HEADER_WEIGHTS_OFFSET));
  return block;
}

/** Bytes of the step's weights in the order of this build; 0: the kernel reads them in place. */
export function preparedBytesOf(step: u32): i32 {
  return preparedBytes(modelAddress() + step, context());
}

export function workspaceBytesOf(step: u32): i32 {
  return workspaceBytes(modelAddress() + step, context());
}

/** One bit per operand that the kernel does not read once the step is prepared. */
export function replacedOperandsOf(step: u32): i32 {
  return replacedOperands(modelAddress() + step);
}

/** Writes the prepared weights to an address, 16-aligned, behind memoryBytes(). */
export function prepareInto(step: u32, address: usize): void {
  prepareStep(modelAddress() + step, context(), address);
}
