/**
 * The reader of the packed model: trusts nothing, and proves before the first inference that no kernel can leave its
 * operands. After `checkModel` has returned STATUS_OK everything runs unchecked.
 */
import { finishCrc32, receiveCrc32 } from "./crc32";
import {
  DTYPE_INT16,
  FORMAT_MAGIC,
  FORMAT_VERSION,
  HEADER_ARENA_BYTES,
  HEADER_CONSTANTS_BYTES,
  HEADER_CRC32,
  HEADER_FILE_BYTES,
  HEADER_INPUT_COUNT,
  HEADER_METADATA_OFFSET,
  HEADER_MAGIC,
  HEADER_OUTPUT_COUNT,
  HEADER_PORTS_OFFSET,
  HEADER_STEPS_BYTES,
  HEADER_STEPS_OFFSET,
  HEADER_STEP_COUNT,
  HEADER_TENSORS_OFFSET,
  HEADER_TENSOR_COUNT,
  HEADER_VERSION,
  HEADER_WEIGHTS_BYTES,
  HEADER_WEIGHTS_OFFSET,
  HEADER_WORDS,
  PROMISES,
  REGION_ARENA,
  REGION_CONSTANTS,
  REGION_WEIGHTS,
  STATUS_BAD_CRC,
  STATUS_BAD_MAGIC,
  STATUS_BAD_OPCODE,
  STATUS_BAD_OPERANDS,
  STATUS_BAD_PORT,
  STATUS_BAD_SECTION,
  STATUS_BAD_SIZE,
  STATUS_BAD_STEP,
  STATUS_BAD_TENSOR,
  STATUS_BAD_VERSION,
  STATUS_OK,
  STATUS_TRUNCATED,
  TENSOR_BYTES,
  TENSOR_KIND,
  TENSOR_OFFSET,
  TENSOR_WORDS,
} from "./format";
import { NO_KERNEL } from "./check";
import { checkStep } from "./opcodes";
import { operandAddress, operandBytes, operandCount, operandRegion, operandTensor, stepBytes, word } from "./step";
import { HAS_ENCODED, OVERLAY } from "./variant";

/** Largest arena that is accepted, in bytes. */
const ARENA_LIMIT: u32 = 1 << 30;

/** A bit for each number below REGION_WEIGHTS that is no region. */
const NO_REGIONS: i32 = ((1 << REGION_WEIGHTS) - 1) & ~((1 << REGION_CONSTANTS) | (1 << REGION_ARENA));

/** The tensor, port or step that `checkModel` complained about; 0 before. */
let faultIndex: i32 = 0;

export function fault(): i32 {
  return faultIndex;
}

// @ts-ignore: decorator
@inline
function header(model: usize, index: i32): u32 {
  return <u32>word(model, index);
}

/** Of those before the weights, over which others are prepared. */
function isSection(model: usize, offset: u32, count: u32, itemBytes: u32): bool {
  const end = <u64>offset + <u64>count * itemBytes;
  return (offset % 4 == 0) & (offset >= <u32>(HEADER_WORDS * 4)) & (end <= <u64>header(model, HEADER_WEIGHTS_OFFSET));
}

/** `bytes` of the packed model have arrived. The CRC-32 covers those behind itself. */
export function receive(model: usize, bytes: u32): void {
  receiveCrc32(model + (HEADER_CRC32 + 1) * 4, model + bytes);
}

function checkHeader(model: usize, bytes: u32): i32 {
  if (bytes < <u32>(HEADER_WORDS * 4)) return STATUS_TRUNCATED;
  if (header(model, HEADER_MAGIC) != FORMAT_MAGIC) return STATUS_BAD_MAGIC;
  if (header(model, HEADER_VERSION) != FORMAT_VERSION) return STATUS_BAD_VERSION;
  if (header(model, HEADER_FILE_BYTES) > bytes) return STATUS_TRUNCATED;
  if (header(model, HEADER_FILE_BYTES) != bytes) return STATUS_BAD_SIZE;
  receive(model, bytes);
  if (finishCrc32(model + bytes) != header(model, HEADER_CRC32)) return STATUS_BAD_CRC;
  if (
    i32(header(model, HEADER_ARENA_BYTES) > ARENA_LIMIT) |
    i32(header(model, HEADER_WEIGHTS_OFFSET) > bytes) |
    i32(header(model, HEADER_WEIGHTS_BYTES) > bytes - header(model, HEADER_WEIGHTS_OFFSET)) |
    i32(!isSection(model, header(model, HEADER_TENSORS_OFFSET), header(model, HEADER_TENSOR_COUNT), TENSOR_WORDS * 4)) |
    i32(!isSection(model, header(model, HEADER_PORTS_OFFSET), header(model, HEADER_INPUT_COUNT), 4)) |
    i32(!isSection(model, header(model, HEADER_PORTS_OFFSET) + header(model, HEADER_INPUT_COUNT) * 4, header(model, HEADER_OUTPUT_COUNT), 4))
  ) {
    return STATUS_BAD_SECTION;
  }
  // Steps, constants and metadata: pairs of offset and bytes.
  for (let section = HEADER_STEPS_OFFSET; section <= HEADER_METADATA_OFFSET; section += 2) {
    if (!isSection(model, header(model, section), header(model, section + 1), 1)) return STATUS_BAD_SECTION;
  }
  return STATUS_OK;
}

function checkTensors(model: usize): i32 {
  const count = <i32>header(model, HEADER_TENSOR_COUNT);
  let record = model + header(model, HEADER_TENSORS_OFFSET);
  for (let i = 0; i < count; i++, record += TENSOR_WORDS * 4) {
    faultIndex = i;
    const kind = word(record, TENSOR_KIND) & ~PROMISES;
    const dtype = kind & 0xff;
    const region = <u32>kind >> 8;
    const offset = <u32>word(record, TENSOR_OFFSET);
    const bytes = <u32>word(record, TENSOR_BYTES);
    if (i32(dtype > DTYPE_INT16) | i32(region > <u32>REGION_WEIGHTS) | ((NO_REGIONS >> region) & 1)) return STATUS_BAD_TENSOR;
    const limit = header(model, region == <u32>REGION_ARENA ? HEADER_ARENA_BYTES : HEADER_CONSTANTS_BYTES + <i32>region);
    // In 32 bits: Binaryen makes signed loads of words that are extended to u64.
    if (i32(offset % 4 != 0) | i32(offset > limit) | i32(bytes > limit - offset)) return STATUS_BAD_TENSOR;
  }
  return STATUS_OK;
}

function checkPorts(model: usize): i32 {
  const count = <i32>(header(model, HEADER_INPUT_COUNT) + header(model, HEADER_OUTPUT_COUNT));
  const tensors = model + header(model, HEADER_TENSORS_OFFSET);
  for (let i = 0; i < count; i++) {
    faultIndex = i;
    const tensor = <u32>word(model + header(model, HEADER_PORTS_OFFSET), i);
    if (tensor >= header(model, HEADER_TENSOR_COUNT)) return STATUS_BAD_PORT;
    const isInput = <u32>i < header(model, HEADER_INPUT_COUNT);
    if (i32(isInput) & i32(word(tensors + <usize>tensor * (TENSOR_WORDS * 4), TENSOR_KIND) >> 8 != REGION_ARENA)) return STATUS_BAD_PORT;
  }
  return STATUS_OK;
}

function checkSteps(model: usize, context: usize): i32 {
  let step = model + header(model, HEADER_STEPS_OFFSET);
  const end = step + header(model, HEADER_STEPS_BYTES);
  const count = <i32>header(model, HEADER_STEP_COUNT);
  const tensors = model + header(model, HEADER_TENSORS_OFFSET);
  let reached: usize = 0;
  for (let i = 0; i < count; i++) {
    faultIndex = i;
    if (step + 4 > end || step + stepBytes(step) > end) return STATUS_BAD_STEP;
    const operands = operandCount(step);
    if (operands == 0) return STATUS_BAD_STEP;
    for (let operand = 0; operand < operands; operand++) {
      if (<u32>operandTensor(step, operand) >= header(model, HEADER_TENSOR_COUNT)) return STATUS_BAD_STEP;
      if (!OVERLAY || !HAS_ENCODED || operandRegion(step, context, operand) != REGION_WEIGHTS) continue;
      // Encoded weights are checked now, and must be the same when they are decoded: no earlier step's are prepared over them.
      const address = operandAddress(step, context, operand);
      if (address < reached) return STATUS_BAD_OPERANDS;
      reached = address + operandBytes(step, context, operand);
    }
    const output = tensors + <usize>operandTensor(step, operands - 1) * (TENSOR_WORDS * 4);
    if (word(output, TENSOR_KIND) >> 8 != REGION_ARENA) return STATUS_BAD_OPERANDS;
    const fits = checkStep(step, context);
    if (fits != 1) return fits == NO_KERNEL ? STATUS_BAD_OPCODE : STATUS_BAD_OPERANDS;
    step += stepBytes(step);
  }
  return step == end ? STATUS_OK : STATUS_BAD_STEP;
}

/** Checks everything before a kernel runs; `context` must already point to the tensor records. */
export function checkModel(model: usize, bytes: u32, context: usize): i32 {
  let status = checkHeader(model, bytes);
  if (status == STATUS_OK) status = checkTensors(model);
  if (status == STATUS_OK) status = checkPorts(model);
  if (status == STATUS_OK) status = checkSteps(model, context);
  return status;
}
