/**
 * The ABI for hosts with a WASM engine (microcontrollers call the kernels from generated C instead).
 *
 * Memory, from low to high: static data · packed model · prepared weights · step table (address and prepared weights of each step) ·
 * workspace · arena. With SIMD, weights are prepared over those of the file, which move up before, just so far that those of a step
 * end where it still reads: a model takes half the memory, and half as many new pages, which cost more than what is written to them.
 * Only the host grows the memory:
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
  CONTEXT_WEIGHTS,
  CONTEXT_WORKSPACE,
  CONV_OUT_CHANNELS,
  HEADER_ARENA_BYTES,
  HEADER_CONSTANTS_OFFSET,
  HEADER_FILE_BYTES,
  HEADER_PORTS_OFFSET,
  HEADER_STEPS_OFFSET,
  HEADER_STEP_COUNT,
  HEADER_TENSORS_OFFSET,
  HEADER_WEIGHTS_BYTES,
  HEADER_WEIGHTS_OFFSET,
  OPCODE_CONV2D_INT8,
  REGION_WEIGHTS,
  STATUS_OK,
  STATUS_TOO_LARGE,
} from "./format";
import { ROW_CHANNELS } from "./microkernels/row-int8-simd";
import { checkModel, fault, receive as receiveBytes } from "./load";
import { preparedBytes, prepareStep, workspaceBytes } from "./opcodes";
import { runRange, setStepTable, STEP_ENTRY_BYTES, stepTable } from "./run";
import { opcodeOf, operandAddress, operandBytes, operandRegion, parameter, stepBytes, tensorAddress as addressOf, word } from "./step";
import { OVERLAY, RELAXED } from "./variant";

const MEMORY_LIMIT: u64 = 0xf0000000;

let end: usize = 0;
/** Bytes of the largest workspace. */
let workspace: i32 = 0;
/** How far the file's weights move before others are prepared. */
let shift: i64 = 0;

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
 * @returns a STATUS_ code, and from bit 8 on the index of the tensor, port or step that it is about
 */
export function loadModel(bytes: u32, engine: i32): i32 {
  const model = modelAddress();
  // The header is checked before these words are used for anything but address arithmetic.
  setContext(CONTEXT_TENSORS, model + word(model, HEADER_TENSORS_OFFSET));
  setContext(CONTEXT_CONSTANTS, model + word(model, HEADER_CONSTANTS_OFFSET));
  setContext(CONTEXT_WEIGHTS, model + word(model, HEADER_WEIGHTS_OFFSET));
  if (RELAXED) setContext(CONTEXT_ENGINE, engine);
  const status = checkModel(model, bytes, context);
  if (status != STATUS_OK) return status | (fault() << 8);

  let top = walkSteps(false);
  top = align(max<u64>(top, model + word(model, HEADER_FILE_BYTES) + shift));
  setStepTable(<usize>top);
  top = align(top + <u64>word(model, HEADER_STEP_COUNT) * STEP_ENTRY_BYTES);
  setContext(CONTEXT_WORKSPACE, <usize>top);
  top = align(top + workspace);
  setContext(CONTEXT_ARENA, <usize>top);
  // SIMD kernels may read, never write, up to one vector past the arena.
  top = align(top + <u32>word(model, HEADER_ARENA_BYTES)) + 64;
  if (top > MEMORY_LIMIT) return STATUS_TOO_LARGE;
  end = <usize>top;
  return STATUS_OK;
}

/**
 * Lays out the prepared weights of all steps, and finds the largest workspace and shift (once moved, nothing needs more); with
 * `writes`, fills them and the step table.
 * @returns the end of the weights
 */
function walkSteps(writes: bool): u64 {
  const model = modelAddress();
  const count = word(model, HEADER_STEP_COUNT);
  let entry = stepTable();
  let top: u64 = OVERLAY ? model + word(model, HEADER_WEIGHTS_OFFSET) : align(model + word(model, HEADER_FILE_BYTES));
  let step = model + word(model, HEADER_STEPS_OFFSET);
  for (let i = 0; i < count; i++, step += stepBytes(step), entry += STEP_ENTRY_BYTES) {
    if (writes) {
      store<u32>(entry, <u32>step);
      store<u32>(entry, <u32>top, 4);
      prepareStep(step, context, <usize>top);
    }
    top = align(top + preparedBytes(step, context));
    if (OVERLAY && operandRegion(step, context, 1) == REGION_WEIGHTS) shift = max<i64>(shift, <i64>top - readFrom(step));
    workspace = max(workspace, workspaceBytes(step, context));
  }
  return top;
}

/**
 * Up to where the prepared weights of a step may reach. Those of a dense layer are written block after block, of ROW_CHANNELS rows at
 * most, so only the rows of the last one must still be there; biases lie behind the weights.
 */
function readFrom(step: usize): i64 {
  const bytes = operandBytes(step, context, 1);
  const isDense = opcodeOf(step) == OPCODE_CONV2D_INT8;
  const block = isDense ? bytes / parameter(step, CONV_OUT_CHANNELS) * ROW_CHANNELS : bytes;
  return <i64>operandAddress(step, context, 1) + bytes - block;
}

/** Bytes of memory that prepare() and run() need; known after loadModel(). */
export function memoryBytes(): usize {
  return end;
}

/** Writes the step table and the weights in this variant's order, once. */
export function prepare(): void {
  if (OVERLAY) {
    const model = modelAddress();
    const weights = <usize>word(context, CONTEXT_WEIGHTS);
    memory.copy(weights + <usize>shift, weights, word(model, HEADER_WEIGHTS_BYTES));
    setContext(CONTEXT_WEIGHTS, weights + <usize>shift);
  }
  walkSteps(true);
}

export function run(): void {
  runRange(0, word(modelAddress(), HEADER_STEP_COUNT));
}

/** Address of port `index`: the inputs, and behind them the outputs. */
export function portAddress(index: i32): usize {
  const model = modelAddress();
  return addressOf(context, word(model + word(model, HEADER_PORTS_OFFSET), index));
}
