/**
 * Access to a step record and its operands. A kernel gets `step` (address of its record in the packed model) and
 * `context` (the address spaces); it keeps no state of its own, so that it can be translated to C as it stands.
 */
import {
  CONTEXT_ENGINE,
  CONTEXT_TENSORS,
  CONTEXT_WORKSPACE,
  TENSOR_BYTES,
  TENSOR_KIND,
  TENSOR_OFFSET,
  TENSOR_WORDS,
} from "./format";

// @ts-ignore: decorator
@inline
export function word(address: usize, index: i32): i32 {
  return load<i32>(address + ((<usize>index) << 2));
}

// @ts-ignore: decorator
@inline
export function opcodeOf(step: usize): i32 {
  return load<u8>(step);
}

// @ts-ignore: decorator
@inline
export function operandCount(step: usize): i32 {
  return load<u8>(step, 1);
}

// @ts-ignore: decorator
@inline
export function parameterCount(step: usize): i32 {
  return load<u16>(step, 2);
}

// @ts-ignore: decorator
@inline
export function stepBytes(step: usize): usize {
  return <usize>(1 + operandCount(step) + parameterCount(step)) << 2;
}

// @ts-ignore: decorator
@inline
export function parameter(step: usize, index: i32): i32 {
  return word(step, 1 + index);
}

/** Where the parameter's word lies: for kernels that read it as data. */
// @ts-ignore: decorator
@inline
export function parameterAddress(step: usize, index: i32): usize {
  return step + (<usize>(1 + index) << 2);
}

// @ts-ignore: decorator
@inline
export function parameterF32(step: usize, index: i32): f32 {
  return reinterpret<f32>(parameter(step, index));
}

/** The tensor that is the operand. */
// @ts-ignore: decorator
@inline
export function operandTensor(step: usize, operand: i32): i32 {
  return word(step, 1 + parameterCount(step) + operand);
}

function tensorRecord(step: usize, context: usize, operand: i32): usize {
  return <usize>word(context, CONTEXT_TENSORS) + <usize>operandTensor(step, operand) * (TENSOR_WORDS * 4);
}

/** Address of an operand's first byte. */
export function operandAddress(step: usize, context: usize, operand: i32): usize {
  return tensorAddress(context, operandTensor(step, operand));
}

/** Address of a tensor's first byte; its region is the index of the context's word. */
export function tensorAddress(context: usize, index: i32): usize {
  const record = <usize>word(context, CONTEXT_TENSORS) + <usize>index * (TENSOR_WORDS * 4);
  return <usize>word(context, load<u8>(record, TENSOR_KIND * 4 + 1)) + word(record, TENSOR_OFFSET);
}

export function operandBytes(step: usize, context: usize, operand: i32): i32 {
  return word(tensorRecord(step, context, operand), TENSOR_BYTES);
}

export function operandDtype(step: usize, context: usize, operand: i32): i32 {
  return word(tensorRecord(step, context, operand), TENSOR_KIND) & 0xff;
}

/** REGION_… of the operand. */
export function operandRegion(step: usize, context: usize, operand: i32): i32 {
  return load<u8>(tensorRecord(step, context, operand), TENSOR_KIND * 4 + 1);
}

/** Among other bits, the PROMISES that hold of the operand. */
export function promises(step: usize, context: usize, operand: i32): i32 {
  return word(tensorRecord(step, context, operand), TENSOR_KIND);
}

// @ts-ignore: decorator
@inline
export function workspace(context: usize): usize {
  return word(context, CONTEXT_WORKSPACE);
}

/** ENGINE_… bits. */
// @ts-ignore: decorator
@inline
export function engine(context: usize): i32 {
  return word(context, CONTEXT_ENGINE);
}
