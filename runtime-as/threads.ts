/**
 * The ABI of the build with threads: one memory, an instance of the module per thread. The thread that owns the session
 * makes the plan and runs the model; the others help while it does:
 *
 *     owner   … loadModel(bytes, engine); planThreads(threads, minimumWork) -> bytes of memory; grow; prepare(); prepareThreads();
 *             runThreads() …; stopThreads()
 *     others  help(slot), slots 1 … threads - 1; returns when the session ends
 *
 * A run is a sequence of phases, a phase a set of parts that no order binds: the parts of one step (narrow-step.ts), or a single
 * part of several steps that are too small to divide. Every thread takes parts of the current phase until none is left,
 * and enters the next phase when all parts of this one are done. A helper that the system does not run holds up nobody
 * as long as it has taken no part: the owner alone can finish a run. The owner only ever spins (the main thread of a page
 * must not sleep); helpers spin for a while, then sleep.
 *
 * Memory behind that of a session without threads, written by prepareThreads:
 *
 *     per thread: context, workspace · phases · parts [first entry, entries] · entries [step, prepared] ·
 *     step and tensor records of the parts · weights prepared for single parts
 */
import { context } from "./context";
import {
  CONTEXT_TENSORS,
  CONTEXT_WORKSPACE,
  HEADER_STEPS_OFFSET,
  HEADER_STEP_COUNT,
  TENSOR_WORDS,
} from "./format";
import { memoryBytes, modelAddress } from "./index";
import { narrowStep } from "./narrow-step";
import { preparedBytes, prepareStep, runStep, workspaceBytes } from "./opcodes";
import { STEP_ENTRY_BYTES, stepTable } from "./run";
import { hasOwnWeights, splitUnits, splitWork } from "./split";
import { operandCount, operandTensor, parameterAddress, parameterCount, stepBytes, word } from "./step";

/** What several threads write lies in cache lines of its own. */
const LINE: usize = 64;

/** Shared by all instances: it lies at the same address in each. */
const control = memory.data(192, 64);
/** Number of the current run; STOPPED: helpers return. */
const RUN: usize = 0;
const SLEEPERS: usize = LINE;
const PHASE_COUNT: usize = 2 * LINE;
const PHASES: usize = 2 * LINE + 4;
const CONTEXTS: usize = 2 * LINE + 8;
const STOPPED: i32 = -1;
/** Runs are numbered 1 … RUN_LIMIT, again and again. */
const RUN_LIMIT: i32 = 0x7ffffe;

/** number of the run << COUNT_BITS | parts taken, or done */
const COUNT_BITS: i32 = 8;
const COUNT_MASK: i32 = 255;
const PHASE_TAKEN: usize = 0;
const PHASE_PARTS: usize = 4;
const PHASE_FIRST_PART: usize = 8;
const PHASE_DONE: usize = LINE;
const PHASE_BYTES: usize = 2 * LINE;

/** first entry · number of entries */
const PART_BYTES: usize = 8;
/** step record · prepared weights */
const ENTRY_BYTES: usize = 8;
const CONTEXT_BYTES: usize = LINE;
const RECORD_BYTES: usize = TENSOR_WORDS * 4;

/** More parts even out threads that run at different speeds, fewer cost less around them. */
const PARTS_PER_THREAD: i32 = 2;
/** Looks at a word before a helper sleeps: some ten microseconds. */
const SPINS: i32 = 20000;

/** A part while it is planned: a step record has at most 255 operands. */
const draft = memory.data(2048, 4);
const draftTensors = memory.data(256 * 12, 4);

let threadCount: i32 = 1;
let workLimit: i32 = 0;
/** The plan is made twice: to know its size, then to write it. */
let isWriting: bool = false;
let top: usize = 0;
let parts: usize = 0;
let entries: usize = 0;
let phase: usize = 0;
let workspaceLimit: i32 = 0;

// @ts-ignore: decorator
@inline
function align(address: usize, to: usize): usize {
  return (address + to - 1) & ~(to - 1);
}

/** The next address at which a tensor record has an index; it is negative for a draft, which lies before the model. */
function alignRecord(address: usize): usize {
  const excess = (<i32>address - word(context, CONTEXT_TENSORS)) % <i32>RECORD_BYTES;
  return address + (excess > 0 ? RECORD_BYTES - excess : -excess);
}

function setOperands(step: usize, tensors: usize): void {
  const first = (<i32>tensors - word(context, CONTEXT_TENSORS)) / <i32>RECORD_BYTES;
  const operands = parameterAddress(step, parameterCount(step));
  for (let i = 0; i < operandCount(step); i++) store<i32>(operands + (<usize>i << 2), first + i);
}

function addEntry(step: usize, prepared: usize): void {
  if (isWriting) {
    store<u32>(entries, <u32>step);
    store<u32>(entries, <u32>prepared, 4);
  }
  entries += ENTRY_BYTES;
}

/** A part of all entries since `first`. */
function addPart(first: usize): void {
  if (isWriting) {
    store<u32>(parts, <u32>first);
    store<u32>(parts, <u32>((entries - first) / ENTRY_BYTES), 4);
  }
  parts += PART_BYTES;
}

function addPhase(firstPart: usize): void {
  if (isWriting) {
    store<u32>(phase + PHASE_PARTS, <u32>((parts - firstPart) / PART_BYTES));
    store<u32>(phase + PHASE_FIRST_PART, <u32>firstPart);
  }
  phase += PHASE_BYTES;
}

/** The units first … last - 1 of a step as a step of their own. */
function addNarrowedPart(step: usize, prepared: usize, first: i32, last: i32): void {
  const recordBytes = stepBytes(step);
  const tensorsBytes = <usize>operandCount(step) * RECORD_BYTES;
  const drafted = alignRecord(draftTensors);
  memory.copy(draft, step, recordBytes);
  for (let i = 0; i < operandCount(step); i++) {
    const record = <usize>word(context, CONTEXT_TENSORS) + <usize>operandTensor(step, i) * RECORD_BYTES;
    memory.copy(drafted + <usize>i * RECORD_BYTES, record, RECORD_BYTES);
  }
  setOperands(draft, drafted);
  narrowStep(step, context, draft, drafted, first, last);
  workspaceLimit = max(workspaceLimit, workspaceBytes(draft, context));

  const part = align(top, 4);
  const tensors = alignRecord(part + recordBytes);
  top = tensors + tensorsBytes;
  if (hasOwnWeights(step) && first > 0) {
    // The first part takes the place of the whole step's weights.
    prepared = align(top, 16);
    top = prepared + preparedBytes(draft, context);
  }
  if (isWriting) {
    memory.copy(part, draft, recordBytes);
    memory.copy(tensors, drafted, tensorsBytes);
    setOperands(part, tensors);
    if (hasOwnWeights(step)) prepareStep(part, context, prepared);
  }
  const entry = entries;
  addEntry(part, prepared);
  addPart(entry);
}

/** In how many parts a step is run. */
function partsOf(step: usize): i32 {
  if (splitWork(step, context) < workLimit) return 1;
  return min(min(splitUnits(step, context), threadCount * PARTS_PER_THREAD), COUNT_MASK);
}

function makePlan(): void {
  const model = modelAddress();
  const count = word(model, HEADER_STEP_COUNT);
  const table = stepTable();
  const contexts = align(memoryBytes(), LINE);
  const phases = contexts + <usize>threadCount * CONTEXT_BYTES;
  parts = phases + <usize>count * PHASE_BYTES;
  entries = parts + <usize>(count * threadCount * PARTS_PER_THREAD) * PART_BYTES;
  top = entries + <usize>(count * threadCount * PARTS_PER_THREAD) * ENTRY_BYTES;
  phase = phases;
  workspaceLimit = 0;
  let step = model + word(model, HEADER_STEPS_OFFSET);
  let pending = entries;
  for (let i = 0; i < count; i++, step += stepBytes(step)) {
    const prepared = isWriting ? load<u32>(table + <usize>i * STEP_ENTRY_BYTES, 4) : 0;
    const divisor = partsOf(step);
    if (divisor <= 1) {
      workspaceLimit = max(workspaceLimit, workspaceBytes(step, context));
      addEntry(step, prepared);
      continue;
    }
    closePhase(pending);
    const units = splitUnits(step, context);
    const firstPart = parts;
    for (let p = 0; p < divisor; p++) addNarrowedPart(step, prepared, units * p / divisor, units * (p + 1) / divisor);
    addPhase(firstPart);
    pending = entries;
  }
  closePhase(pending);
  for (let slot = 0; slot < threadCount; slot++) {
    const workspace = align(top, LINE);
    top = workspace + workspaceLimit;
    if (!isWriting) continue;
    const own = contexts + <usize>slot * CONTEXT_BYTES;
    memory.copy(own, context, CONTEXT_BYTES);
    store<u32>(own + (CONTEXT_WORKSPACE << 2), <u32>workspace);
  }
  if (!isWriting) return;
  store<u32>(control + PHASE_COUNT, <u32>((phase - phases) / PHASE_BYTES));
  store<u32>(control + PHASES, <u32>phases);
  store<u32>(control + CONTEXTS, <u32>contexts);
}

/** Steps that are not divided and follow each other are one part. */
function closePhase(firstEntry: usize): void {
  if (firstEntry == entries) return;
  const part = parts;
  addPart(firstEntry);
  addPhase(part);
}

/**
 * After loadModel: lays out the memory for so many threads.
 * @param minimumWork steps of less work (splitWork) are not divided
 * @returns the bytes of memory that prepareThreads and runThreads need
 */
export function planThreads(threads: i32, minimumWork: i32): usize {
  threadCount = threads;
  workLimit = minimumWork;
  isWriting = false;
  makePlan();
  // As behind the arena: SIMD kernels may read up to one vector further.
  return top + LINE;
}

/** After prepare. */
export function prepareThreads(): void {
  isWriting = true;
  makePlan();
}

function runPart(part: usize, own: usize): void {
  let entry: usize = load<u32>(part);
  for (let i: i32 = load<i32>(part, 4); i > 0; i--, entry += ENTRY_BYTES) runStep(load<u32>(entry), own, load<u32>(entry, 4));
}

function wake(address: usize): void {
  if (atomic.load<i32>(control + SLEEPERS) > 0) atomic.notify(address, -1);
}

/** Waits until the word is another one. */
function awaitChange(address: usize, value: i32, maySleep: bool): void {
  for (let i = 0; !maySleep || i < SPINS; i++) if (atomic.load<i32>(address) != value) return;
  atomic.add<i32>(control + SLEEPERS, 1);
  atomic.wait<i32>(address, value, -1);
  atomic.sub<i32>(control + SLEEPERS, 1);
}

/** Takes part in a run; returns when it is over, or another one has begun. */
function takePart(slot: i32, run: i32, maySleep: bool): void {
  const own = <usize>load<u32>(control + CONTEXTS) + <usize>slot * CONTEXT_BYTES;
  let at: usize = load<u32>(control + PHASES);
  for (let left: i32 = load<i32>(control + PHASE_COUNT); left > 0; left--, at += PHASE_BYTES) {
    const count = load<i32>(at, PHASE_PARTS);
    const finished = (run << COUNT_BITS) | count;
    for (;;) {
      const taken = atomic.load<i32>(at + PHASE_TAKEN);
      if (taken >>> COUNT_BITS != run) return;
      if (taken == finished) break;
      if (atomic.cmpxchg<i32>(at + PHASE_TAKEN, taken, taken + 1) != taken) continue;
      runPart(<usize>load<u32>(at, PHASE_FIRST_PART) + <usize>(taken & COUNT_MASK) * PART_BYTES, own);
      if (atomic.add<i32>(at + PHASE_DONE, 1) + 1 == finished) wake(at + PHASE_DONE);
    }
    for (;;) {
      const done = atomic.load<i32>(at + PHASE_DONE);
      if (done == finished) break;
      if (done >>> COUNT_BITS != run) return;
      awaitChange(at + PHASE_DONE, done, maySleep);
    }
  }
}

/** Runs the model; helpers join in as they come. */
export function runThreads(): void {
  const run = atomic.load<i32>(control + RUN) % RUN_LIMIT + 1;
  let at: usize = load<u32>(control + PHASES);
  for (let left: i32 = load<i32>(control + PHASE_COUNT); left > 0; left--, at += PHASE_BYTES) {
    // First DONE: who sees the new run in TAKEN sees it there, too.
    atomic.store<i32>(at + PHASE_DONE, run << COUNT_BITS);
    atomic.store<i32>(at + PHASE_TAKEN, run << COUNT_BITS);
  }
  atomic.store<i32>(control + RUN, run);
  wake(control + RUN);
  takePart(0, run, false);
}

/** What a helper does until stopThreads(). */
export function help(slot: i32): void {
  let seen: i32 = 0;
  for (;;) {
    awaitChange(control + RUN, seen, true);
    seen = atomic.load<i32>(control + RUN);
    if (seen == STOPPED) return;
    takePart(slot, seen, true);
  }
}

/** Sends the helpers home. */
export function stopThreads(): void {
  atomic.store<i32>(control + RUN, STOPPED);
  atomic.notify(control + RUN, -1);
}
