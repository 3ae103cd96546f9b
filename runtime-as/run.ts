/** The step table, which lies behind the packed model: address and prepared weights of each step; and the loop that runs it. */
import { context } from "./context";
import { HEADER_FILE_BYTES } from "./format";
import { runStep } from "./opcodes";
import { word } from "./step";

export const STEP_ENTRY_BYTES: usize = 8;

/** Address of the table, 16-aligned. */
export function stepTable(model: usize): usize {
  return (model + word(model, HEADER_FILE_BYTES) + 15) & ~15;
}

/** Runs the steps first … last - 1. */
export function runRange(model: usize, first: i32, last: i32): void {
  let entry = stepTable(model) + <usize>first * STEP_ENTRY_BYTES;
  for (; first < last; first++, entry += STEP_ENTRY_BYTES) runStep(load<u32>(entry), context, load<u32>(entry, 4));
}
