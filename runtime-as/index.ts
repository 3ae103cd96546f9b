/**
 * The ABI for hosts with a WASM engine (microcontrollers call the kernels from generated C instead).
 *
 * Memory, from low to high: static data · packed model · step table (address and prepared weights of each step) ·
 * prepared weights · workspace · arena. Only the host grows the memory:
 *
 *     copy the file to modelAddress(), receive(bytes) as its parts arrive;  loadModel(bytes, engine) -> status;
 *     grow to memoryBytes();  prepare();  run() …
 */
import { context } from "./context";
import {
  CONTEXT_ARENA,
  CONTEXT_CONSTANTS,
  CONTEXT_ENGINE,
  CONTEXT_TENSORS,
  CONTEXT_WORKSPACE,
  HEADER_ARENA_BYTES,
  HEADER_CONSTANTS_OFFSET,
  HEADER_INPUT_COUNT,
  HEADER_PORTS_OFFSET,
  HEADER_STEPS_OFFSET,
  HEADER_STEP_COUNT,
  HEADER_TENSORS_OFFSET,
  STATUS_OK,
  STATUS_TOO_LARGE,
} from "./format";
import { checkModel, fault, receive as receiveBytes } from "./load";
import { preparedBytes, prepareStep, workspaceBytes } from "./opcodes";
import { runRange, STEP_ENTRY_BYTES, stepTable } from "./run";
import { stepBytes, tensorAddress as addressOf, word } from "./step";
import { RELAXED } from "./variant";

const MEMORY_LIMIT: u64 = 0xf0000000;

let end: usize = 0;
/** Bytes of the largest workspace. */
let workspace: i32 = 0;

// @ts-ignore: decorator
@inline
function align(address: u64): u64 {
  return (address + 15) & ~15;
}

// @ts-ignore: decorator
@inline
function setContext(index: i32, value: usize): void {
  store<u32>(context + ((<usize>index) << 2), <u32>value);
}

/** Where the host copies the packed model. */
export function modelAddress(): usize {
  return <usize>align(__heap_base);
}

/** The first `bytes` of the packed model are at modelAddress(): its CRC-32 is computed while the rest travels. */
export function receive(bytes: u32): void {
  receiveBytes(modelAddress(), bytes);
}

/**
 * Checks the packed model at modelAddress() and lays out the memory.
 * @param engine ENGINE_… bits; builds without relaxed dot products ignore them
 * @returns a STATUS_ code
 */
export function loadModel(bytes: u32, engine: i32): i32 {
  const model = modelAddress();
  // The header is checked before these words are used for anything but address arithmetic.
  setContext(CONTEXT_TENSORS, model + word(model, HEADER_TENSORS_OFFSET));
  setContext(CONTEXT_CONSTANTS, model + word(model, HEADER_CONSTANTS_OFFSET));
  if (RELAXED) setContext(CONTEXT_ENGINE, engine);
  const status = checkModel(model, bytes, context);
  if (status != STATUS_OK) return status;

  let top = walkSteps(false);
  setContext(CONTEXT_WORKSPACE, <usize>top);
  top = align(top + workspace);
  setContext(CONTEXT_ARENA, <usize>top);
  // SIMD kernels may read, never write, up to one vector past the arena.
  top = align(top + <u32>word(model, HEADER_ARENA_BYTES)) + 64;
  if (top > MEMORY_LIMIT) return STATUS_TOO_LARGE;
  end = <usize>top;
  return STATUS_OK;
}

/** Lays out the prepared weights of all steps, and finds the largest workspace; with `writes`, fills them and the step table. */
function walkSteps(writes: bool): u64 {
  const model = modelAddress();
  const count = word(model, HEADER_STEP_COUNT);
  let entry = stepTable(model);
  let top = align(entry + <usize>count * STEP_ENTRY_BYTES);
  let step = model + word(model, HEADER_STEPS_OFFSET);
  for (let i = 0; i < count; i++, step += stepBytes(step), entry += STEP_ENTRY_BYTES) {
    if (writes) {
      store<u32>(entry, <u32>step);
      store<u32>(entry, <u32>top, 4);
      prepareStep(step, context, <usize>top);
    }
    top = align(top + preparedBytes(step, context));
    workspace = max(workspace, workspaceBytes(step, context));
  }
  return top;
}

/** The tensor, port or step that `loadModel` refused; -1 when it was the header. */
export function faultIndex(): i32 {
  return fault();
}

/** Bytes of memory that prepare() and run() need; known after loadModel(). */
export function memoryBytes(): usize {
  return end;
}

/** Writes the step table and the weights in this variant's order, once: memory behind the model must hold zeros, as when it has grown. */
export function prepare(): void {
  walkSteps(true);
}

export function run(): void {
  const model = modelAddress();
  runRange(model, 0, word(model, HEADER_STEP_COUNT));
}

/** Address of input `index` (outputs follow the inputs). */
export function portAddress(index: i32): usize {
  const model = modelAddress();
  return addressOf(context, word(model + word(model, HEADER_PORTS_OFFSET), index));
}

/** Address of output `index`. */
export function outputAddress(index: i32): usize {
  return portAddress(index + word(modelAddress(), HEADER_INPUT_COUNT));
}
